"""Splits: no group on two sides, every genre on each, the same today and tomorrow."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.splits import split_tracks
from genrenet.errors import DataError, ParamsError
from genrenet.sections.corpus import Split
from tests.corpus.catalogs import catalog, corpora, sides


@settings(max_examples=30, deadline=None)  # no deadline: the machine is shared
@given(corpora, st.integers(0, 2**32 - 1))
def test_no_group_stands_on_two_sides(tracks, seed):
    """The one promise that every score rests on."""
    table = split_tracks(tracks, Split(seed=seed)).table

    assert (table.groupby("group")["split"].nunique() == 1).all()
    assert set(table["track_id"]) == set(tracks["track_id"])


@settings(max_examples=30, deadline=None)
@given(corpora, st.integers(0, 2**32 - 1))
def test_every_genre_of_three_groups_is_on_all_sides(tracks, seed):
    """However uneven the groups are."""
    placement = split_tracks(tracks, Split(seed=seed))

    assert (placement.table.groupby("genre")["split"].nunique() == 3).all()
    assert not [w for w in placement.warnings if w.startswith("no ")]


@settings(max_examples=30, deadline=None)
@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(tracks, random):
    """Another file system lists the files in another order."""
    order = list(range(len(tracks)))
    random.shuffle(order)

    assert split_tracks(tracks.iloc[order], Split()).table.equals(
        split_tracks(tracks, Split()).table
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(20, 40), min_size=2, max_size=4),
    st.floats(0.1, 0.3),
    st.floats(0.1, 0.3),
)
def test_shares_are_honoured_as_far_as_groups_allow(n_groups, validation, test):
    """With many groups of two tracks, each genre is within two groups of its share."""
    tracks = catalog(**{f"g{i}": [2] * n for i, n in enumerate(n_groups)})
    table = split_tracks(tracks, Split(validation=validation, test=test)).table

    counts = pd.crosstab(table["genre"], table["split"])
    wanted = pd.DataFrame({"validation": validation, "test": test}, index=counts.index).mul(
        counts.sum(axis=1), axis=0
    )
    assert ((counts[["validation", "test"]] - wanted).abs() <= 4).all(axis=None)


def test_another_seed_gives_another_split():
    """Else a lucky split could not be told from a good model."""
    tracks = catalog(a=[2] * 10, b=[2] * 10)

    assert sides(tracks, seed=0) == sides(tracks, seed=0) != sides(tracks, seed=1)


def test_a_group_that_plays_two_genres_is_kept_whole():
    """An artist is one artist, whatever is played."""
    tracks = catalog(a=[2] * 6, b=[2] * 6).replace({"group": {"b-0": "a-0"}})
    table = split_tracks(tracks, Split()).table

    assert table.loc[table["group"] == "a-0", "split"].nunique() == 1


def test_two_groups_are_learned_and_tested_with_a_warning():
    """There is nothing left to validate on; the reader is told which genre."""
    placement = split_tracks(catalog(a=[3, 3], b=[3, 3, 3]), Split())
    by_genre = placement.table.groupby("genre")["split"].unique().map(set)

    assert by_genre["a"] == {"train", "test"}
    assert [w for w in placement.warnings if "no validation track for a:" in w]


def test_genres_of_one_group_are_refused_by_name():
    """All of them at once."""
    with pytest.raises(
        DataError, match=r"2 genres have one group each: b, c. .* add recordings of"
    ):
        split_tracks(catalog(a=[3, 3, 3], b=[5], c=[1]), Split())


@pytest.mark.parametrize("policy", ["track", "window"])
def test_policies_that_tear_groups_are_for_the_study(policy):
    """No model is made from them; the message names what shows their price."""
    with pytest.raises(ParamsError, match=rf"'{policy}', .* python -m flows.leakage"):
        split_tracks(catalog(a=[2] * 5, b=[2] * 5), Split(policy=policy))


def test_one_group_that_holds_most_of_a_genre_is_told():
    """With its name and share: the score is that group's."""
    placement = split_tracks(catalog(a=[16, 1, 1, 2], b=[2] * 10), Split())

    (told,) = [w for w in placement.warnings if "holds most" in w]
    assert told.startswith("one group holds most of a genre: a (a-0: 80%). Wherever it stands")


def test_shares_that_groups_do_not_allow_are_told():
    """Three equal groups: a third each."""
    placement = split_tracks(catalog(a=[5, 5, 5], b=[1] * 40), Split())

    (told,) = [w for w in placement.warnings if "far from" in w]
    assert "far from the wanted shares: a (33% in train instead of 55%): " in told
    assert told.endswith("groups are not torn apart, and these are few or large")


def test_the_figures_of_a_split_are_a_json_value():
    """Counts, wanted shares, how far each genre is from them, and who kept a place."""
    placement = split_tracks(catalog(a=[1] * 20, b=[1] * 10 + [10]), Split(test=0.2))
    figures = json.loads(json.dumps(placement.imbalance.to_json()))

    assert figures == {
        "counts": {
            "a": {"train": 12, "validation": 4, "test": 4},
            "b": {"train": 12, "validation": 4, "test": 4},
        },
        "wanted": {"train": 0.6, "validation": 0.2, "test": 0.2},
        "rms": 0.0,
        "largest": {"a": 0.0, "b": 0.0},
    }
    assert placement.groups == {"kept": 0, "placed": 31, "moved": 0}


def test_official_sides_are_measured_against_their_own_shares():
    """Nobody here has wanted them otherwise; what differs from genre to genre is told."""
    tracks = catalog(a=[1] * 4, b=[1] * 4).assign(split=["train", "train", "test", "test"] * 2)
    imbalance = split_tracks(tracks, Split(policy="lists")).imbalance

    assert imbalance.wanted == {"train": 0.5, "validation": 0.0, "test": 0.5}
    assert imbalance.rms == 0


GENRES = ["شور", "देउडा", "摇滚", "רוק", "ဂီတ", "🎷", "Ünïcode", "a,b;c", "NA"]


def test_genres_and_groups_may_be_written_in_any_script():
    """From Persian to an emoji; a comma and the letters NA are text as well."""
    tracks = catalog(**dict.fromkeys(GENRES, [2] * 6))
    counts = split_tracks(tracks, Split()).imbalance.counts

    assert sorted(counts.index) == sorted(GENRES)
    assert (counts > 0).all(axis=None)
