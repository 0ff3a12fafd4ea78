"""The health of a server: whether it answers to whom trusts the certificates that it was given."""

import base64
import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

TIMEOUT_S = 2
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def why_silent(url: str, *, certificates: str | None = None, verify: bool = True) -> str | None:
    """Why no server answers at ``url`` within two seconds; None if one does.

    Parameters
    ----------
    url : str
        Of a page that costs the server nothing; a name and a password in it are sent as such.
    certificates : str or None
        File of those to trust; None: the system's.
    verify : bool
        Whether an unknown certificate is refused.
    """
    if not url.startswith(("http://", "https://")):
        return "it is no http:// or https:// address"
    if certificates and not Path(certificates).is_file():
        return f"there is no file of certificates at {certificates}"
    try:
        bypass_proxy(url)
        context = _context(certificates, verify=verify) if url.startswith("https:") else None
        with urllib.request.urlopen(_request(url), timeout=TIMEOUT_S, context=context):  # noqa: S310  http only
            return None
    except urllib.error.HTTPError as error:  # below 500 it wants to know who asks
        return None if error.code < 500 else f"it answers {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except (OSError, ValueError) as error:
        return str(error)


def mlflow_silence(uri: str) -> str | None:
    """Why no MLflow server answers at ``uri``, with the certificates that its client trusts."""
    certificates = ("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return why_silent(
        f"{uri.rstrip('/')}/health",
        certificates=next(filter(None, map(os.environ.get, certificates)), None),
        verify=os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() not in ("true", "1"),
    )


def bypass_proxy(url: str) -> None:
    """Let this process, all its clients included, reach a server on this machine directly."""
    host = urlsplit(url).hostname
    exempt = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    proxied = urllib.request.getproxies().keys() - {"no"}
    if proxied and host in LOCAL_HOSTS and host not in exempt.split(","):
        os.environ["no_proxy"] = ",".join(filter(None, [exempt, host]))


def _request(url: str) -> urllib.request.Request:
    """What to send: a name and a password are no part of an address, but a header."""
    place = urlsplit(url)
    request = urllib.request.Request(  # noqa: S310  http only
        place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()
    )
    if place.username is not None:
        who = f"{unquote(place.username)}:{unquote(place.password or '')}"
        token = base64.b64encode(who.encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


def _context(certificates: str | None, *, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates or None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
