"""Augmentation: drawn by seed, track and copy alone; heard, measured, and never nothing."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.features.augment import Draw, apply, draw
from genrenet.features.mel import log_mel
from genrenet.params import Augment, Preprocessing
from tests.signals import noise, sine, tune

SR = 22_050
SEED = (0, "track", 1)


def loudest_hz(y, sr):
    """Frequency of the strongest partial, between the bins of a long spectrum."""
    spectrum = np.log(np.abs(np.fft.rfft(y * np.hanning(len(y)), 8 * len(y))) + 1e-12)
    return np.fft.rfftfreq(8 * len(y), 1 / sr)[spectrum.argmax()]


def test_a_draw_depends_on_seed_track_and_copy_alone():
    """Not on what was drawn before; each of the three matters."""
    first = draw(Augment(), "track", 1)
    draw(Augment(), "another", 7)

    assert draw(Augment(), "track", 1) == first
    others = [
        draw(Augment(), "track", 2),
        draw(Augment(), "other", 1),
        draw(Augment(seed=1), "track", 1),
    ]
    assert first not in others


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        Augment,
        pitch_semitones=st.just(0.0) | st.floats(0.5, 12),
        stretch=st.just(0.0) | st.floats(0.05, 0.49),
        probability=st.floats(0.01, 1),
        seed=st.integers(0, 2**32 - 1),
    ),
    st.text(max_size=9),
)
def test_something_is_always_drawn_and_within_its_limits(wanted, track_id):
    """And never so little that it cannot be heard."""
    what = draw(wanted, track_id, 1)
    pitch, rate, snr = what.pitch_semitones, what.stretch_rate, what.snr_db

    assert what != Draw()
    assert pitch is None or 0.5 <= abs(pitch) <= wanted.pitch_semitones + 1e-4
    assert rate is None or 0.05 - 1e-4 <= abs(rate - 1) <= wanted.stretch + 1e-4
    assert snr is None or 10 - 1e-4 <= snr <= 30 + 1e-4


def test_both_directions_are_drawn():
    """Else all copies would be sharp."""
    drawn = [draw(Augment(probability=1), str(n), 1) for n in range(50)]

    assert {np.sign(what.pitch_semitones) for what in drawn} == {-1, 1}
    assert {np.sign(what.stretch_rate - 1) for what in drawn} == {-1, 1}


@pytest.mark.parametrize(
    "what", [Draw(pitch_semitones=1.0), Draw(stretch_rate=1.1), Draw(snr_db=20.0)], ids=str
)
def test_the_same_seed_renders_the_same_bits(what):
    """So that a shard that is built again has the same bytes."""
    y = tune(sr=SR, duration_s=2)
    first = apply(y, SR, what, seed=SEED)
    random.random()
    np.random.random()

    assert np.array_equal(apply(y, SR, what, seed=SEED), first)


def test_each_copy_has_noise_of_its_own():
    """Same level, other samples."""
    y = tune(sr=SR, duration_s=2)
    one, two = (apply(y, SR, Draw(snr_db=20.0), seed=(0, "track", copy)) for copy in (1, 2))

    assert not np.array_equal(one, two)


def test_the_global_random_states_are_left_alone():
    """Whoever seeded them relies on them."""
    random.seed(3)
    np.random.seed(3)
    before = random.getstate(), np.random.get_state()[1].tolist()

    apply(tune(sr=SR, duration_s=1), SR, Draw(snr_db=20.0), seed=SEED)

    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_two_semitones_up_is_two_semitones_up():
    """440 Hz to 493.9 Hz, within 10 cents."""
    y = apply(sine(440, sr=SR, duration_s=3), SR, Draw(pitch_semitones=2.0), seed=SEED)

    cents = 1_200 * np.log2(loudest_hz(y[SR : 2 * SR], SR) / 493.883)
    assert abs(cents) < 10


def test_a_shift_keeps_the_length():
    """Pitch and tempo are changed apart."""
    y = tune(sr=SR, duration_s=2)

    assert len(apply(y, SR, Draw(pitch_semitones=-2.0), seed=SEED)) == len(y)


@pytest.mark.parametrize("rate", [0.85, 0.95, 1.1, 1.15])
def test_a_stretch_changes_the_length_and_not_the_pitch(rate):
    """A rate of 1.1 plays 10 % faster."""
    y = apply(sine(440, sr=SR, duration_s=3), SR, Draw(stretch_rate=rate), seed=SEED)

    assert len(y) == pytest.approx(3 * SR / rate, abs=2)
    cents = 1_200 * np.log2(loudest_hz(y[SR : 2 * SR], SR) / 440)
    assert abs(cents) < 10


@pytest.mark.parametrize("snr_db", [10.0, 20.0, 30.0])
def test_noise_has_the_level_that_was_drawn(snr_db):
    """Within 1 dB."""
    y = tune(sr=SR, duration_s=4)

    added = apply(y, SR, Draw(snr_db=snr_db), seed=SEED) - y

    measured = 10 * np.log10(np.mean(y**2) / np.mean(added**2))
    assert measured == pytest.approx(snr_db, abs=1)


@pytest.mark.parametrize("n", range(6))
def test_a_copy_sounds_other_than_its_original(n):
    """By more than 1 dB (root mean square of log-mel levels): else it teaches nothing."""
    spec, y = Preprocessing(), tune(sr=SR, duration_s=3, seed=n)
    what = draw(Augment(), f"track {n}", 1)

    one, two = log_mel(y, spec), log_mel(apply(y, SR, what, seed=(0, f"track {n}", 1)), spec)

    frames = min(len(one), len(two))
    floor = one.max() - 80  # what the network hears
    difference = np.maximum(one[:frames], floor) - np.maximum(two[:frames], floor)
    assert np.sqrt(np.mean(difference**2)) > 1


def test_the_original_is_not_touched():
    """It is rendered once for each copy."""
    y = noise(sr=SR, duration_s=1)
    before = y.copy()
    apply(y, SR, Draw(pitch_semitones=1.0, stretch_rate=1.1, snr_db=20.0), seed=SEED)

    assert np.array_equal(y, before)
