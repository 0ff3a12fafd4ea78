"""The studies: figures beside the main line, and no model."""

import json

import pandas as pd
import pytest

import flows.folds
import flows.studies
from flows.folds import OOF, OOF_WINDOWS, folds
from flows.leakage import leakage
from flows.studies import STUDIES, WORK
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA
from genrenet.corpus.quarantine import write_quarantine
from genrenet.corpus.tracks import CATALOG, CATALOG_SCHEMA, write_table
from genrenet.errors import DataError
from genrenet.params import Params
from genrenet.sections.corpus import Split
from genrenet.sections.train import Studies
from tasks.child_run import PARENT
from tasks.tracking import connect
from tests.conftest import QUICK, SMALL

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of what it does itself
]

PARAMS = Params(
    features={**SMALL, "window_s": 1.0, "overlap_s": 0.5},
    compute={"executor": "serial"},
    evaluate={"bootstrap": 200},
    split=Split(n_folds=3),
    train=QUICK,
    studies=Studies(seeds=(3,), epochs=1),
)
NO_PAIRS = pd.DataFrame(columns=DUPLICATES_SCHEMA.names)


@pytest.fixture
def project(study, tmp_path, monkeypatch):
    """A folder with the study's catalog and shards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/store/mlflow.db")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/features").symlink_to(study.features)
    write_table(study.catalog, CATALOG, CATALOG_SCHEMA)
    write_table(NO_PAIRS, DUPLICATES, DUPLICATES_SCHEMA)
    write_quarantine(study.catalog, {})
    return tmp_path


def files():
    """What the studies left."""
    return {path.name: path.read_bytes() for path in STUDIES.iterdir()}


def recorded(experiment):
    """The one run of a study, and the runs of its trials."""
    client = connect(experiment).MlflowClient()
    runs = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    (study,) = (run for run in runs if PARENT not in run.data.tags)
    trials = [run for run in runs if run.data.tags.get(PARENT) == study.info.run_id]
    assert len(trials) == len(runs) - 1
    return study, trials


def test_the_price_tag_is_made_of_equal_trials_and_leaves_no_model(project):
    """Three policies, two models, by window and by track; again: the same bytes, the same run."""
    leakage(PARAMS)
    first, trials = files(), pd.read_csv(STUDIES / "leakage.csv")

    assert set(first) == {"leakage.json", "leakage.csv", "leakage.md", "leakage.png"}
    assert len(trials) == 3 * 2 * 2
    assert trials["n_train_windows"].nunique() == 1
    assert not (project / "models").exists()
    assert not any(WORK.iterdir())
    leakage(PARAMS)
    assert files() == first
    run, trials = recorded("genrenet-leakage")
    assert run.data.metrics["network/window/group.price"] == 0
    assert run.data.tags["certificate.level"] == "none, performer"
    assert len(trials) == 3
    levels = {one.data.params["policy"]: one.data.tags["certificate.level"] for one in trials}
    assert levels == {"window": "none", "track": "none", "group": "performer"}
    assert not connect().MlflowClient().search_registered_models()


def test_the_folds_answer_every_track_once(project, study):
    """By track and by window, with the columns that other studies read."""
    folds(PARAMS)
    by_tracks, by_windows = pd.read_parquet(OOF), pd.read_parquet(OOF_WINDOWS)

    assert by_tracks["track_id"].tolist() == sorted(study.catalog["track_id"])
    assert by_tracks.groupby("group")["fold"].nunique().eq(1).all()
    assert {"p: noise", "p: tunes", "prediction"} <= set(by_tracks)
    assert by_windows.groupby("track_id").size().min() >= 3
    assert len(json.loads((STUDIES / "folds.json").read_text())["scores"]) == 4


def test_each_fold_is_a_run_of_its_own(project, study):
    """What sets it apart, how it learned, how good it was, and from how much."""
    folds(PARAMS)
    run, trials = recorded("genrenet-folds")

    assert "± " in run.data.tags["mlflow.note.content"]
    assert "[folds.md](#/experiments/" in run.data.tags["mlflow.note.content"]
    assert {(one.data.params["fold"], one.data.params["seed"]) for one in trials} == {
        (str(fold), "3") for fold in range(1, 4)
    }
    for one in trials:
        assert {"network/track/accuracy", "baseline/window/accuracy"} <= set(one.data.metrics)
        curve = connect().MlflowClient().get_metric_history(one.info.run_id, "loss")
        assert [point.step for point in curve] == [1]
    tested = sum(one.data.metrics["sizes/n_test_tracks"] for one in trials)
    assert tested == len(study.catalog)


def test_a_study_that_was_cut_off_goes_on(project, monkeypatch):
    """What was finished is not trained again."""
    run_trial = flows.studies.run_trial

    def second_fails(job):
        if any(WORK.glob("folds/*/report.json")):
            raise KeyboardInterrupt
        return run_trial(job)

    monkeypatch.setattr(flows.studies, "run_trial", second_fails)
    with pytest.raises(KeyboardInterrupt):
        folds(PARAMS)
    (first,) = WORK.glob("folds/*/report.json")
    written = first.read_bytes()  # how long it took is in it
    monkeypatch.setattr(flows.studies, "run_trial", run_trial)
    monkeypatch.setattr(flows.folds, "tidy", lambda study: None)
    folds(PARAMS)

    assert first.read_bytes() == written


def test_shards_of_another_specification_are_refused(project):
    """Their windows are not what the settings say."""
    features = PARAMS.features.model_copy(update={"fmin": 50.0})

    with pytest.raises(DataError, match="another specification"):
        folds(PARAMS.model_copy(update={"features": features}))
