"""Train: what was learned is kept, whatever becomes of MLflow."""

import json
import os
import signal
import time
from pathlib import Path

import mlflow
import pytest

import flows.train
from flows.evaluate import evaluate
from flows.train import train, train_seeds
from genrenet.corpus.audit import AUDIT, audit
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import write_table
from genrenet.params import Params
from genrenet.serving.bundle import BUNDLE, content_hash, read_bundle, write_json
from tests.conftest import QUICK, SMALL
from tests.flows.conftest import ROOT, Project
from tests.servers import running_mlflow, unused_port

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of what it does itself
]

PARAMS = {
    "features": {**SMALL, "window_s": 1.0, "overlap_s": 0.5},
    "compute": {"executor": "serial"},
}


@pytest.fixture
def project(study, tmp_path, monkeypatch):
    """A folder with the study's shards and split, and a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/store/mlflow.db")
    (tmp_path / "data").mkdir()
    for folder in (study.features, study.augmented):
        (tmp_path / "data" / folder.name).symlink_to(folder)
    split(study.splits)
    return tmp_path


def split(table):
    """What ``split`` writes."""
    write_table(table, SPLITS, SPLITS_SCHEMA)
    write_json({**audit(table).to_json(), "shortcut": None}, AUDIT)


def settings(**changes):
    """The settings of a short training."""
    return Params(**PARAMS, train=QUICK.model_copy(update=changes))


def test_a_store_that_dies_in_mid_training_costs_no_network(project, monkeypatch, capsys):
    """It is told in one line; ``evaluate`` records the training from the bundle."""

    def train_and_lose_the_store(*arguments):
        reports = train_seeds(*arguments)
        (project / "store" / "mlflow.db").write_bytes(b"no database")
        return reports

    monkeypatch.setattr(flows.train, "train_seeds", train_and_lose_the_store)
    train(settings())

    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert "The model is kept" in warnings[0]
    assert read_bundle(BUNDLE).labels == ("noise", "tunes")


@pytest.mark.timeout(400)
def test_a_server_that_is_killed_in_mid_training_gets_its_record_from_the_next_stage(
    project, monkeypatch
):
    """The training ends well and warns once; ``evaluate`` finds the server back, and records it."""
    params = settings(epochs=60, patience=60)
    (project / "params.yaml").write_text(params.model_dump_json(by_alias=True), "utf-8")
    port, begun, store = unused_port(), Path("models/seeds/0/epochs"), project / "server"
    named = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}", "PYTHONPATH": str(ROOT)}
    with running_mlflow(store, port=port, by=signal.SIGKILL):
        training = Project(project, {**os.environ, **named}).start("flows.train")
        while training.poll() is None and not begun.exists():
            time.sleep(0.02)
    mid_run = training.poll() is None
    _, errors = training.communicate()

    assert mid_run
    assert training.returncode == 0, errors
    assert errors.count("warning: ") == errors.count("The model is kept") == 1, errors
    assert "Traceback" not in errors

    with running_mlflow(store, port=port) as url:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        evaluate(params)
        client = mlflow.MlflowClient(url)
        experiment = client.get_experiment_by_name("genrenet").experiment_id
        runs = {run.info.run_name: run for run in client.search_runs([experiment])}

    (parent,) = (run for name, run in runs.items() if name not in ("seed-0", "machine"))
    assert parent.data.tags["genrenet.content"] == content_hash(BUNDLE)
    assert {"training/val_loss_mean", "by_track/accuracy"} <= set(parent.data.metrics)


def test_one_seed_is_trained_where_nothing_can_choose(project, study, capsys):
    """Without a validation side the others would be thrown away."""
    split(study.splits.replace({"split": {"validation": "train"}}))
    train(settings(seeds=(3, 0)))

    assert [seed["seed"] for seed in json.loads((BUNDLE / "history.json").read_text())] == [3]
    assert "training seed 3 only" in capsys.readouterr().err
