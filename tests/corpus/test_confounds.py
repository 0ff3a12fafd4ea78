"""Confounds: how far genre and group coincide."""

import pandas as pd

from genrenet.corpus.confounds import find_confounds

ROWS = [
    ("jazz", "Bird"),
    ("jazz", "Bird"),
    ("jazz", "Bird"),
    ("jazz", "Duke"),
    ("rock", "Jimi"),
    ("rock", "Jeff"),
    ("rock", "Both"),
    ("pop", "Both"),
]
SPLITS = pd.DataFrame(ROWS, columns=["genre", "group"])


def test_groups_of_each_genre_are_counted():
    """And the share of the largest told: a genre may be one artist."""
    confounds = find_confounds(SPLITS)

    assert confounds.n_groups == {"jazz": 2, "pop": 1, "rock": 3}
    assert confounds.to_json()["largest_share"] == {"jazz": 0.75, "pop": 1.0, "rock": 0.333333}


def test_a_genre_of_two_groups_cannot_stand_on_three_sides():
    """It is named."""
    assert find_confounds(SPLITS).few_groups == ["jazz", "pop"]


def test_groups_of_one_genre_are_told_from_those_of_several():
    """A group of one track is of one genre whatever it plays: it counts for neither."""
    confounds = find_confounds(SPLITS)

    assert (confounds.n_of_one_genre, confounds.n_of_several) == (1, 1)
