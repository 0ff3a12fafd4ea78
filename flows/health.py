"""The health of a server: whether the one that is meant answers, and who answers in its place.

A Prefect API and an MLflow server are told from any other server by what their page of health says,
and are asked as their own clients are set: with the certificates that those trust.
"""

import base64
import os
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, InvalidURL
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from genrenet.serving.store import SERVER

TIMEOUT_S = 2
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
GUARDED = (401, 403)  # it wants to know who asks, which its client tells
TRUE = ("1", "true", "yes", "on", "t", "y")  # as Prefect reads its settings, and MLflow the first


@dataclass(frozen=True, kw_only=True)
class Service:
    """A kind of server.

    Attributes
    ----------
    name : str
        What it is called.
    path : str
        Where it is at the address of a server that has no other.
    health : bytes
        What its page ``health`` says, and no other server's.
    door : str
        A page that is for those alone whom the server knows, if it asks who they are.
    certificates : tuple of str
        Variables with which its client is told of a file of certificates; the first that is set.
    insecure : str
        The variable with which its client is told to trust any.
    """

    name: str
    path: str
    health: bytes
    door: str
    certificates: tuple[str, ...]
    insecure: str


PREFECT = Service(
    name="Prefect API",
    path="/api",
    health=b"true",
    door="admin/version",
    certificates=("PREFECT_API_SSL_CERT_FILE",),
    insecure="PREFECT_API_TLS_INSECURE_SKIP_VERIFY",
)
MLFLOW = Service(
    name="MLflow server",
    path="",
    health=b"OK",
    door="api/2.0/mlflow/experiments/search?max_results=1",
    certificates=("MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    insecure="MLFLOW_TRACKING_INSECURE_TLS",
)


@dataclass(frozen=True)
class Silence:
    """Why no server of a kind answers.

    Attributes
    ----------
    why : str
        The reason; it may name an address with its password.
    may_end : bool
        Whether waiting may help: the server may be on its way up.
    """

    why: str
    may_end: bool = False

    def __str__(self) -> str:
        """Give the reason."""
        return self.why


def prefect_silence(url: str) -> Silence | None:
    """Why no Prefect API answers at ``url``; None if one does."""
    return silence(PREFECT, url)


def mlflow_silence(uri: str) -> Silence | None:
    """Why no MLflow server answers at ``uri``; None if one does."""
    return silence(MLFLOW, uri)


def silence(service: Service, url: str) -> Silence | None:
    """Why ``url`` is not the address of such a server, or it says nothing within two seconds.

    Parameters
    ----------
    service : Service
        The kind of server that is expected.
    url : str
        Its address; a name and a password in it are sent as such.

    Returns
    -------
    silence : Silence or None
        None if it answers, or an unknown server asks who we are.
    """
    if not url.startswith(SERVER):
        return Silence("it is no http:// or https:// address")
    try:
        if _health(service, url):
            return None
    except urllib.error.HTTPError as error:
        if error.code in GUARDED:
            return None
        if error.code >= 500:
            return Silence(f"it answers {error.code} {error.reason}", may_end=True)
    except (OSError, HTTPException, ValueError) as error:
        return _unheard(error)
    return Silence(_instead(service, url.rstrip("/")))


def is_guarded(service: Service, url: str) -> bool:
    """Whether a server wants to know who asks, and does not know us by the address alone."""
    try:
        with _open(service, url, service.door):
            return False
    except urllib.error.HTTPError as error:
        return error.code in GUARDED
    except (OSError, HTTPException, ValueError):
        return False


def is_at(service: Service, url: str) -> bool:
    """Whether such a server answers at ``url``, beyond doubt."""
    try:
        return _health(service, url)
    except (OSError, HTTPException, ValueError):
        return False


def bypass_proxy(url: str) -> None:
    """Let this process, all its clients included, reach a server on this machine directly."""
    host = urlsplit(url).hostname
    exempt = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    proxied = urllib.request.getproxies().keys() - {"no"}
    if proxied and host in LOCAL_HOSTS and host not in exempt.split(","):
        os.environ["no_proxy"] = ",".join(filter(None, [exempt, host]))


def _unheard(error: Exception) -> Silence:
    """What kept us from hearing a server."""
    if isinstance(error, HTTPException) and not isinstance(error, OSError | InvalidURL):
        return Silence("what answers there speaks no HTTP")
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    may_end = isinstance(error, OSError) and not isinstance(reason, ssl.SSLError)
    return Silence(str(reason), may_end=may_end)


def _instead(service: Service, url: str) -> str:
    """Who answers at an address that is not of such a server, and where one is."""
    root = urlsplit(url)._replace(path="", query="", fragment="").geturl()
    for place in (f"{url}{service.path}", f"{root}{service.path}"):
        if is_at(service, place):
            return f"what answers there is no {service.name} (did you mean {place}?)"
    for other in {PREFECT, MLFLOW} - {service}:
        for place in (url, f"{root}{other.path}"):
            if is_at(other, place):
                return f"what answers there is the {other.name}, no {service.name}"
    return f"what answers there is no {service.name}"


def _health(service: Service, url: str) -> bool:
    """Whether the page of health of the server at ``url`` says what such a server's does."""
    with _open(service, url, "health") as page:
        return bool(page.read(len(service.health) + 1).strip() == service.health)


def _open(service: Service, url: str, page: str) -> Any:
    """A page of the server at ``url``."""
    bypass_proxy(url)
    context = _context(service) if url.startswith("https:") else None
    request = _request(f"{url.rstrip('/')}/{page}")
    return urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context)  # noqa: S310  http only


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


def _context(service: Service) -> ssl.SSLContext:
    file = next(filter(None, map(os.environ.get, service.certificates)), None)
    if file and not Path(file).is_file():
        raise ValueError(f"there is no file of certificates at {file}")
    context = ssl.create_default_context(cafile=file)
    if os.environ.get(service.insecure, "").lower() in TRUE:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
