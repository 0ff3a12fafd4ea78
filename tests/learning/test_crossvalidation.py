"""Cross-validation: every answer stands once, and the figures are the folds'."""

import numpy as np
import pandas as pd
import pytest

from genrenet.learning.answers import answers
from genrenet.learning.crossvalidation import fold_scores, out_of_fold, over_folds, pooled_interval
from genrenet.sections.train import Evaluate

NAMES = ["blues", "شور"]
TRACKS = pd.DataFrame(
    {"track_id": list("abcd"), "genre": NAMES * 2, "group": list("wxyz"), "fold": [9, 9, 9, 9]}
)


def fold(rights):
    """Answers to two windows of each track; the network is right or not, the baseline never."""
    windows = pd.DataFrame(
        [(track, start) for track in rights for start in (0.0, 1.5)],
        columns=["track_id", "start_s"],
    )
    truth = TRACKS.set_index("track_id")["genre"][windows["track_id"]].map(NAMES.index).to_numpy()
    right = windows["track_id"].map(rights).to_numpy()
    says = np.where(right, truth, 1 - truth)
    y_prob = {"network": np.eye(2)[says], "baseline": np.eye(2)[1 - truth]}
    return answers(windows, y_prob, NAMES)


@pytest.fixture
def found():
    """Two folds; in the first all is right, in the second half."""
    return out_of_fold({2: fold({"b": True, "d": True}), 1: fold({"c": True, "a": False})}, TRACKS)


def test_every_track_and_window_stands_once_in_order(found):
    """With its fold, and the columns that other studies read."""
    by_tracks, by_windows = found

    assert by_tracks["track_id"].tolist() == list("abcd")
    assert by_tracks["fold"].tolist() == [1, 2, 1, 2]
    assert by_tracks["prediction"].tolist() == ["شور", "شور", "blues", "شور"]
    assert list(by_tracks)[:8] == (
        ["track_id", "genre", "group", "fold", "prediction", "baseline", "p: blues", "p: شور"]
    )
    assert list(by_windows)[:4] == ["track_id", "start_s", "p: blues", "p: شور"]
    assert by_windows["start_s"].tolist() == [0.0, 1.5] * 4


def test_figures_are_means_over_folds(found):
    """And the standard deviation is a sample's: of 0.5 and 1.0 it is 0.354."""
    means = over_folds(fold_scores(*found, top_k=2)).set_index(["model", "unit"])

    assert means.loc[("network", "track"), "accuracy"] == 0.75
    assert means.loc[("network", "track"), "accuracy_sd"] == pytest.approx(0.353553, abs=1e-6)
    assert means.loc[("network", "window"), "accuracy"] == 0.75
    assert means.loc[("baseline", "track"), "accuracy"] == 0


def test_the_interval_is_over_groups_of_all_folds(found):
    """Three of four groups are right."""
    low, high = pooled_interval(found[0], "network", Evaluate())

    assert low < 0.75 < high
    assert pooled_interval(found[0], "baseline", Evaluate()) == (0, 0)
