"""Label doubts: wrong labels are found, right ones left alone, and each list is in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrenet.learning.doubts import (
    UNSURE,
    confident_classes,
    doubted,
    margins,
)

# Thresholds, the mean of each label's own probabilities: 0.6, 0.45, 0.6.
Y_GIVEN = np.array([0, 0, 0, 1, 1, 2])
Y_PROB = np.array(
    [
        [0.9, 0.1, 0.0],
        [0.7, 0.2, 0.1],
        [0.2, 0.7, 0.1],  # given as the first, heard as the second
        [0.1, 0.5, 0.4],
        [0.4, 0.4, 0.2],  # reaches no threshold
        [0.3, 0.1, 0.6],
    ]
)


def test_a_class_is_reached_at_the_mean_of_its_own_tracks():
    """By hand: five tracks reach a threshold, one none."""
    assert confident_classes(Y_GIVEN, Y_PROB).tolist() == [0, 0, 1, 1, UNSURE, 2]


def test_a_hard_class_needs_less():
    """Of a class that the network is never sure of, 0.45 says more than 0.55 of another."""
    y_prob = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.7, 0.3], [0.7, 0.3], [0.55, 0.45]])

    assert confident_classes(np.array([0, 0, 0, 1, 1, 0]), y_prob).tolist()[-1] == 1


def test_a_label_that_is_the_most_probable_is_not_doubted():
    """It is confidently of another class by its threshold alone: nobody should change it."""
    y_prob = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.7, 0.3], [0.7, 0.3], [0.55, 0.45]])

    assert doubted(np.array([0, 0, 0, 1, 1, 0]), y_prob).tolist() == []


def test_what_is_confidently_of_another_class_is_doubted():
    """By hand: one track of six."""
    assert doubted(Y_GIVEN, Y_PROB).tolist() == [2]


@st.composite
def answered(draw):
    """Labels and probabilities of some tracks; a class may have no track."""
    n_tracks, n_classes = draw(st.integers(1, 30)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    y_prob = rng.dirichlet([draw(st.sampled_from([0.2, 1.0, 5.0]))] * n_classes, n_tracks)
    return rng.integers(n_classes, size=n_tracks), y_prob


@given(answered())
def test_doubts_are_ranked_by_margin(case):
    """The worst first, each heard as another class than the given one."""
    y_given, y_prob = case
    found = doubted(y_given, y_prob)

    assert (np.diff(margins(y_given, y_prob)[found]) >= 0).all()
    assert (margins(y_given, y_prob)[found] < 0).all()
    assert (confident_classes(y_given, y_prob)[found] != y_given[found]).all()


@given(answered(), st.integers(0, 9))
def test_the_order_of_tracks_and_classes_means_nothing(case, seed):
    """The same tracks are doubted."""
    y_given, y_prob = case
    rng = np.random.default_rng(seed)
    tracks, classes = rng.permutation(len(y_given)), rng.permutation(y_prob.shape[1])
    renamed = np.argsort(classes)[y_given]

    found = doubted(renamed[tracks], y_prob[tracks][:, classes])

    assert sorted(tracks[found]) == sorted(doubted(y_given, y_prob))


@pytest.mark.parametrize("seed", range(5))
def test_planted_labels_are_found(seed):
    """A good model's answers show most of 10 % wrong labels."""
    rng = np.random.default_rng(seed)
    y_true = rng.integers(6, size=600)
    strength = rng.normal(size=(600, 6)) + 4.0 * np.eye(6)[y_true]
    y_prob = np.exp(strength) / np.exp(strength).sum(axis=1, keepdims=True)
    planted = rng.choice(600, 60, replace=False)
    y_given = y_true.copy()
    y_given[planted] = (y_given[planted] + rng.integers(1, 6, 60)) % 6

    found = doubted(y_given, y_prob)

    n_right = len(set(found) & set(planted))
    assert n_right / len(found) > 0.7
    assert n_right / len(planted) > 0.7


def test_right_labels_of_a_sure_model_are_left_alone():
    """Nothing is listed for the list's sake."""
    y_given = np.arange(40) % 4

    assert not len(doubted(y_given, 0.05 + 0.8 * np.eye(4)[y_given]))
