"""The store: whether the installed MLflow can read it."""

import sqlite3

import pytest

from flows.doctor import store


def schema_of(folder, revision):
    """A store of that schema."""
    with sqlite3.connect(folder / "mlruns/mlflow.db") as opened:
        opened.execute("create table alembic_version (version_num text)")
        opened.execute("insert into alembic_version values (?)", [revision])
    opened.close()


@pytest.mark.parametrize(
    ("revision", "state", "told"),
    [
        ("newest", "ok", "as the installed MLflow's"),
        ("older", "problem", "mlflow db upgrade sqlite:///"),
        ("ffffffffffff", "problem", "make setup"),
    ],
)
def test_a_store_of_another_mlflow_is_told(here, revision, state, told):
    """An older one can be brought up, a newer one needs a newer MLflow."""
    known, newest = store._revisions()
    schema_of(
        here, {"newest": newest, "older": next(iter(known - {newest}))}.get(revision, revision)
    )

    found = next(store.store(here))

    assert found.state == state
    assert told in found.found + found.cure


def test_the_schema_that_mlflow_demands_is_known():
    """MLflow itself takes seconds to say it."""
    from mlflow.store.db.utils import _get_latest_schema_revision

    assert store._revisions()[1] == _get_latest_schema_revision()


def test_a_store_that_is_no_database_is_told(here):
    """With what brings the last model's run back."""
    (here / "mlruns/mlflow.db").write_text("half a download " * 100, "utf-8")

    found = next(store.store(here))

    assert "file is not a database" in found.found
    assert "--single-item evaluate register" in found.cure


def test_a_store_that_is_still_to_be_made_is_well(here):
    """The first run makes it; a server's is the server's."""
    assert {finding.state for finding in store.store(here)} == {"ok"}
