"""Train: what was learned is kept, whatever becomes of MLflow."""

import json

import pytest

import flows.train
from flows.train import train, train_seeds
from genrenet.corpus.audit import AUDIT, audit
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import write_table
from genrenet.params import Params
from genrenet.serving.bundle import BUNDLE, read_bundle, write_json
from tests.conftest import QUICK, SMALL

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
    write_json(audit(table).to_json(), AUDIT)


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


def test_one_seed_is_trained_where_nothing_can_choose(project, study, capsys):
    """Without a validation side the others would be thrown away."""
    split(study.splits.replace({"split": {"validation": "train"}}))
    train(settings(seeds=(3, 0)))

    assert [seed["seed"] for seed in json.loads((BUNDLE / "history.json").read_text())] == [3]
    assert "training seed 3 only" in capsys.readouterr().err
