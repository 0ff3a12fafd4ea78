"""The store: MLflow's own in ``mlruns``, without asking MLflow, which takes seconds to load."""

import importlib.util
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from flows.doctor.finding import Finding, ok, problem
from genrenet.serving.store import database_of, tracking_uri

REVISION = re.compile(r"""^revision\b[^=]*=\s*["'](\w+)["']""", re.MULTILINE)
FORMER = re.compile(r"""^down_revision\b[^=]*=\s*["'](\w+)["']""", re.MULTILINE)
MIGRATIONS = "store/db_migrations/versions"


def store(project: Path) -> Iterator[Finding]:
    """Whether the installed MLflow can read the store, and write artifacts beside it."""
    path = database_of(tracking_uri())
    if path is None:
        return
    if not path.exists():
        yield ok("MLflow's store", f"{path}: is made by the first run")
    else:
        yield _schema(path)
    yield from _artifacts(path.parent if path.parent.is_dir() else project)


def _schema(path: Path) -> Finding:
    """The store's schema against the one that the installed MLflow demands."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            (found,) = opened.execute("select version_num from alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        cure = (
            f"Move it away: mv {path} {path}.damaged; the last model's run comes again with: "
            "dvc repro --force --single-item evaluate register"
        )
        return problem("MLflow's store", f"{path}: cannot be read ({error})", cure)
    known, newest = _revisions()
    if found == newest or not known:
        return ok("MLflow's store", f"{path}: its schema is {found}, as the installed MLflow's")
    if found in known:
        cure = f"cp {path} {path}.copy && mlflow db upgrade sqlite:///{path}"
        return problem("MLflow's store", f"{path}: is of an older MLflow (schema {found})", cure)
    cure = "make setup, so that MLflow is as new as the one that wrote it"
    return problem("MLflow's store", f"{path}: is of a newer MLflow (schema {found})", cure)


def _revisions() -> tuple[set[str], str]:
    """The schemas that the installed MLflow knows, and its own; none where it is not installed."""
    found = importlib.util.find_spec("mlflow")
    folders = list(found.submodule_search_locations or []) if found else []
    texts = [p.read_text("utf-8") for f in folders for p in Path(f, MIGRATIONS).glob("*.py")]
    known = {number for text in texts for number in REVISION.findall(text)}
    newest = known - {number for text in texts for number in FORMER.findall(text)}
    return known, next(iter(newest), "")


def _artifacts(folder: Path) -> Iterator[Finding]:
    place = next(p for p in (folder / "artifacts", folder) if p.is_dir())
    try:
        with tempfile.TemporaryFile(dir=place):
            yield ok("MLflow's store", f"{place}: artifacts can be written")
    except OSError as error:
        cure = f"Make it yours: chown -R $(id -un) {place}; or unmount and mount it for writing."
        yield problem("MLflow's store", f"{place}: cannot be written to ({error.strerror})", cure)
