"""A trial: every test window is answered, by models that it did not teach."""

import numpy as np
import pandas as pd
import pytest

from genrenet.corpus.tracks import write_table
from genrenet.features.shards import shard_paths
from genrenet.learning.answers import MODELS, predictions
from genrenet.learning.portions import PORTIONS_SCHEMA, divided, list_windows
from tasks.trial import TrialJob, run_trial
from tests.conftest import QUICK, SPEC


@pytest.fixture(scope="module")
def portion(study):
    """The study's windows on the sides of its split."""
    windows = list_windows(shard_paths(study.features), study.catalog)
    return divided(windows, windows["track_id"].map(study.splits.set_index("track_id")["split"]))


@pytest.fixture
def trial(study, tmp_path):
    """Run a trial on some windows; its job, and what it answers."""

    def run(portion, name="trial", seed=0):
        path, out = tmp_path / f"{name}.parquet", tmp_path / name
        write_table(portion, path, PORTIONS_SCHEMA)
        job = TrialJob(
            features=study.features, portion=path, spec=SPEC, settings=QUICK, seed=seed, out=out
        )
        run_trial(job)
        return job, pd.read_parquet(job.answers)

    return run


def test_every_test_window_is_answered_in_order(trial, portion):
    """By both models, with probabilities; noise is told from tunes by the baseline at least."""
    _, answered = trial(portion)
    test = portion[portion["split"] == "test"].reset_index(drop=True)

    assert answered[["track_id", "start_s"]].equals(test[["track_id", "start_s"]])
    for prefix in MODELS.values():
        y_prob = answered[[f"{prefix}noise", f"{prefix}tunes"]].to_numpy()
        assert y_prob.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert (predictions(answered, "baseline") == test["genre"]).all()


def test_what_is_tested_teaches_nothing(trial, portion):
    """Half of the windows left out, another label on the rest: they are answered as before."""
    _, every = trial(portion)
    held_out = portion["split"] == "test"
    fewer = portion[~held_out | (np.arange(len(portion)) % 2 == 0)]
    _, some = trial(
        fewer.assign(genre=fewer["genre"].where(fewer["split"] != "test", "noise")), "fewer"
    )

    both = some.merge(every, on=["track_id", "start_s"], suffixes=("", " before"))
    assert len(both) == len(some) < len(every)
    for column in some.columns[2:]:
        assert both[column].tolist() == pytest.approx(both[f"{column} before"].tolist(), abs=1e-6)


def test_windows_of_one_track_may_stand_on_several_sides(trial, portion):
    """As where recordings are torn on purpose."""
    sides = np.array(["train", "validation", "test"])[np.arange(len(portion)) % 3]
    torn = portion.assign(split=sides)
    _, answered = trial(torn)

    assert set(answered["track_id"]) <= set(torn.loc[sides == "train", "track_id"])
    assert len(answered) == (sides == "test").sum()


def test_a_trial_that_is_done_is_not_done_again(trial, portion):
    """A study that was cut off goes on where it was."""
    job, _ = trial(portion)
    before = job.answers.stat().st_mtime_ns
    again = run_trial(job)

    assert job.answers.stat().st_mtime_ns == before
    assert again.folder == job.out
    assert again.n_epochs == QUICK.epochs


def test_without_a_validation_side_the_last_epoch_stays(trial, portion):
    """Groups may be too few for one."""
    job, answered = trial(portion.replace({"split": {"validation": "train"}}))

    assert len(answered)
    assert run_trial(job).best_epoch == QUICK.epochs
