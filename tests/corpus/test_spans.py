"""Tracks of one file: what overlaps is told, what does not is kept together."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.duplicates import joined
from genrenet.corpus.overlaps import MOST
from genrenet.corpus.spans import pairs_of_one_file


def tracks(*rows):
    """Tracks, each given as id, content, start, end and group; their files are 100 s long."""
    frame = pd.DataFrame(rows, columns=["track_id", "content_hash", "start_s", "end_s", "group"])
    return frame.astype({"start_s": float, "end_s": float}).assign(duration_s=100.0)


def told(*rows):
    """Ids, kind and common seconds of each pair."""
    pairs = pairs_of_one_file(tracks(*rows))
    return [tuple(pair) for pair in pairs[["track_id", "other_id", "kind", "overlap_s"]].to_numpy()]


def test_the_same_bytes_are_the_same_recording():
    """Whatever the file is called; of other files nothing is said."""
    rows = [("b.wav", "x", 0, None, "g"), ("a.wav", "x", 0, None, "g"), ("c", "y", 0, None, "g")]

    assert told(*rows) == [("a.wav", "b.wav", "content", 100)]


def test_a_segment_is_a_part_of_the_whole_file():
    """The end of the whole file is its length, and an end past it too."""
    assert told(("a", "x", 0, None, "g"), ("b", "x", 60, 70, "h")) == [("a", "b", "span", 10)]
    assert told(("a", "x", 0, None, "g"), ("b", "x", 90, 999, "h")) == [("a", "b", "span", 10)]


def test_the_common_part_has_a_place():
    """In s from the start of the file, which is the same for both."""
    [pair] = pairs_of_one_file(
        tracks(("b", "x", 10, 30, "g"), ("a", "x", 25, 40, "g"))
    ).itertuples()

    assert (pair.start_s, pair.other_start_s, pair.overlap_s, pair.bit_error) == (25, 25, 5, 0)


def test_segments_that_follow_on_each_other_are_no_duplicates():
    """Also where 0.1 + 0.2 is a little more than 0.3."""
    assert told(("a", "x", 0, 0.1 + 0.2, "g"), ("b", "x", 0.3, 9, "g")) == []


def test_parts_of_one_file_in_two_groups_are_told():
    """A table that names one performer twice would tear his recording apart."""
    rows = [("a", "x", 0, 10, "g"), ("b", "x", 20, 30, "h"), ("c", "x", 40, 50, "h")]

    assert ("a", "b", "file", 0) in told(*rows)
    assert not {("b", "c", "file", 0)} & set(told(*rows))


segments = st.lists(
    st.tuples(st.sampled_from("xy"), st.integers(0, 90), st.integers(1, 60), st.sampled_from("gh")),
    max_size=40,
)


@settings(max_examples=60, deadline=None)  # no deadline: the machine is shared
@given(segments, st.randoms())
def test_all_of_a_file_comes_into_one_group(segments, random):
    """What overlaps and what does not, however many there are; in any order, each pair once."""
    rows = [(f"{n}", file, a, a + b, f"{g} {file}") for n, (file, a, b, g) in enumerate(segments)]
    frame = tracks(*rows)
    pairs = pairs_of_one_file(frame)

    groups = joined(frame, pairs).groupby("content_hash")["group"].nunique()
    assert (groups == 1).all()
    assert not pairs.duplicated(["track_id", "other_id"]).any()
    assert (pairs["track_id"] < pairs["other_id"]).all()
    shuffled = pairs_of_one_file(frame.sample(frac=1, random_state=random.randrange(2**32)))
    assert _set(shuffled) == _set(pairs)
    _check_against_all_pairs(frame, pairs)


def _set(pairs):
    return {tuple(row) for row in pairs[["track_id", "other_id", "overlap_s"]].to_numpy()}


def _check_against_all_pairs(frame, pairs):
    """Few segments: each pair that overlaps is told, with the seconds that it shares."""
    overlap = dict(
        zip(zip(pairs["track_id"], pairs["other_id"], strict=True), pairs["overlap_s"], strict=True)
    )
    for one in frame.itertuples():
        for other in frame.itertuples():
            if one.track_id < other.track_id and one.content_hash == other.content_hash:
                common = min(one.end_s, other.end_s, 100) - max(one.start_s, other.start_s)
                if common > 0 and len(frame) <= MOST:
                    assert overlap[one.track_id, other.track_id] == common


@pytest.mark.parametrize("n", [1_000])
def test_a_file_with_many_tracks_does_not_take_their_square(n):
    """Every one of them overlaps with the whole file, and all are connected."""
    rows = [("whole", "x", 0, None, "g")] + [
        (f"{k}", "x", k / 20, k / 20 + 9, f"h{k}") for k in range(n)
    ]
    frame = tracks(*rows)
    pairs = pairs_of_one_file(frame)

    assert len(pairs) < 20 * n
    assert joined(frame, pairs)["group"].nunique() == 1
    assert np.isfinite(pairs["overlap_s"]).all()
