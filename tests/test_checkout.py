"""The checkout: one store for all of its corpora."""

import pytest

from genrenet.checkout import checkout
from genrenet.serving.store import tracking_uri


@pytest.mark.parametrize("store", ["mlruns", ".dvc"])
def test_a_further_corpus_finds_the_stores_of_its_checkout(store, tmp_path, monkeypatch):
    """Either will do: the other may have been deleted, or is yet to be made."""
    (tmp_path / store).mkdir()
    workspace = tmp_path / "corpora" / "archive"
    workspace.mkdir(parents=True)
    monkeypatch.chdir(workspace)

    assert checkout() == tmp_path


def test_the_nearest_store_counts(tmp_path, monkeypatch):
    """A checkout may lie in a folder in which somebody else uses MLflow."""
    project = tmp_path / "project"
    for folder in (tmp_path, project):
        (folder / "mlruns").mkdir(parents=True)
    monkeypatch.chdir(project)

    assert checkout() == project


def test_without_any_store_it_is_the_current_folder(tmp_path, monkeypatch):
    """There the first one will be made."""
    monkeypatch.chdir(tmp_path)

    assert checkout() == tmp_path


def test_an_experiment_in_a_temporary_copy_keeps_its_records_in_the_checkout(tmp_path, monkeypatch):
    """DVC removes the copy after ``dvc exp run --temp`` or ``--queue``, and names the checkout."""
    copy = tmp_path / ".dvc/tmp/exps/tmp1"
    (copy / "mlruns").mkdir(parents=True)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))

    assert checkout() == tmp_path


def test_mlflow_keeps_the_records_of_all_corpora_in_one_place(tmp_path, monkeypatch):
    """Models of several corpora can be compared; the user's own address goes before."""
    (tmp_path / "mlruns").mkdir()
    workspace = tmp_path / "corpora" / "archive"
    workspace.mkdir(parents=True)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(workspace)

    assert tracking_uri() == f"sqlite:///{tmp_path}/mlruns/mlflow.db"

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert tracking_uri() == "http://localhost:5000"
