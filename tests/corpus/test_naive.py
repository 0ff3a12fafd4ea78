"""Naive splits: they leak on purpose, and are fair in everything else."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.naive import track_sides, window_sides
from genrenet.sections.corpus import Split
from tests.corpus.catalogs import catalog, corpora

THIRDS = Split(validation=0.25, test=0.25)


def windows_of(counts):
    """As many windows of each track, 1.5 s apart."""
    rows = [(f"track {t}", 1.5 * n) for t, count in enumerate(counts) for n in range(count)]
    return pd.DataFrame(rows, columns=["track_id", "start_s"])


def test_tracks_are_divided_by_genre_and_groups_are_torn():
    """Twenty tracks of one artist in each genre: half to learn from."""
    tracks = catalog(a=[20], b=[40])
    counts = pd.crosstab(tracks["genre"], track_sides(tracks, THIRDS))

    assert counts[["train", "validation", "test"]].to_numpy().tolist() == [[10, 5, 5], [20, 10, 10]]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_each_track_s_windows_are_divided_to_the_window(counts, seed):
    """Every side has its share of every track, rounded up or down."""
    windows = windows_of(counts)
    sides = window_sides(windows, THIRDS.model_copy(update={"seed": seed}))
    n = pd.crosstab(windows["track_id"], sides)
    n = n.reindex(columns=["train", "validation", "test"], fill_value=0)

    wanted = np.outer(n.sum(axis=1), THIRDS.shares)
    assert (np.abs(n - wanted) < 1).all(axis=None)


def test_what_is_over_goes_to_a_side_by_lot():
    """Tracks of one window: else all of them would be learned and none tested."""
    shares = window_sides(windows_of([1] * 4_000), THIRDS).value_counts(normalize=True)

    assert (np.abs(shares[["train", "validation", "test"]] - np.array(THIRDS.shares)) < 0.03).all()


def test_a_track_s_windows_are_drawn_and_not_cut_in_three():
    """Its beginning is learned and tested like its end."""
    windows = windows_of([40] * 50)
    tested = windows["start_s"][window_sides(windows, THIRDS) == "test"]

    assert abs(tested.mean() - windows["start_s"].mean()) < 3


@settings(max_examples=20, deadline=None)
@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(tracks, random):
    """Each track keeps its side, each window too."""
    for rows, sides in ((tracks, track_sides), (windows_of([3] * len(tracks)), window_sides)):
        order = random.sample(range(len(rows)), len(rows))
        assert sides(rows.iloc[order], THIRDS).equals(sides(rows, THIRDS).iloc[order])


def test_another_seed_divides_otherwise():
    """A study repeats itself over seeds."""
    windows = windows_of([20] * 5)

    one, other = (window_sides(windows, Split(seed=seed)) for seed in (0, 1))

    assert not one.equals(other)
