"""Portions: all windows once, equal training sizes, and nothing else is touched."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrenet.errors import DataError
from genrenet.features.shards import shard_paths
from genrenet.learning.dataset import WindowSet
from genrenet.learning.network_input import NetworkInput
from genrenet.learning.portions import counts, divided, equalised, list_windows, starts

MEL = NetworkInput(feature="mel", floor_db=-80.0, n_mels=16)
SIDES = ("train", "validation", "test")


@pytest.fixture(scope="module")
def windows(study):
    """Every window of the study."""
    return list_windows(shard_paths(study.features), study.catalog)


def test_every_window_of_the_originals_is_listed_once(study, windows):
    """As many as the shards hold, copies left out."""
    paths = shard_paths(study.features)
    every = WindowSet(paths, list(study.catalog["track_id"]), MEL)
    with_copies = [*paths, *shard_paths(study.augmented)]

    assert len(windows) == every.n_windows
    assert not windows.duplicated(["track_id", "start_s"]).any()
    assert list_windows(with_copies, study.catalog).equals(windows)


def test_a_track_without_windows_is_named(study):
    """It would be missing from the study without a word."""
    stranger = study.catalog.iloc[:1].assign(track_id="nobody/nothing.wav")

    with pytest.raises(DataError, match=r"1 tracks have no window .* nobody/nothing.wav"):
        list_windows(shard_paths(study.features), stranger)


def test_a_window_set_holds_the_windows_that_it_was_given(study, windows):
    """Some of each track, those and no others, in the order of the table."""
    some = windows.iloc[::2]
    begins = starts(some)
    every = WindowSet(shard_paths(study.features), sorted(begins), MEL)
    part = WindowSet(shard_paths(study.features), sorted(begins), MEL, starts=begins)

    def by_track(window_set):
        x, track = (np.concatenate(p) for p in zip(*window_set.in_order(), strict=True))
        return x[np.argsort(track, kind="stable")]

    assert part.n_windows == len(some)
    assert np.array_equal(by_track(part), by_track(every)[::2])


@st.composite
def dealt(draw):
    """A table of windows of up to three genres, each on some side."""
    n = draw(st.integers(1, 60))
    column = lambda values: draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))  # noqa: E731
    genre, side = column(("a", "b", "ç")), column(SIDES)
    return pd.DataFrame(
        {"track_id": [f"t{k % 9}" for k in range(n)], "genre": genre, "split": side}
    )


@given(st.lists(dealt(), min_size=2, max_size=3), st.integers(0, 9))
def test_training_sizes_are_equal_and_the_other_sides_untouched(tables, seed):
    """As many train windows of each genre in every portion: the least that one had."""
    before = {str(n): table for n, table in enumerate(tables)}

    after = equalised(before, seed=seed)

    def n_train(table):
        return table.loc[table["split"] == "train", "genre"].value_counts().to_dict()

    sizes = [n_train(table) for table in before.values()]
    least = {g: min(size.get(g, 0) for size in sizes) for g in set().union(*sizes)}
    for name, table in after.items():
        assert n_train(table) == {g: n for g, n in least.items() if n}
        held_out = before[name]["split"] != "train"
        assert table[table["split"] != "train"].equals(before[name][held_out])


def test_windows_without_a_side_are_left_out(windows):
    """And counted nowhere."""
    sides = pd.Series("train", index=windows.index).where(windows.index % 2 == 0, None)

    portion = divided(windows, sides)

    assert counts(portion)["n_train_windows"] == len(portion) == (len(windows) + 1) // 2
    assert counts(portion)["n_test_tracks"] == 0
