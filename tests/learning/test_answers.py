"""Answers: what is counted is what was said."""

import numpy as np
import pandas as pd
import pytest

from genrenet.learning.answers import answers, by_track, predictions, tally

NAMES = ["avaz", "शास्त्रीय"]
WINDOWS = pd.DataFrame({"track_id": ["a", "a", "b"], "start_s": [0.0, 1.5, 0.0]})
TRACKS = pd.DataFrame({"track_id": ["a", "b"], "genre": NAMES, "group": ["g", "h"]})
FIRST, SECOND = [1.0, 0.0], [0.0, 1.0]
ANSWERED = answers(
    WINDOWS,
    {
        "network": np.array([FIRST, [0.4, 0.6], FIRST]),
        "baseline": np.array([SECOND, SECOND, SECOND]),
    },
    NAMES,
)


def test_a_track_s_answer_is_the_mean_of_its_windows():
    """One window in doubt does not decide."""
    means = by_track(ANSWERED)

    assert means["track_id"].tolist() == ["a", "b"]
    assert means["p: avaz"].tolist() == pytest.approx([0.7, 1.0])
    assert predictions(means, "network").tolist() == ["avaz", "avaz"]
    assert predictions(means, "baseline").tolist() == ["शास्त्रीय", "शास्त्रीय"]


def test_a_model_s_columns_are_not_another_s():
    """``baseline p:`` ends as ``p:`` does."""
    assert predictions(ANSWERED, "network").tolist() == ["avaz", "शास्त्रीय", "avaz"]


def test_the_tally_counts_by_group():
    """Windows and tracks, each model by itself."""
    rows = tally(ANSWERED, TRACKS).set_index(["model", "unit", "group"])

    assert rows.loc[("network", "window", "g"), ["n", "n_right"]].tolist() == [2, 1]
    assert rows.loc[("network", "track", "g"), ["n", "n_right"]].tolist() == [1, 1]
    assert rows.loc[("network", "window", "h"), ["n", "n_right"]].tolist() == [1, 0]
    assert rows.loc[("baseline", "track", "h"), ["n", "n_right"]].tolist() == [1, 1]
