"""Folds: official ones as they are, else stratified ones that tear no group."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.folds import assign_folds
from genrenet.corpus.splits import split_tracks
from genrenet.errors import DataError
from genrenet.sections.corpus import Split
from tests.corpus.catalogs import catalog, mixed_corpora, sides

FOLDS = Split(policy="folds")


@settings(max_examples=25, deadline=None)
@given(mixed_corpora, st.integers(3, 8))
def test_made_folds_tear_no_group_and_use_every_track(tracks, n_folds):
    """Whatever the corpus."""
    if tracks.groupby("genre")["group"].nunique().min() < 2:
        return
    folds = assign_folds(tracks, Split(policy="folds", n_folds=n_folds))

    assert folds.index.equals(tracks.index)
    assert set(folds) <= set(range(1, n_folds + 1))
    assert (folds.groupby(tracks["group"]).nunique() == 1).all()


def test_each_track_is_tested_in_one_fold():
    """Cross-validation judges the whole corpus once, whatever the policy of a single fold."""
    tracks = catalog(a=[2] * 10, b=[3] * 10)
    tested = []
    for fold in range(1, 6):
        placed = sides(tracks, policy="folds", test_fold=fold)
        tested.append({track for track, side in placed.items() if side == "test"})

    assert sum(map(len, tested)) == len(set().union(*tested)) == len(tracks)
    assert [len(fold) for fold in tested] == [10] * 5


def test_an_official_fold_is_tested_and_the_next_one_validates():
    """Cyclic: after the last comes the first."""
    tracks = catalog(a=[1] * 8, b=[1] * 8).assign(fold=[1, 2, 3, 4] * 4)

    table = split_tracks(tracks, Split(policy="folds", test_fold=4)).table

    assert table["split"].tolist() == ["validation", "train", "train", "test"] * 4


def test_no_test_fold_means_the_first():
    """Folds may be counted from 0."""
    tracks = catalog(a=[1] * 8, b=[1] * 8).assign(fold=[0, 1, 2, 3] * 4)

    table = split_tracks(tracks, FOLDS).table

    assert table["split"].tolist() == ["test", "validation", "train", "train"] * 4


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ([1, 2, 3, None], r"2 of 8 tracks have no fold, such as a/3/0. Complete .* or leave it"),
        ([1, 2, 3, 3], "test_fold is 4; the folds are 1, 2, 3"),
        ([4, 5, 4, 5], "One of at least three"),
    ],
)
def test_folds_that_do_not_fit_are_refused(folds, message):
    """The message lists what there is."""
    tracks = catalog(a=[1] * 4, b=[1] * 4).assign(fold=folds * 2)

    with pytest.raises(DataError, match=message):
        split_tracks(tracks, Split(policy="folds", test_fold=4))


def test_official_folds_that_tear_groups_are_refused_with_the_groups():
    """Whoever stands in folds 1 and 2 would be learned and tested."""
    tracks = catalog(a=[2, 2, 2], b=[1] * 6).assign(fold=[1, 2, 3, 1, 2, 2, *[1, 2, 3] * 2])

    with pytest.raises(DataError, match=r"2 groups .*: a-0 in 1 and 2; a-1 in 1 and 3\. .* mend"):
        assign_folds(tracks, FOLDS)


def test_fewer_groups_than_folds_are_told_by_genre():
    """The genre is not tested in the other folds."""
    tracks = catalog(a=[2] * 3, b=[2] * 8)
    told = [split_tracks(tracks, Split(policy="folds", test_fold=n)).warnings for n in range(1, 6)]

    assert all("fewer groups than split.n_folds = 5: a (3). In" in warnings[0] for warnings in told)
    untested = ["no test track for a: the folds have none; they are not judged" in w for w in told]
    assert untested == [False, False, False, True, True]


def test_a_genre_of_one_group_makes_no_folds():
    """It could not be learned where it is tested."""
    with pytest.raises(DataError, match="1 genres have one group each: b"):
        assign_folds(catalog(a=[2] * 8, b=[9]), FOLDS)


def test_a_fold_that_nobody_makes_is_refused():
    """Five folds are numbered from 1."""
    with pytest.raises(DataError, match="test_fold is 6; the folds are 1, 2, 3, 4, 5"):
        split_tracks(catalog(a=[2] * 8, b=[2] * 8), Split(policy="folds", test_fold=6))


def test_sides_of_made_folds_are_kept_as_the_corpus_grows():
    """The same tracks are tested before and after."""
    tracks = catalog(a=[2] * 10, b=[2] * 10)
    before = split_tracks(tracks, FOLDS).table
    grown = pd.concat([tracks, catalog(c=[2] * 5)])

    after = sides(grown, policy="folds", placed=before)

    assert {track: after[track] for track in tracks["track_id"]} == sides(tracks, policy="folds")
