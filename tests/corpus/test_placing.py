"""Placing: every genre has its share of each place, as nearly as whole groups allow."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from genrenet.corpus.placing import place_groups
from genrenet.corpus.stratification import Demand
from tests.corpus.catalogs import catalog, corpora, mixed_corpora

SIDES = Demand(shares=(0.6, 0.2, 0.2), dues=(2, 1, 2))
FOLDS = Demand(shares=(0.2,) * 5, dues=(1,) * 5)


def badness(tracks, places, demand):
    """What is lacking, by its dues, and the root of the mean squared deviation from the shares."""
    counts = pd.crosstab(tracks["genre"], tracks["group"].map(places))
    counts = counts.reindex(columns=range(len(demand.dues)), fill_value=0)
    shares = counts.div(counts.sum(axis=1), axis=0).to_numpy()
    lacking = ((shares == 0) @ np.array(demand.dues)).sum()
    return lacking, np.sqrt(((shares - demand.shares) ** 2).mean())


def scikit_learn_s(tracks, seed):
    """Group and fold, by the usual tool."""
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # genres of fewer groups than folds
        parts = list(folds.split(tracks, tracks["genre"], tracks["group"]))
    tested = {i: fold for fold, (_, test) in enumerate(parts) for i in test}
    return pd.Series({tracks["group"].iloc[i]: fold for i, fold in tested.items()})


# not at random: that nobody ever finds a corpus where it is luckier cannot be promised
@settings(max_examples=40, deadline=None, derandomize=True)
@given(mixed_corpora, st.integers(0, 99))
def test_scikit_learn_places_no_groups_better(tracks, seed):
    """As folds, and as sides made of its folds; what every genre must have comes first."""
    assume(tracks["genre"].value_counts().max() >= 5)  # else it refuses
    theirs = scikit_learn_s(tracks, seed)

    for demand, places in ((FOLDS, theirs), (SIDES, theirs.map({0: 2, 1: 1}).fillna(0))):
        ours = badness(tracks, place_groups(tracks, demand, seed=seed), demand)
        lacking, deviation = badness(tracks, places, demand)
        assert ours <= (lacking, deviation + 1e-9)


@settings(max_examples=25, deadline=None)
@given(corpora, st.integers(0, 2**32 - 1))
def test_every_place_has_every_genre_that_has_as_many_groups(tracks, seed):
    """However uneven the groups are."""
    places = place_groups(tracks, SIDES, seed=seed)

    assert (tracks["group"].map(places).groupby(tracks["genre"]).nunique() == 3).all()


def test_equal_groups_are_dealt_out_to_the_track():
    """Ten groups of two tracks, a fifth to each of five folds."""
    places = place_groups(catalog(a=[2] * 10, b=[3] * 5), FOLDS, seed=0)

    assert places.groupby([places.index.str[0], places]).size().tolist() == [2] * 5 + [1] * 5


def test_one_large_group_is_made_up_for_by_small_ones():
    """The greatest goes where it fits; the rest is counted against it."""
    tracks = catalog(a=[12, 1, 1, 1, 1, 1, 1, 1, 1])
    places = tracks["group"].map(place_groups(tracks, SIDES, seed=0))

    assert places.value_counts().to_dict() == {0: 12, 1: 4, 2: 4}


def test_the_seed_decides_between_equal_groups():
    """A keyed digest of the name, not its place in the table."""
    tracks = catalog(a=[2] * 12)
    one, same, other = (place_groups(tracks, SIDES, seed=seed) for seed in (0, 0, 1))

    assert one.equals(same)
    assert not one.equals(other)


def test_kept_places_are_made_up_for_by_new_groups():
    """All of the old ones stand in train; the new ones fill what lacks."""
    tracks = catalog(a=[1] * 10)
    kept = pd.Series(0, index=[f"a-{n}" for n in range(6)])
    places = place_groups(tracks, SIDES, seed=0, kept=kept)

    assert places.loc[kept.index].eq(0).all()
    assert places.value_counts().to_dict() == {0: 6, 1: 2, 2: 2}


def test_many_groups_of_many_genres_are_placed_to_a_thousandth():
    """Five thousand artists who play two of twenty genres, each as many tracks as it likes."""
    rng = np.random.default_rng(0)
    artist = rng.integers(0, 5_000, 60_000)
    genre = (artist + rng.integers(0, 2, len(artist))) % 20
    tracks = pd.DataFrame({"genre": genre.astype(str), "group": artist.astype(str)})

    lacking, deviation = badness(tracks, place_groups(tracks, SIDES, seed=0), SIDES)

    assert lacking == 0
    assert deviation == pytest.approx(0, abs=1e-3)
