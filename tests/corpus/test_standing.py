"""Standing places: what has a side keeps it, whatever comes, goes or is joined."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.splits import former_splits, split_tracks, write_splits
from genrenet.sections.corpus import Split
from tests.corpus.catalogs import catalog, corpora, sides


def first_of(tracks, share):
    """The tracks of some groups, so that each genre has two of them or more."""
    number = tracks.groupby("genre")["group"].transform(lambda group: pd.factorize(group)[0])
    n_groups = tracks.groupby("genre")["group"].transform("nunique")
    return tracks[number < (share * n_groups).clip(lower=2)]


@settings(max_examples=25, deadline=None)
@given(corpora, st.floats(0.1, 0.9))
def test_new_groups_move_no_old_one(tracks, share):
    """What was tested stays tested: scores from before stay comparable."""
    old = first_of(tracks, share)
    before = split_tracks(old, Split())
    after = split_tracks(tracks, Split(), placed=before.table)

    assert after.table.merge(before.table, on="track_id").eval("split_x == split_y").all()
    assert after.groups["kept"] == old["group"].nunique()
    assert after.groups["placed"] == tracks["group"].nunique() - old["group"].nunique()


even_corpora = st.lists(
    st.integers(10, 14).flatmap(lambda n: st.integers(1, 4).map(lambda size: [size] * n)),
    min_size=2,
    max_size=4,
).map(lambda genres: catalog(**{f"genre{n}": groups for n, groups in enumerate(genres)}))
"""Two groups of each genre or more on every side: one may go."""


@settings(max_examples=25, deadline=None)
@given(even_corpora, st.data())
def test_joined_groups_move_only_what_they_must(tracks, data):
    """To where most of the tracks are, train if there are as many; every other group stays."""
    before = split_tracks(tracks, Split()).table.set_index("track_id")
    one, other = data.draw(st.permutations(sorted(set(tracks["group"]))))[:2]
    joined = tracks.replace({"group": {other: one}})

    after = split_tracks(joined, Split(), placed=before.reset_index())

    sides_after = after.table.set_index("track_id")["split"]
    both = before["group"].isin([one, other])
    assert sides_after[~both].equals(before.loc[~both, "split"])
    (side,) = sides_after[both].unique()
    counts = before.loc[both, "split"].value_counts()
    assert side in counts[counts == counts.max()]
    assert side == "train" or counts.get("train", 0) < counts.max()
    assert after.groups["moved"] == (len(counts) > 1)
    assert bool([w for w in after.warnings if f"{one} (" in w]) == (len(counts) > 1)


@settings(max_examples=20, deadline=None)
@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(tracks, random):
    """Neither of the catalog nor of the former table."""
    before = split_tracks(first_of(tracks, 0.5), Split()).table
    order = random.sample(range(len(tracks)), len(tracks))
    shuffled = before.iloc[random.sample(range(len(before)), len(before))]

    assert split_tracks(tracks.iloc[order], Split(), placed=shuffled).table.equals(
        split_tracks(tracks, Split(), placed=before).table
    )


def test_groups_that_are_gone_leave_the_others_where_they_are():
    """Their tracks simply go."""
    tracks = catalog(a=[2] * 10, b=[2] * 10)
    before = split_tracks(tracks, Split()).table
    left = tracks[~tracks["group"].isin(["a-0", "b-0"])]

    after = sides(left, placed=before)

    assert after == {track: sides(tracks)[track] for track in left["track_id"]}


def test_a_group_that_was_divided_stays_where_it_was():
    """A correction of a group's name is no reason to move its tracks."""
    tracks = catalog(a=[2] * 10, b=[2] * 10)
    before = split_tracks(tracks, Split()).table
    divided = tracks.assign(group=tracks["group"].where(tracks["track_id"] != "a/0/1", "its own"))

    assert sides(divided, placed=before) == sides(tracks)


def test_new_tracks_of_a_known_group_go_where_it_stands():
    """They would leak anywhere else."""
    before = split_tracks(catalog(a=[2] * 10, b=[2] * 10), Split()).table
    table = split_tracks(catalog(a=[9] * 10, b=[2] * 10), Split(), placed=before).table

    assert (table.groupby("group")["split"].nunique() == 1).all()
    assert before.merge(table, on="track_id").eval("split_x == split_y").all()


def test_new_groups_make_up_for_what_lacks():
    """The test side lost most of its groups; the new ones go there first."""
    tracks = catalog(a=[1] * 20, b=[1] * 20)
    before = split_tracks(tracks, Split()).table
    gone = before.loc[before["split"] == "test", "group"].iloc[::2]
    grown = pd.concat([tracks[~tracks["group"].isin(gone)], catalog(a=[0] * 20 + [1] * 5)])

    placement = split_tracks(grown, Split(), placed=before)

    assert placement.imbalance.far == {}
    new = placement.table.loc[~placement.table["track_id"].isin(before["track_id"]), "split"]
    assert (new == "test").sum() >= 2


def test_places_that_new_groups_cannot_mend_are_told_with_the_way_out():
    """All of a genre's groups are tested but one: the reader may begin anew."""
    tracks = catalog(a=[1] * 10, b=[1] * 10)
    before = split_tracks(tracks, Split()).table
    before.loc[before["genre"] == "a", "split"] = ["train"] + ["test"] * 9

    placement = split_tracks(tracks, Split(), placed=before)

    (far,) = [w for w in placement.warnings if "far from the wanted shares" in w]
    assert "a (90% in test instead of 25%)" in far
    assert "python -m flows.split --anew" in far


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"n_folds": 7, "lists": "elsewhere"}, True),
        ({"seed": 1}, False),
        ({"test": 0.3}, False),
        ({"policy": "folds"}, False),
    ],
)
def test_other_settings_place_all_anew(tmp_path, changes, kept):
    """Those that decide the places; the table knows under which it was made."""
    table, path = split_tracks(catalog(a=[2] * 5, b=[2] * 5), Split()).table, tmp_path / "s.parquet"
    write_splits(table, Split(), path)

    former = former_splits(Split(**changes), path)

    assert (former is not None) == kept
    assert former is None or former.equals(table)


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and no more"])
def test_a_table_that_cannot_be_read_places_all_anew(tmp_path, content):
    """The first run has none; a damaged one keeps nothing."""
    if content is not None:
        (tmp_path / "splits.parquet").write_bytes(content)

    assert former_splits(Split(), tmp_path / "splits.parquet") is None


def test_the_table_says_what_decided_its_places(tmp_path):
    """In its metadata, where any Parquet tool shows it."""
    path = tmp_path / "splits.parquet"
    write_splits(split_tracks(catalog(a=[2] * 5, b=[2] * 5), Split()).table, Split(), path)

    about = json.loads(pq.read_schema(path).metadata[b"genrenet.split"])

    assert about == {"policy": "group", "seed": 0, "test": 0.25, "validation": 0.2}
