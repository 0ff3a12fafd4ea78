"""Whether what was named lets us in: a server that answers, a database.

A server's own client is asked, which knows every way to say who we are: variables, profiles, files.
It is started only where a server wants to know.
"""

import functools
import os
import subprocess
import sys

from flows.health import GUARDED, MLFLOW, PREFECT, is_guarded
from flows.orchestrator import CLIENT_SETTINGS
from genrenet.errors import DataError
from genrenet.serving.store import CREDENTIALS, SERVER, cause, check_address, open_store, shown

REFUSED = 3
DATABASE_S = 5  # for PostgreSQL to answer, which by itself is waited for without end


@functools.cache
def prefect_refusal(url: str) -> str | None:
    """Why the Prefect API at ``url`` does not let us in; None if it does, or is not there.

    It is asked by a process of its own: Prefect takes its settings once, when it is imported.
    """
    if is_guarded(PREFECT, url):
        variables = {**CLIENT_SETTINGS, **os.environ, "PREFECT_API_URL": url}
        ask = [sys.executable, "-m", __name__]
        asked = subprocess.run(ask, check=False, env=variables, capture_output=True)
        if asked.returncode == REFUSED:
            return _told("PREFECT_API_AUTH_STRING (NAME:PASSWORD) or PREFECT_API_KEY")
    return None


def api_refusal() -> str | None:
    """The same of the API at ``$PREFECT_API_URL``, which it names."""
    url = os.environ["PREFECT_API_URL"]
    why = prefect_refusal(url)
    return shown(f"warning: PREFECT_API_URL={url}: {why}") if why else None


def mlflow_refusal(uri: str) -> str | None:
    """Why the server or the database of ``$MLFLOW_TRACKING_URI`` does not let us in."""
    try:
        check_address(uri)
    except DataError:
        return "it is no address of a server or a database"
    return _of_server(uri) if uri.startswith(SERVER) else _of_database(uri)


def _of_server(uri: str) -> str | None:
    if is_guarded(MLFLOW, uri):
        import mlflow

        try:
            open_store(mlflow)
        except DataError as error:
            if CREDENTIALS in str(error):
                return _told(CREDENTIALS)
    return None


def _of_database(uri: str) -> str | None:
    if uri.startswith("sqlite"):  # its file would be made
        return None
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    os.environ.setdefault("PGCONNECT_TIMEOUT", str(DATABASE_S))
    try:
        create_engine(uri).connect().close()
    except (SQLAlchemyError, ImportError) as error:
        return cause(error)
    return None


def _told(credentials: str) -> str:
    return f"it does not let us in (set {credentials} to what it expects)"


def _ask_prefect() -> int:
    """Open Prefect's client as the environment sets it up; REFUSED if it is not let in."""
    from prefect import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    try:
        with get_client(sync_client=True) as client:
            client.read_flows(limit=1)  # Prefect Cloud has it as well
    except PrefectHTTPStatusError as error:
        return REFUSED if error.response.status_code in GUARDED else 0
    return 0


if __name__ == "__main__":
    sys.exit(_ask_prefect())
