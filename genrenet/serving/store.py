"""The store: where MLflow keeps its records, and that they are found wherever the checkout lies.

MLflow writes absolute addresses of files into its database. The checkout's own store
(``mlruns/mlflow.db``, files beside it) would lose its files when the checkout is moved, and a copy
would share them with the original: :func:`open_store` sees it and rewrites the addresses. A server,
or a database elsewhere, is left as it is.
"""

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from genrenet.checkout import checkout
from genrenet.errors import DataError

SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql")
SQLITE, SERVER = "sqlite:///", ("http://", "https://")
FILES = "/mlruns/artifacts"  # how the address of every experiment of a checkout's own store ends
ADDRESSES = {
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
}
"""Tables and columns of MLflow 3.17 in which addresses of files stand."""
LOCKED_S = 20.0  # how long a database that is written to is waited for; MLflow waits as long

REFUSALS = ("error code 401", "error code 403")
CREDENTIALS = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN,"
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # 7: four minutes for each call to a dead server
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",  # s; 120. A file that is sent on takes its time
}
"""How long a server is waited for, where the user's environment does not say."""
HASTE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
"""The same for its first answer, and while other work waits."""


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
    address = urlsplit(uri)
    known = address.scheme.partition("+")[0] in SCHEMES
    if known and (uri.startswith(SQLITE) if address.scheme == "sqlite" else address.netloc):
        return
    raise DataError(
        f"MLFLOW_TRACKING_URI is '{shown(uri)}'. Expected a server, such as http://localhost:5000, "
        "or a database, such as sqlite:///mlruns/mlflow.db; unset, it is the checkout's own store."
    )


def database_of(uri: str) -> Path | None:
    """The file of an SQLite database that an address names."""
    return Path(uri.removeprefix(SQLITE)).resolve() if uri.startswith(SQLITE) else None


def failure(error: Exception) -> DataError:
    """Tell of a store that fails as of something that the user can mend."""
    uri, why = tracking_uri(), _why(error)
    cure = "Change or unset MLFLOW_TRACKING_URI."
    if uri.startswith(SERVER):
        cure = "Start an MLflow server there, or change or unset MLFLOW_TRACKING_URI."
    if any(code in why for code in REFUSALS):
        cure = f"Set {CREDENTIALS} to what that server expects."
    if "mlflow-artifacts" in why:  # its files are behind a server, and the database was opened
        cure = "Set MLFLOW_TRACKING_URI to the server through which the experiment was made."
    return DataError(shown(f"MLflow at {uri} does not work: {why}. {cure}"))


def shown(text: str) -> str:
    """A text without the user names and passwords of the addresses in it."""
    return re.sub(r"://[^/@\s]*@", "://", text)


def _why(error: Exception) -> str:
    """The first line of what MLflow says; of what lies below, the cause alone."""
    first = str(getattr(error, "message", error)).strip().partition("\n")[0]
    cause = re.search(r"\(Caused by (.*)\)", first)
    return (cause[1] if cause else first.partition(". Response body: '<")[0]).rstrip(".")


def settle(database: Path) -> bool:
    """Rewrite the addresses in a checkout's own database if it was moved; whether it was.

    Each copy has its own files from then on, also where the original is still there. What a server
    that has the database open reads next is the new address.

    Raises
    ------
    DataError
        It was moved and cannot be written to.
    """
    if not database.is_file():
        return False
    home = database.resolve().parent
    with closing(sqlite3.connect(database, timeout=LOCKED_S, isolation_level=None)) as connection:
        try:
            if not _former_homes(connection, home):
                return False
        except sqlite3.DatabaseError:
            return False  # new, or no database: MLflow says which
        try:
            with connection:  # one transaction
                connection.execute("BEGIN IMMEDIATE")
                former = _former_homes(connection, home)  # unless another process was faster
                for uri in former:
                    _rewrite(connection, uri, home)
        except sqlite3.Error as error:
            raise DataError(
                f"{database}: the checkout was moved, and the addresses of its files cannot be "
                f"rewritten ({error}). Allow the file to be written to, or stop what writes to it."
            ) from error
    for uri in former:
        logging.getLogger(__name__).warning(
            "MLflow: this checkout was at %s; the addresses of its files now say %s",
            Path(_path(uri)).parent,
            home.parent,
        )
    return bool(former)


def _former_homes(connection: sqlite3.Connection, home: Path) -> list[str]:
    """Addresses of the folders in which the store lay before."""
    found = connection.execute(
        "SELECT DISTINCT artifact_location FROM experiments"
        " WHERE artifact_location LIKE ? AND artifact_location != ?",
        (f"file://%{FILES}", f"{home.as_uri()}/artifacts"),
    )
    return [str(uri).removesuffix("/artifacts") for (uri,) in found]


def _rewrite(connection: sqlite3.Connection, former: str, home: Path) -> None:
    """Put one folder in the place of another, in every address, quoted or as a path."""
    columns = connection.execute(
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
        " WHERE m.type = 'table'"
    ).fetchall()
    for table, column in ADDRESSES.intersection(columns):
        for old, new in ((former, home.as_uri()), (_path(former), str(home))):
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?)"  # noqa: S608  our names
                f" WHERE substr({column}, 1, ?) = ?",
                (new, len(old) + 1, len(old) + 1, f"{old}/"),
            )


def _path(uri: str) -> str:
    return unquote(urlsplit(uri).path)
