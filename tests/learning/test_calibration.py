"""Calibration: confidence that means what it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.learning.calibration import LEAST, MOST, fit_temperature, probabilities
from genrenet.learning.metrics import track_probabilities

N_TRACKS, N_WINDOWS = 400, 3


def model(overconfidence, *, seed=0):
    """Logits, tracks and true classes of a model that is too sure by a known factor.

    The windows of a track agree, so that its mean probability is theirs.
    """
    rng = np.random.default_rng(seed)
    honest = 1.5 * rng.standard_normal((N_TRACKS, 4))
    chance = np.cumsum(probabilities(honest, 1.0), axis=1)
    y_true = (rng.random((N_TRACKS, 1)) > chance).sum(axis=1)
    track = np.repeat(np.arange(N_TRACKS), N_WINDOWS)
    return overconfidence * honest[track], track, y_true


def log_loss(logits, track, y_true, temperature):
    """In nats, by track."""
    y_prob = track_probabilities(probabilities(logits, temperature), track)
    return -np.log(y_prob[np.arange(len(y_true)), y_true]).mean()


@pytest.mark.parametrize("overconfidence", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_was_too_sure_or_too_shy(overconfidence):
    """Known by construction; within what 400 tracks can tell (15 %)."""
    assert fit_temperature(*model(overconfidence)) == pytest.approx(overconfidence, rel=0.15)


def test_calibration_lowers_the_loss_on_other_tracks():
    """Where it counts: fitted on one half, judged on another."""
    temperature = fit_temperature(*model(3.0, seed=0))

    assert temperature > 1
    assert log_loss(*model(3.0, seed=1), temperature) < log_loss(*model(3.0, seed=1), 1.0)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(LEAST, MOST))
def test_probabilities_sum_to_one_and_keep_the_answer(seed, temperature):
    """However large the logits are."""
    logits = 1e3 * np.random.default_rng(seed).standard_normal((5, 3)).astype(np.float32)
    y_prob = probabilities(logits, temperature)

    assert y_prob.sum(axis=1) == pytest.approx(1)
    assert (y_prob.argmax(axis=1) == logits.argmax(axis=1)).all()


@pytest.mark.parametrize("n", [5, 50])
def test_a_model_that_is_always_right_is_as_sure_as_its_tracks_allow(n):
    """After n right answers the next is right with (n + 1) / (n + 2), and not for certain."""
    y_true = np.arange(3 * n) % 3
    logits = np.eye(3)[y_true]

    y_prob = probabilities(logits, fit_temperature(logits, np.arange(3 * n), y_true))

    assert y_prob.max() == pytest.approx((3 * n + 1) / (3 * n + 2), abs=1e-3)


def test_a_model_that_is_always_wrong_knows_nothing():
    """The answer becomes nearly uniform."""
    logits = 9.0 * np.eye(3)[[0, 1, 2] * 5]

    assert fit_temperature(logits, np.arange(15), np.array([1, 2, 0] * 5)) > MOST / 2
