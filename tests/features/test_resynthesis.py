"""A copy is what the same music would have been at the other pitch or tempo.

Each way of altering a recording is held against the piece played again, and against librosa's
shifter. Measured (mean of 3 pieces, dB): 2 semitones down 2.9, librosa 8.3; up 2.1, librosa 7.8;
15 % slower 1.9, librosa 8.0; faster 1.6, librosa 8.0.
"""

import functools

import pytest

from genrenet.features.augment import ORIGINAL, Draw
from genrenet.sections.features import Preprocessing
from tests.resynthesis import (
    Way,
    analyse,
    by_librosa,
    by_rendering,
    by_warping,
    log_spectral_distance,
    melody,
    tone,
    tone_cents,
)

SPEC = Preprocessing(stft=True, dtype="float32")
TOLERANCE_CENTS = 5  # a semitone has 100; half of what trained listeners notice
WAYS: dict[str, Way] = {"render": by_rendering, "warp": by_warping}
CHANGES = [
    *(Draw(pitch_semitones=semitones) for semitones in (-4.0, -2.0, -0.5, 0.5, 2.0, 4.0)),
    *(Draw(stretch_rate=rate) for rate in (0.75, 0.85, 0.95, 1.05, 1.15, 1.3)),
    *(Draw(pitch_semitones=p, stretch_rate=r) for p, r in [(-3.0, 1.2), (-2.0, 1.1), (2.0, 0.9)]),
]


def named(what):
    """A change as the name of a test."""
    return f"{what.pitch_semitones or 0:+}st x{what.stretch_rate or 1}"


@pytest.fixture(params=WAYS.values(), ids=WAYS.keys())
def way(request):
    """A way of altering a recording."""
    return request.param


@functools.cache
def truth_of(what, seed):
    """A piece played again, and how far from it librosa's shifter and doing nothing are."""
    y = melody(sr=SPEC.sr, seed=seed)
    semitones, rate = what.pitch_semitones or 0.0, what.stretch_rate or 1.0
    truth = analyse(melody(semitones=semitones, rate=rate, sr=SPEC.sr, seed=seed), SPEC).mel
    others = by_librosa(y, what, SPEC), analyse(y, SPEC)
    return truth, *(log_spectral_distance(other.mel, truth) for other in others)


@pytest.mark.parametrize("what", CHANGES, ids=named)
def test_a_copy_is_nearer_to_the_truth_than_librosas(way, what):
    """By log-spectral distance, and nearer than the unaltered recording by far; three pieces."""
    for seed in range(3):
        truth, librosas, nothing = truth_of(what, seed)

        distance = log_spectral_distance(way(melody(sr=SPEC.sr, seed=seed), what, SPEC).mel, truth)

        assert distance <= librosas
        assert distance < 0.5 * nothing


@pytest.mark.parametrize("what", [ORIGINAL, *CHANGES], ids=named)
def test_a_copy_is_as_long_as_it_should_be(way, what):
    """Within one hop, for any number of samples."""
    for n_samples in (20_000, 66_150, 123_457):
        y = melody(sr=SPEC.sr, seed=2, duration_s=n_samples / SPEC.sr)

        n_frames = len(way(y, what, SPEC).mel)

        expected = 1 + n_samples / (what.stretch_rate or 1.0) / SPEC.hop_length
        assert abs(n_frames - expected) <= 1


@pytest.mark.parametrize("what", CHANGES, ids=named)
@pytest.mark.parametrize("hz", [220, 441.3, 1_000, 3_520])
def test_a_tone_comes_out_where_it_should(way, what, hz):
    """Within 5 cents; a stretch leaves it in its place."""
    expected_hz = hz * 2 ** ((what.pitch_semitones or 0.0) / 12)

    seen = way(tone(hz, sr=SPEC.sr), what, SPEC)

    assert abs(tone_cents(seen.stft, SPEC, expected_hz)) < TOLERANCE_CENTS
