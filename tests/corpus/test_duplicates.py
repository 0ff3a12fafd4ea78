"""Duplicates: every pair once, one sound under two genres is told, and groups are joined."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.duplicates import DUPLICATES_SCHEMA, found, joined, labelled
from genrenet.corpus.overlaps import Overlap
from genrenet.corpus.prints import Prints


def catalog(*rows):
    """Whole files of 30 s, each given as id, content, genre and group."""
    frame = pd.DataFrame(rows, columns=["track_id", "content_hash", "genre", "group"])
    return frame.assign(start_s=0.0, end_s=np.nan, duration_s=30.0)


PRINTS = Prints(
    track_ids=["a", "b", "c"],
    words=np.zeros(12, np.uint32),
    starts=np.array([0, 4, 8, 12]),
    begin_s=np.array([0.0, 2.5, 0.0]),
    frame_s=0.1,
    reach=7,
)
OVERLAP = Overlap(track=0, other=1, begin=10, other_begin=0, n_words=44, bit_error=0.125)


def test_a_pair_by_sound_has_its_place_in_both_files():
    """Words are frames after what was trimmed or skipped, and hear some frames more."""
    rows = catalog(("a", "x", "rock", "g"), ("b", "y", "rock", "h"))

    [pair] = found(rows, PRINTS, [OVERLAP]).to_dict("records")

    assert list(pair) == DUPLICATES_SCHEMA.names
    assert (pair["track_id"], pair["other_id"], pair["kind"]) == ("a", "b", "audio")
    assert (pair["start_s"], pair["other_start_s"], pair["overlap_s"]) == (1.0, 2.5, 5.0)
    assert pair["bit_error"] == 0.125


def test_a_pair_is_told_once_by_the_surest_kind():
    """Equal bytes sound equal, too."""
    rows = catalog(("b", "x", "rock", "g"), ("a", "x", "rock", "h"), ("c", "y", "rock", "h"))

    pairs = found(rows, PRINTS, [OVERLAP, OVERLAP._replace(other=2)])

    assert pairs[["track_id", "other_id", "kind"]].to_numpy().tolist() == [
        ["a", "b", "content"],
        ["a", "c", "audio"],
    ]


def test_a_corpus_without_duplicates_has_an_empty_table():
    """With its columns."""
    pairs = found(catalog(("a", "x", "rock", "g"), ("b", "y", "pop", "h")), PRINTS, [])

    assert (len(pairs), list(pairs)) == (0, DUPLICATES_SCHEMA.names)


def test_one_recording_under_two_genres_is_a_conflict():
    """Other parts of one file may be of other genres."""
    rows = catalog(("a", "x", "rock", "g"), ("b", "x", "pop", "h"), ("c", "x", "pop", "h"))
    pairs = found(rows, PRINTS, [])

    assert labelled(pairs, rows)["conflict"].tolist() == [True, True, False]
    parts = pairs.assign(kind="file")
    assert not labelled(parts, rows)["conflict"].any()


ids = st.integers(0, 30).map(str)
tables = st.dictionaries(ids, st.sampled_from("abcdefgh"), min_size=1).map(
    lambda groups: pd.DataFrame({"track_id": list(groups), "group": list(groups.values())})
)
links = st.lists(st.tuples(ids, ids), max_size=20).map(
    lambda pairs: pd.DataFrame(pairs, columns=["track_id", "other_id"], dtype=object)
)


@settings(max_examples=200, deadline=None)  # no deadline: the machine is shared
@given(tables, links)
def test_joining_makes_groups_coarser_and_tears_none(tracks, pairs):
    """Who was together stays so, duplicates come together, and nobody else does."""
    after = joined(tracks, pairs)

    assert after["track_id"].tolist() == tracks["track_id"].tolist()
    assert (after.groupby(tracks["group"])["group"].nunique() == 1).all()
    group = dict(zip(after["track_id"], after["group"], strict=True))
    for one, other in pairs.itertuples(index=False):
        if one in group and other in group:
            assert group[one] == group[other]
    least = tracks["group"].groupby(after["group"]).min()
    assert (least.index == least).all()  # named for the least of those that it joins
    assert joined(after, pairs)["group"].tolist() == after["group"].tolist()


@settings(max_examples=50, deadline=None)
@given(tables)
def test_without_duplicates_groups_stay_as_they_are(tracks):
    """Nothing is joined for nothing."""
    nothing = pd.DataFrame({"track_id": [], "other_id": []}, dtype=object)

    assert joined(tracks, nothing)["group"].tolist() == tracks["group"].tolist()


def test_a_track_that_is_left_out_still_connects_two():
    """A and C are both copies of B, which stands on no list."""
    tracks = pd.DataFrame({"track_id": ["a", "c", "d"], "group": ["x", "z", "w"]})
    pairs = pd.DataFrame({"track_id": ["a", "b"], "other_id": ["b", "c"]})

    assert joined(tracks, pairs)["group"].tolist() == ["x", "x", "w"]
