"""The census: every track is counted once, and what is counted is what the tables say."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus import census as module
from genrenet.corpus.census import (
    by_genre,
    by_side,
    census,
    group_sizes,
    hours,
    largest_groups,
    most_common,
    reasons,
)
from tests.tables import NO_PAIRS, catalog, clips, counted, pair, splits

corpora = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
    min_size=1,
    max_size=5,
).map(catalog)


@settings(max_examples=30, deadline=None)
@given(corpora)
def test_every_track_is_counted_once(tracks):
    """In each table, for genres and groups of any name and size."""
    found, n_tracks = counted(tracks), len(tracks)

    assert by_genre(found)["n_tracks"].sum() == n_tracks
    assert by_genre(found)["audio_s"].sum() == pytest.approx(tracks["duration_s"].sum())
    assert by_side(found)[0].to_numpy().sum() == n_tracks
    assert largest_groups(found, n_tracks)["n_tracks"].sum() == n_tracks
    assert group_sizes(found).groupby("genre", observed=True).sum().to_numpy() == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(tracks, random):
    """Another file system lists the files in another order."""
    order = list(range(len(tracks)))
    random.shuffle(order)
    shuffled = tracks.iloc[order]

    found = census(shuffled, clips(tracks), NO_PAIRS, splits(tracks)[::-1])

    pd.testing.assert_frame_equal(found, counted(tracks))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=2), min_size=1), st.integers(2, 6))
def test_a_long_list_is_cut_and_says_how_much_is_cut(names, n_most):
    """The most common come first, the rest is one more, and nothing is lost."""
    found = most_common(pd.Series(names, dtype=object), n_most, rest="… and {} more")
    counts, n_names = found.value_counts(sort=False), len(set(names))

    assert len(found) == len(names) == counts.sum()
    assert len(counts) == min(n_names, n_most)
    kept = counts if n_names <= n_most else counts.iloc[:-1]
    assert kept.is_monotonic_decreasing
    assert (counts.index[-1] == f"… and {n_names - n_most + 1} more") == (n_names > n_most)


def test_genres_stand_in_the_order_of_their_size():
    """Equal ones by name: pictures and tables agree."""
    found = counted(catalog({"a": [1], "z": [3], "b": [1]}))

    assert by_genre(found).index.tolist() == ["z", "a", "b"]


def test_very_many_genres_are_counted_as_one(monkeypatch):
    """The small ones, after the others, whatever their sum."""
    monkeypatch.setattr(module, "MOST_GENRES", 3)
    found = counted(catalog({"a": [4], "b": [5], "c": [2], "d": [2], "e": [2]}))

    assert by_genre(found)["n_tracks"].to_dict() == {"b": 5, "a": 4, "3 other genres": 6}


def test_duplicates_are_of_one_group():
    """As on the split."""
    pairs = pd.DataFrame([pair("a/0/0", "a/1/0")])
    found = counted(catalog({"a": [2, 2, 1]}), pairs)

    assert by_genre(found)["n_groups"].tolist() == [2]
    assert by_genre(found)["largest"].tolist() == [0.8]


def test_a_segment_is_as_long_as_it_is():
    """Not as its file; an end beyond the file's is the file's."""
    tracks = catalog({"a": [3]}, duration_s=30.0, start_s=[0.0, 10.0, 20.0])
    tracks["end_s"] = [10.0, None, 99.0]  # None: to the end

    assert counted(tracks)["audio_s"].tolist() == [10, 20, 10]


def test_bit_rates_are_those_of_the_files():
    """80,000 bytes in ten seconds are 64 kbit/s, also of a segment."""
    tracks = catalog({"a": [2]}, duration_s=10.0, end_s=[5.0, None])

    assert counted(tracks)["kbps"].tolist() == [64, 64]


def test_carriers_are_told_in_words():
    """Format, rate, channels."""
    assert counted(catalog({"a": [3]}))["carrier"].tolist() == [
        "WAV PCM 16, 22.05 kHz, mono",
        "MP3, 44.1 kHz, stereo",
        "FLAC PCM 24, 96 kHz, 6 channels",
    ]


def test_a_track_on_no_list_is_on_no_side():
    """It is counted, and not among the sides."""
    tracks = catalog({"a": [1, 1, 1], "b": [1]})
    found = census(tracks, clips(tracks), NO_PAIRS, splits(tracks)[:2])

    assert by_genre(found)["n_tracks"].sum() == 4
    assert by_side(found)[0].to_numpy().tolist() == [[1, 1, 0]]


def test_only_known_groups_are_named():
    """A track that stands for itself is nobody's largest group."""
    tracks = catalog({"a": [2, 5]})
    tracks["group_known"] = tracks["group"] == "a-0"

    assert largest_groups(counted(tracks), 10).index.tolist() == ["a-0"]


def test_reasons_are_told_without_their_figures():
    """A thousand truncated files are one line, the most frequent reason first."""
    found = reasons(
        pd.DataFrame(
            {
                "track_id": ["d", "a", "b", "c"],
                "reason": [
                    "M4A is not read; convert it: ffmpeg -i 'd'",
                    "truncated: the header promises 3 s",
                    "truncated: the header promises 9 s",
                    "the file has zero bytes",
                ],
            }
        )
    )

    assert found.to_numpy().tolist() == [
        ["truncated", 2, "a"],
        ["M4A is not read", 1, "d"],
        ["the file has zero bytes", 1, "c"],
    ]


@pytest.mark.parametrize(
    ("audio_s", "told"),
    [(0, "0"), (30, "0.0083"), (1_800, "0.5"), (359_000, "99.72"), (36e6, "10,000")],
)
def test_hours_are_as_exact_as_is_of_use(audio_s, told):
    """Two digits of few, none of many."""
    assert hours(audio_s) == told
