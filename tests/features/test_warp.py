"""Warp: what the analysis of a played-again piece would be, without playing it again."""

import numpy as np
import pytest

from genrenet.features.augment import Draw
from genrenet.features.preprocessing import extract_copies
from genrenet.features.warp import POOL_SIZE, with_noise
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing
from tests.resynthesis import by_warping, melody, tone
from tests.signals import noise, write

SPEC = Preprocessing(stft=True, dtype="float32")


def test_an_onset_is_where_the_tempo_puts_it():
    """Half a minute on, not a hop late: fractions of hops do not add up."""
    y = np.zeros(30 * SPEC.sr, np.float32)
    y[29 * SPEC.sr :] = noise(sr=SPEC.sr, duration_s=1)
    for rate in (0.87, 1.03, 1.13):
        copy = by_warping(y, Draw(stretch_rate=rate, pitch_semitones=1.3), SPEC)
        level = copy.mel.mean(axis=1)

        onset_s = np.flatnonzero(level > -50)[0] * SPEC.hop_length / SPEC.sr
        assert abs(onset_s - 29 / rate) < (SPEC.n_fft / 2 + SPEC.hop_length) / SPEC.sr


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 30.0])
def test_noise_has_the_level_that_was_drawn(snr_db):
    """Within a tenth of a decibel; without a level there is none."""
    y = tone(440, sr=SPEC.sr)
    added = with_noise(y, snr_db, seed=3) - y

    assert 10 * np.log10(np.mean(y**2) / np.mean(added**2)) == pytest.approx(snr_db, abs=0.1)
    assert with_noise(y, None, seed=3) is y


def test_noise_is_white_and_each_copy_has_its_own():
    """No two stretches of the pool go together."""
    y = np.full(2**15, 1, np.float32)
    one, two = (with_noise(y, 0.0, seed=n) - y for n in (1, 2))

    assert abs(np.corrcoef(one, two)[0, 1]) < 0.02
    power = np.abs(np.fft.rfft(one)) ** 2
    octaves = [power[2**n : 2 ** (n + 1)].mean() for n in range(7, 14)]
    assert np.ptp(10 * np.log10(octaves)) < 2


def test_noise_longer_than_the_pool_lasts_to_the_end():
    """Half a minute at 192 kHz is."""
    y = np.ones(POOL_SIZE + 2**16, np.float32)

    end = (with_noise(y, 10.0, seed=0) - y)[-(2**16) :]

    assert 10 * np.log10(np.mean(end**2)) == pytest.approx(-10, abs=0.1)


def test_copies_of_one_decoding_are_what_each_alone_would_be(tmp_path):
    """Four copies, or the first two of them."""
    path = write(tmp_path / "a.wav", melody(seed=1, sr=44_100), 44_100)
    spec = Preprocessing(n_chroma=24)
    four, two = (extract_copies(path, spec, Augment(method="warp", copies=n), "a") for n in (4, 2))

    for (what, one), (also, other) in zip(four[:2], two, strict=True):
        assert what == also
        for name, values in one.features.items():
            assert np.array_equal(values, other.features[name])


def test_the_quiet_ends_of_a_recording_are_cut_from_its_copies(tmp_path):
    """Noise does not make them loud, and a tempo moves them."""
    silence = np.zeros(3 * 22_050, np.float32)
    y = np.concatenate([silence, melody(seed=2, sr=22_050, duration_s=9.0), silence])
    path = write(tmp_path / "a.wav", y, 22_050)
    for method in ("warp", "render"):
        settings = Augment(method=method, probability=1.0, copies=4)
        for what, clip in extract_copies(path, Preprocessing(overlap_s=0), settings, "a"):
            assert clip.start_s[0] == pytest.approx(3 / what.stretch_rate, abs=0.15)
            assert clip.start_s[-1] + 3 == pytest.approx(12 / what.stretch_rate, abs=0.7)
