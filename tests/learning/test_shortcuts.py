"""The shortcut score: high where files tell the genre, at chance where they do not."""

import numpy as np
import pandas as pd
import pytest

from genrenet.corpus.properties import PROPERTIES
from genrenet.learning import shortcuts
from genrenet.learning.shortcuts import shortcut_score

N_TRACKS = 160
IDS = pd.Series([f"track {n}" for n in range(N_TRACKS)])
GROUP = pd.Series([f"artist {n // 4}" for n in range(N_TRACKS)])
GENRE = pd.Series([f"genre {n // 4 % 4}" for n in range(N_TRACKS)])


def files(seed=0, **columns):
    """Properties that say nothing, and those that are given."""
    noise = np.random.default_rng(seed).normal(size=(N_TRACKS, len(PROPERTIES)))
    return pd.DataFrame(noise, columns=list(PROPERTIES)).assign(**columns)


def test_a_genre_in_a_format_of_its_own_is_told_by_it():
    """Each genre from another archive: no music is needed, and the format is named."""
    found = shortcut_score(files(format=GENRE.str[-1].astype(float)), GENRE, GROUP, IDS)

    assert found.accuracy > 0.95
    assert found.interval[0] > found.majority == 0.25
    assert next(iter(found.alone)) == "format"
    assert found.alone["format"] == 1.0


def test_files_that_say_nothing_score_at_chance():
    """Neither above nor, as held-out genres are rarer in the rest, below."""
    scores = [shortcut_score(files(seed), GENRE, GROUP, IDS).accuracy for seed in range(6)]

    assert np.mean(scores) == pytest.approx(0.25, abs=0.06)


def test_a_file_that_is_its_group_s_tells_nothing():
    """Every artist in a studio of their own: whoever is held out has not been heard."""
    studio = GROUP.str.split().str[1].astype(float)
    shuffled = studio.map(dict(enumerate(np.random.default_rng(0).permutation(40).astype(float))))

    found = shortcut_score(files(level_db=shuffled), GENRE, GROUP, IDS)

    assert found.accuracy < 0.5


def test_one_format_and_unknown_levels_are_no_obstacle():
    """What is the same everywhere tells nothing and is not listed."""
    same = files(sr=44_100.0, format=0.0, level_db=np.nan)
    same.loc[:5, "bit_rate"] = np.nan

    found = shortcut_score(same, GENRE, GROUP, IDS)

    assert not {"sr", "format", "level_db"} & set(found.alone)
    assert "bit_rate" in found.alone


def test_the_same_tracks_in_another_order_score_the_same():
    """Nothing but names decides the folds."""
    order = np.random.default_rng(1).permutation(N_TRACKS)
    x = files(level_db=GENRE.str[-1].astype(float))

    one = shortcut_score(x, GENRE, GROUP, IDS)
    other = shortcut_score(*(part.iloc[order] for part in (x, GENRE, GROUP, IDS)))

    assert one == other


def test_one_group_has_no_score():
    """Of it nothing can be held out."""
    assert shortcut_score(files(), GENRE, pd.Series(["Bird"] * N_TRACKS), IDS) is None


def test_two_tracks_are_enough():
    """For a figure, whatever it is worth: the interval says it."""
    found = shortcut_score(files()[:2], pd.Series(["a", "b"]), pd.Series(["x", "y"]), IDS[:2])

    assert found.accuracy == 0.0
    assert found.interval == (0.0, 0.0)


def test_a_large_corpus_is_sampled(monkeypatch):
    """By the ids alone, so that it is the same tracks on any machine."""
    monkeypatch.setattr(shortcuts, "MOST_TRACKS", 50)

    found = shortcut_score(files(), GENRE, GROUP, IDS)

    assert found.n_tracks == 50
    assert found == shortcut_score(files(), GENRE, GROUP, IDS)
