"""MLflow's runs: one for each bundle, whatever it was made from, in a store wherever it lies."""

import shutil

import pytest

from genrenet.errors import DataError
from genrenet.serving.bundle import content_hash, read_bundle
from tasks import tracking

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of what it does itself
]

SEEDS = [{"seed": 0, "best_epoch": 1, "history": {"loss": [1.0, 2.0], "val_loss": [1.0, 2.0]}}]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store of its own."""
    path = tmp_path / "store" / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    return path


@pytest.fixture
def retrained(bundle, tmp_path):
    """What other code makes of the same data: another network under the same digest."""
    folder = tmp_path / "retrained"
    shutil.copytree(bundle, folder)
    (folder / "model.keras").write_bytes(b"another network")
    return folder


def record(folder, **metrics):
    """Record a bundle's training and its metrics, as ``evaluate`` does; the run's id."""
    about, content = read_bundle(folder), content_hash(folder)
    tracking.record_training(about, content, SEEDS)
    return tracking.record_evaluation(about, content, metrics, [])


def runs():
    """Every run but the seeds'."""
    found = tracking.connect().search_runs(experiment_names=["genrenet"], output_format="list")
    return {run.info.run_id: run for run in found if "mlflow.parentRunId" not in run.data.tags}


def test_a_bundle_that_is_recorded_again_keeps_its_run(store, bundle):
    """With the latest metrics."""
    first, second = record(bundle, accuracy=0.5), record(bundle, accuracy=0.6)

    assert first == second
    assert list(runs()) == [first]
    assert runs()[first].data.metrics["accuracy"] == 0.6


def test_another_bundle_of_the_same_data_is_another_run(store, bundle, retrained):
    """Its metrics do not stand beside the former network, nor its settings beside the former."""
    first, second = record(bundle, accuracy=0.5), record(retrained, accuracy=0.9)

    assert runs()[first].data.metrics["accuracy"] == 0.5
    assert runs()[second].data.metrics["accuracy"] == 0.9
    assert record(bundle, accuracy=0.5) == first


def test_a_run_that_was_opened_for_a_training_becomes_its_bundle_s(store, bundle):
    """So that what was sampled meanwhile is found beside the training."""
    with tracking.open_run(read_bundle(bundle).run_digest, "songs") as opened:
        pass

    assert record(bundle) == opened.info.run_id


def test_a_store_may_be_named_relatively(tmp_path, monkeypatch):
    """As in MLflow's own guide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")

    experiment = tracking.connect().get_experiment_by_name("genrenet")

    assert experiment.artifact_location == (tmp_path / "artifacts").as_uri()


def test_a_store_that_dies_is_told_as_one(store):
    """With what to do; the process that wrote to it goes on."""
    tracking.connect()
    with (
        pytest.raises(DataError, match=r"does not work: .* unset MLFLOW_TRACKING_URI"),
        tracking.open_run("0" * 16, "songs"),
    ):
        store.write_bytes(b"no database")


def test_a_machine_without_git_has_an_unknown_commit(store, bundle, monkeypatch):
    """The training is recorded all the same."""
    monkeypatch.setenv("PATH", "")
    run = record(bundle)

    assert runs()[run].data.tags["git.commit"] == "unknown"
