"""The store: where MLflow keeps its records, that it answers, and what is said where it fails."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from genrenet.checkout import checkout
from genrenet.errors import DataError
from genrenet.serving.relocation import settle

SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql")
SQLITE, SERVER = "sqlite:///", ("http://", "https://")

REFUSALS = ("error code 401", "error code 403")
CREDENTIALS = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN,"
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # 7: four minutes for each call to a dead server
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",  # s; 120. A file that is sent on takes its time
}
"""How long a server is waited for, where the user's environment does not say."""
HASTE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
"""The same for its first answer, and while other work waits."""

LOGIN = re.compile(r"(?:(?<!\bfile)(?<!\bsqlite)|(?!:///))://\S*@")
"""What stands before the host in an address; that of a file has no host."""
KEYS = re.compile(
    r"([?&;][\w.-]*(?:user|uid|pass|pwd|secret|token|key|sig|credential|odbc_connect)[\w.-]*=)"
    r"[^&\s]+?(?=[\"')\]>,.:;]*(?:[&\s]|$))",
    re.IGNORECASE,
)
"""A value that is not for others, by its name, in an address's query."""


def tracking_uri() -> str:
    """Where MLflow keeps its records: ``MLFLOW_TRACKING_URI``, else the checkout's own store."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{own_database()}"


def own_database() -> Path:
    """The database of the checkout's own store."""
    return checkout() / "mlruns/mlflow.db"


def open_store(mlflow: Any) -> str:
    """Point MLflow at its store, mended if it was moved, and see that it answers; its address.

    Raises
    ------
    DataError
        There is no such store, or no answer within some 15 seconds.
    """
    from sqlalchemy.exc import SQLAlchemyError

    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    uri = tracking_uri()
    check_address(uri)
    if database_of(uri) == own_database().resolve():
        settle(own_database())
    mlflow.set_tracking_uri(uri)
    try:
        with in_haste():
            mlflow.search_experiments(max_results=1)
    except (mlflow.MlflowException, SQLAlchemyError, ImportError, OSError) as error:
        raise failure(error) from error
    return uri


@contextmanager
def in_haste() -> Iterator[None]:
    """Let MLflow wait shortly for a server, unless the user has said how long it is to wait."""
    names = [name for name, value in PATIENCE.items() if os.environ.get(name) == value]
    for name in names:
        os.environ[name] = HASTE[name]
    try:
        yield
    finally:
        for name in names:
            os.environ[name] = PATIENCE[name]


def check_address(uri: str) -> None:
    """Refuse what is no address of a store before MLflow guesses what it might be.

    Raises
    ------
    DataError
        It is none.
    """
    if _is_address(uri):
        return
    raise DataError(
        f"MLFLOW_TRACKING_URI is '{shown(uri)}'. Expected a server, such as http://localhost:5000, "
        "or a database, such as sqlite:///mlruns/mlflow.db; unset, it is the checkout's own store."
    )


def _is_address(uri: str) -> bool:
    try:
        address = urlsplit(uri)
        is_known = address.scheme.partition("+")[0] in SCHEMES and address.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return False
    if not is_known:
        return False
    return uri.startswith(SQLITE) if address.scheme == "sqlite" else bool(address.netloc)


def database_of(uri: str) -> Path | None:
    """The file of an SQLite database that an address names."""
    return Path(uri.removeprefix(SQLITE)).resolve() if uri.startswith(SQLITE) else None


def failure(error: Exception) -> DataError:
    """Tell of a store that fails as of something that the user can mend."""
    uri, why = tracking_uri(), cause(error)
    cure = "Change or unset MLFLOW_TRACKING_URI."
    if uri.startswith(SERVER):
        cure = "Start an MLflow server there, or change or unset MLFLOW_TRACKING_URI."
    for code in filter(why.__contains__, REFUSALS):
        why, cure = f"it does not let us in ({code})", f"Set {CREDENTIALS} to what it expects."
    if "mlflow-artifacts" in why:  # its files are behind a server, and the database was opened
        cure = "Set MLFLOW_TRACKING_URI to the server through which the experiment was made."
    return DataError(shown(f"MLflow at {uri} does not work: {why}. {cure}"))


def shown(text: str) -> str:
    """A text without the user names, passwords and keys of the addresses in it.

    In doubt too much is left out: a password may hold what ends it elsewhere, as ``/``, ``@`` or a
    quote do. A space or a line's end ends an address.
    """
    return LOGIN.sub("://", KEYS.sub(r"\1***", text))


def cause(error: Exception) -> str:
    """The first line of what MLflow says; of what lies below, the cause alone."""
    first = str(getattr(error, "message", error)).strip().partition("\n")[0]
    below = re.search(r"\(Caused by (.*)\)", first)
    return (below[1] if below else first.partition(". Response body: '<")[0]).rstrip(".")
