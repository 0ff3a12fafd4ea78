"""Warp: what the analysis of a played-again piece would be, without playing it again."""

import numpy as np
import pytest

from genrenet.features.augment import ORIGINAL, Draw
from genrenet.features.preprocessing import extract_copies
from genrenet.features.spectra import Spectra
from genrenet.features.warp import analysis_hop, analysis_rate, with_noise
from genrenet.params import Augment, Preprocessing
from tests.resynthesis import (
    Analysis,
    analyse,
    by_librosa,
    log_spectral_distance,
    melody,
    tone,
    tone_cents,
)
from tests.signals import noise, write

SPEC = Preprocessing(stft=True, dtype="float32")
SEEDS = range(3)
PITCHES = [Draw(pitch_semitones=p) for p in (-4.0, -2.0, -0.5, 1.0, 2.0, 4.0)]
TEMPI = [Draw(stretch_rate=r) for r in (0.8, 0.9, 0.95, 1.1, 1.25)]
BOTH = [Draw(pitch_semitones=2.0, stretch_rate=0.9), Draw(pitch_semitones=-3.0, stretch_rate=1.2)]


def warped(y, what, spec=SPEC):
    """What is seen of a signal at ``spec.sr`` that is warped."""
    import soxr

    rate = analysis_rate(what, spec.sr)
    spectra = Spectra(spec, hop=analysis_hop(what, spec))
    spectra.push(y if rate == spec.sr else soxr.resample(y, spec.sr, rate, quality="HQ"))
    features = spectra.finish().features
    return Analysis(features["mel"], features["stft"])


def distances(what):
    """Mean distance to the re-synthesis: of warp, of librosa's shifter, of doing nothing."""
    found = []
    for seed in SEEDS:
        original = melody(seed=seed, sr=SPEC.sr)
        truth = melody(
            semitones=what.pitch_semitones or 0, rate=what.stretch_rate or 1, seed=seed, sr=SPEC.sr
        )
        expected = analyse(truth, SPEC).mel
        ways = (warped(original, what), by_librosa(original, what, SPEC), analyse(original, SPEC))
        found.append([log_spectral_distance(way.mel, expected) for way in ways])
    return np.mean(found, axis=0)


@pytest.mark.parametrize("what", [*PITCHES, *TEMPI, *BOTH], ids=str)
def test_a_warp_is_nearer_to_a_true_re_synthesis_than_librosa_s_shifter(what):
    """Notes, chords and clicks; and far nearer than doing nothing."""
    warp, librosas, nothing = distances(what)

    assert warp <= librosas
    assert warp < 0.7 * nothing


@pytest.mark.parametrize("hz", [220.0, 440.0, 1_000.0, 3_000.0])
@pytest.mark.parametrize("what", [*PITCHES, *TEMPI, *BOTH], ids=str)
def test_a_tone_is_within_five_cents(what, hz):
    """Shifted by what was drawn, and by a change of tempo not at all."""
    seen = warped(tone(hz, sr=SPEC.sr), what)

    assert abs(tone_cents(seen.stft, SPEC, hz * 2 ** ((what.pitch_semitones or 0) / 12))) < 5


@pytest.mark.parametrize("what", [ORIGINAL, *PITCHES, *TEMPI, *BOTH], ids=str)
def test_the_length_is_within_one_hop(what):
    """Of the length at the drawn tempo, for any number of samples."""
    for n_samples in (20_000, 66_150, 123_457):
        n_frames = len(warped(noise(sr=SPEC.sr, duration_s=n_samples / SPEC.sr), what).mel)

        expected = 1 + n_samples / (what.stretch_rate or 1) / SPEC.hop_length
        assert abs(n_frames - expected) <= 1


def test_an_onset_is_where_the_tempo_puts_it():
    """Half a minute on, not a hop late: fractions of hops do not add up."""
    y = np.zeros(30 * SPEC.sr, np.float32)
    y[29 * SPEC.sr :] = noise(sr=SPEC.sr, duration_s=1)
    for rate in (0.87, 1.03, 1.13):
        level = warped(y, Draw(stretch_rate=rate, pitch_semitones=1.3)).mel.mean(axis=1)

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


def test_noise_longer_than_the_pool_is_made(monkeypatch):
    """Forty seconds at 192 kHz are."""
    monkeypatch.setattr("genrenet.features.warp.POOL_SIZE", 1_000)
    y = np.ones(2**22 + 99, np.float32)

    assert len(with_noise(y, 10.0, seed=0)) == len(y)


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
