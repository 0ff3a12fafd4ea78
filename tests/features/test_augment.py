"""Augmentation: drawn by seed, track and copy alone, and never nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.features.augment import Draw, draw, seed_of
from genrenet.features.preprocessing import extract, extract_copies
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing
from tests.signals import tune, write


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


@settings(max_examples=100, deadline=None)
@given(st.tuples(st.integers(0, 2**32 - 1), st.text(max_size=9), st.integers(1, 100)))
def test_a_seed_is_one_that_every_generator_takes(key):
    """32 bits; another copy, another piece or another track has another one."""
    seed, track_id, copy = key
    others = [(seed, track_id, copy + 1), (seed, track_id + "x", copy), (seed + 1, track_id, copy)]

    assert 0 <= seed_of(*key) < 2**32
    assert seed_of(*key) == seed_of(*key)
    assert seed_of(*key) not in [seed_of(*key, 1), *(seed_of(*other) for other in others)]


@pytest.mark.parametrize("method", ["warp", "render"])
def test_a_copy_sounds_other_than_its_original(tmp_path, method):
    """By more than 1 dB (root mean square of log-mel levels): else it teaches nothing."""
    spec, settings = Preprocessing(), Augment(method=method, copies=4)
    path = write(tmp_path / "a.wav", tune(sr=spec.sr, duration_s=5), spec.sr)
    original = extract(path, spec).features["mel"][0].astype(np.float32)
    floor = original.max() - 80  # what the network hears

    for _, copy in extract_copies(path, spec, settings, "a"):
        altered = copy.features["mel"][0].astype(np.float32)
        difference = np.maximum(original, floor) - np.maximum(altered, floor)
        assert np.sqrt(np.mean(difference**2)) > 1
