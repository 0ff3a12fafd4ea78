"""The relocation: a checkout that was moved or copied finds the files of its own store again.

MLflow writes absolute addresses of files into its database. The checkout's own store
(``mlruns/mlflow.db``, files beside it) would lose its files when the checkout is moved, and a copy
would share them with the original: :func:`settle` sees it and rewrites the addresses. A server, or
a database elsewhere, is left as it is.
"""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from genrenet.errors import DataError

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
