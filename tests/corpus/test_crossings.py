"""Crossings: each kind of leak is found where it is planted, and none where there is none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.crossings import KINDS, find_crossings

CLEAN = pd.DataFrame(
    [
        ("a", "Bird", True, "train", "a.wav", "0a", 0.0, np.nan, None),
        ("b#0-10", "Bird", True, "train", "b.wav", "0b", 0.0, 10.0, None),
        ("b#10-20", "Bird", True, "train", "b.wav", "0b", 10.0, 20.0, None),
        ("c", "Duke", True, "test", "c.wav", "0c", 0.0, np.nan, None),
        ("d", "d", False, "test", "d.wav", "0d", 0.0, np.nan, None),
        ("e#5-9", "e.wav", False, "validation", "e.wav", "0e", 5.0, 9.0, None),
        ("f", "f", False, "train", None, None, np.nan, np.nan, None),
        ("f copy", "f copy", False, "train", None, None, np.nan, np.nan, "f"),
    ],
    columns=[
        "track_id",
        "group",
        "group_known",
        "split",
        "path",
        "content_hash",
        "start_s",
        "end_s",
        "parent",
    ],
).assign(catalog_group=lambda rows: rows["group"])
PAIRS = pd.DataFrame([("a", "b#0-10"), ("c", "gone")], columns=["track_id", "other_id"])


def row(track_id, split, **values):
    """One more track, of which nothing is known but what is given."""
    known = {"group": track_id, "group_known": False, **values}
    return pd.DataFrame([{"track_id": track_id, "split": split, **known}])


LEAKS = {
    "track": row("c", "train", group="Duke", group_known=True),
    "group": row("x", "train", group="Duke", group_known=True),
    "span": row("x", "test", path="b.wav", start_s=19.9, end_s=30.0),
    "segment": row("x", "test", path="b.wav", start_s=20.0, end_s=30.0),
    "sibling": row("x", "test", parent="f"),
}


def kinds(rows, pairs=PAIRS):
    """Kinds of the crossings."""
    return find_crossings(rows, pairs)["kind"].tolist()


def test_nothing_crosses_in_a_clean_table():
    """Segments and copies on the side of their recording are as they should be."""
    assert find_crossings(CLEAN, PAIRS).empty


@pytest.mark.parametrize("kind", LEAKS)
def test_a_planted_leak_is_found_and_named(kind):
    """And nothing else is; a track on two sides is a group and a recording that are."""
    found = find_crossings(pd.concat([CLEAN, LEAKS[kind]], ignore_index=True), PAIRS)

    assert kind in set(found["kind"])
    assert set(found["kind"]) <= {kind, *(("group", "span") if kind == "track" else ())}
    planted = found[found["kind"] == kind].iloc[0]
    assert LEAKS[kind]["track_id"].item() in {planted.track_id, planted.other_id}
    assert planted.split != planted.other_split


def test_a_planted_pair_of_duplicates_is_found_and_named():
    """Whatever their groups say."""
    found = find_crossings(CLEAN, pd.DataFrame([("a", "c")], columns=["track_id", "other_id"]))

    assert found.to_numpy().tolist() == [["duplicate", "a", "a", "train", "c", "test"]]


def test_an_absent_track_connects_its_duplicates():
    """Of three copies the middle one may be in quarantine; the others are copies all the same."""
    pairs = pd.DataFrame([("a", "gone"), ("c", "gone")], columns=["track_id", "other_id"])

    assert kinds(CLEAN, pairs) == ["duplicate"]


@pytest.mark.parametrize("column", ["path", "content_hash"])
def test_a_file_under_two_ids_is_one_recording(column):
    """A copy of a file has its content, a second line of a manifest its path."""
    twin = row("x", "train", start_s=0.0, **{column: CLEAN.loc[3, column]})

    assert kinds(pd.concat([CLEAN, twin], ignore_index=True)) == ["span"]


def test_a_whole_file_overlaps_each_of_its_segments():
    """It begins at 0 and nobody says where it ends."""
    assert kinds(pd.concat([CLEAN, row("e", "test", path="e.wav", start_s=0.0)])) == ["span"]


def test_a_long_span_is_met_behind_a_short_one():
    """The neighbour in time has ended; the one before it has not."""
    spans = [(0.0, 100.0, "train"), (1.0, 2.0, "train"), (50.0, 60.0, "test")]
    rows = pd.concat(
        [row(str(a), side, path="x.wav", start_s=a, end_s=b) for a, b, side in spans],
        ignore_index=True,
    )

    assert find_crossings(rows, PAIRS)[["track_id", "other_id"]].to_numpy().tolist() == [
        ["0.0", "50.0"]
    ]


def test_a_copy_of_a_copy_is_of_the_first_recording():
    """Parents are followed to the end, also to one that is not in the table."""
    rows = [
        row("2", "train", parent="1"),
        row("3", "test", parent="2"),
        row("4", "dev", parent="0"),
    ]
    middle = row("1", "train", parent="0")

    assert kinds(pd.concat(rows, ignore_index=True)) == ["sibling"]
    assert kinds(pd.concat([rows[2], middle], ignore_index=True)) == ["sibling"]
    assert kinds(pd.concat([rows[0], rows[2]], ignore_index=True)) == []


def test_groups_that_were_joined_are_still_the_catalogs_groups():
    """Whoever joined them may have lost a member."""
    lost = row("x", "test", group="Dizzy", group_known=True, catalog_group="Bird")

    assert kinds(pd.concat([CLEAN, lost], ignore_index=True)) == ["group"]


def test_a_track_without_a_group_may_be_called_like_one():
    """Tables of numbers call both tracks and artists 5."""
    rows = [row("5", "train"), row("6", "test", group="5", group_known=True)]

    assert kinds(pd.concat(rows, ignore_index=True)) == []


SIDES = st.sampled_from(["train", "validation", "test"])
SEGMENTS = st.tuples(
    st.integers(0, 3),  # group
    st.integers(0, 3),  # file
    st.integers(0, 6),  # start
    st.one_of(st.none(), st.integers(1, 4)),  # length
    SIDES,
)


def belong(one, other):
    """What binds two segments, by the definitions."""
    if one.group == other.group:
        yield "group"
    if one.path == other.path:
        ends = [row.end_s if row.end_s > 0 else np.inf for row in (one, other)]
        yield "span" if one.start_s < ends[1] and other.start_s < ends[0] else "segment"


@settings(max_examples=60, deadline=None)  # no deadline: the machine is shared
@given(st.lists(SEGMENTS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_exactly_what_the_definitions_call_a_leak_is_found(segments, random):
    """Against asking every pair; in any order of rows."""
    rows = pd.DataFrame(
        [
            (
                str(n),
                f"g{group}",
                True,
                side,
                f"{file}.wav",
                float(start),
                start + (length or np.nan),
            )
            for n, (group, file, start, length, side) in enumerate(segments)
        ],
        columns=["track_id", "group", "group_known", "split", "path", "start_s", "end_s"],
    )
    each = list(rows.itertuples())
    bonds = {
        (kind, one.group if kind == "group" else one.path)
        for one in each
        for other in each
        if one.split != other.split
        for kind in belong(one, other)
    }
    overlapping = {unit for kind, unit in bonds if kind == "span"}
    expected = {
        (kind, unit) for kind, unit in bonds if kind != "segment" or unit not in overlapping
    }

    found = find_crossings(rows.sample(frac=1, random_state=random.randrange(99)), PAIRS[:0])

    path, group = (
        dict(zip(rows["track_id"], rows[name], strict=True)) for name in ("path", "group")
    )
    names = {"group": group, "span": path, "segment": path}
    assert {(row.kind, names[row.kind][row.track_id]) for row in found.itertuples()} == expected
    for row in found.itertuples():
        assert row.split != row.other_split
        assert names[row.kind][row.track_id] == names[row.kind][row.other_id]
    assert set(found["kind"]) <= set(KINDS)
