"""Spectra: every number is librosa's, and what the network relies on holds.

Librosa transforms in float64 (measured: within 2e-5 dB of the truth), genrenet in float32, whose
rounding is 1e-7 of a frame's loudest bin. So a tone's far bands, 100 dB and more under it, differ
by up to 0.5 dB; noise has no such bands. Down to 80 dB under the peak, which is all that the
network hears (``train.floor_db``), mel at the default settings is within 2.5e-3 dB; storing it as
float16 costs 3e-2.
"""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.features.mel import FLOOR_POWER, mel_filters
from genrenet.features.spectra import BLOCK, Spectra, frames
from genrenet.sections.features import Preprocessing
from genrenet.sections.train import Train
from tests.signals import noise, sine, tune

TOLERANCE_DB = 1e-3
DEPTH_DB = 60  # under a frame's loudest bin: measured 8e-4 dB in 1,500 random settings
NETWORK_DB = 5e-3  # down to 80 dB under the peak; measured 2.4e-3 in 1,500 sounds
MFCC_TOLERANCE = 1e-3  # of noise, through a cosine transform; measured 5e-4
TONE_MFCC = 0.15  # of 20 coefficients from -700 to 200; measured: tones 0.07, tunes 0.013


@st.composite
def specifications(draw):
    """Settings that a user may choose."""
    sr = draw(st.sampled_from([8_000, 16_000, 22_050, 44_100]))
    n_fft = draw(st.sampled_from([256, 500, 1_024, 2_048]))
    n_mels = draw(st.integers(8, 128))
    return Preprocessing(
        sr=sr,
        n_fft=n_fft,
        hop_length=draw(st.integers(n_fft // 8, n_fft)),
        n_mels=n_mels,
        n_mfcc=draw(st.integers(2, n_mels)),
        fmin=draw(st.floats(0, sr / 8)),
        fmax=draw(st.none() | st.floats(sr / 4, sr / 2)),
        mel_scale=draw(st.sampled_from(["slaney", "htk"])),
        stft=draw(st.booleans()),
        dtype="float32",
    )


@st.composite
def sounds(draw, sr):
    """A second of noise, of a tone, or of a tune with noise at any level under it or none."""
    seed = draw(st.integers(0, 99))
    hiss, notes = noise(sr=sr, duration_s=1, seed=seed), tune(sr=sr, duration_s=1, seed=seed)
    tone = sine(draw(st.floats(50, sr / 2.2)), sr=sr, duration_s=1)
    level = draw(st.sampled_from([0, 1e-4, 1e-2]))
    return draw(st.sampled_from([hiss, tone, notes + np.float32(level) * hiss]))


CASES = specifications().flatmap(lambda spec: st.tuples(st.just(spec), sounds(spec.sr)))
"""Settings, and a sound at their rate."""


def log_mel(y, spec):
    """Power in mel bands, in dB."""
    exact = spec.model_copy(update={"dtype": "float32"})
    return frames(y, exact).features["mel"]


def librosas(y, spec):
    """Librosa's log-mel spectrogram, time first."""
    power = librosa.feature.melspectrogram(
        y=y,
        sr=spec.sr,
        n_fft=spec.n_fft,
        hop_length=spec.hop_length,
        n_mels=spec.n_mels,
        fmin=spec.fmin,
        fmax=spec.top_hz,
        htk=spec.mel_scale == "htk",
    )
    return librosa.power_to_db(power, top_db=None).T


def librosas_stft(y, spec):
    """Librosa's power spectra in dB, time first."""
    power = np.abs(librosa.stft(y, n_fft=spec.n_fft, hop_length=spec.hop_length)) ** 2
    return librosa.power_to_db(power, top_db=None).T


def tolerances(levels, loudest):
    """A thousandth of a dB down to 60 dB under a frame's loudest; from there as rounding grows."""
    depth = loudest[:, None] - levels
    return np.where(depth < DEPTH_DB, 1, 2 * 10 ** ((depth - DEPTH_DB) / 20)) * TOLERANCE_DB


@pytest.mark.filterwarnings("ignore:Empty filters:UserWarning")  # librosa's remark on narrow bands
@settings(max_examples=60, deadline=None)  # no deadline: the machine is shared
@given(CASES)
def test_the_spectrogram_is_librosa_s(case):
    """Any window, hop, bands and rate; noise, tones and tunes."""
    spec, y = case
    expected = librosas(y, spec)
    # of a band that hears nothing but the loudest bin
    loudest = librosas_stft(y, spec).max(axis=1) + 10 * np.log10(spec.n_fft / spec.sr)

    assert (np.abs(log_mel(y, spec) - expected) < tolerances(expected, loudest)).all()


@pytest.mark.filterwarnings("ignore:Empty filters:UserWarning")
@settings(max_examples=20, deadline=None)
@given(specifications(), st.integers(0, 99))
def test_the_cepstrum_is_librosa_s(spec, seed):
    """Of noise, from the samples on."""
    y = noise(sr=spec.sr, duration_s=1, seed=seed)
    expected = librosa.feature.mfcc(S=librosas(y, spec).T, n_mfcc=spec.n_mfcc).T

    assert np.abs(frames(y, spec).features["mfcc"] - expected).max() < MFCC_TOLERANCE


@settings(max_examples=40, deadline=None)
@given(CASES)
def test_the_cepstrum_of_one_spectrogram_is_librosa_s(case):
    """Any sound; librosa's own transform, of the same levels."""
    spec, y = case
    found = frames(y, spec).features
    expected = librosa.feature.mfcc(S=found["mel"].T, n_mfcc=spec.n_mfcc).T

    assert np.abs(found["mfcc"] - expected).max() < MFCC_TOLERANCE


@settings(max_examples=20, deadline=None)
@given(sounds(Preprocessing().sr))
def test_a_tone_s_cepstrum_differs_by_what_its_far_bands_do(y):
    """Each coefficient hears all bands, the ones that are rounded too; at the default settings."""
    spec = Preprocessing(dtype="float32")
    expected = librosa.feature.mfcc(S=librosas(y, spec).T, n_mfcc=spec.n_mfcc).T

    assert np.abs(frames(y, spec).features["mfcc"] - expected).max() < TONE_MFCC


@settings(max_examples=20, deadline=None)
@given(sounds(Preprocessing().sr))
def test_what_the_network_hears_is_librosa_s(y):
    """Of any sound, at the default settings."""
    spec = Preprocessing(dtype="float32")
    expected = librosas(y, spec)
    heard = expected > expected.max() + Train().floor_db

    assert np.abs(log_mel(y, spec) - expected)[heard].max() < NETWORK_DB


@settings(max_examples=20, deadline=None)
@given(CASES)
def test_the_power_spectrum_is_librosa_s(case):
    """In dB, of any sound."""
    spec, y = case
    expected = librosas_stft(y, spec)

    found = frames(y, spec.model_copy(update={"stft": True})).features["stft"]

    assert (np.abs(found - expected) < tolerances(expected, expected.max(axis=1))).all()


@settings(max_examples=30, deadline=None)
@given(specifications(), st.lists(st.integers(0, 9_000), max_size=12), st.integers(0, 99))
def test_pieces_leave_no_trace(spec, lengths, seed):
    """However the signal comes, its frames have the same bits."""
    y = noise(sr=spec.sr, duration_s=2, seed=seed)
    spectra = Spectra(spec)
    for piece in np.split(y, np.minimum(np.cumsum(lengths), len(y))):
        spectra.push(piece)
    found, expected = spectra.finish(), frames(y, spec)

    assert found.peak_db == expected.peak_db
    for name in spec.bins:
        assert np.array_equal(found.features[name], expected.features[name])


@settings(max_examples=30, deadline=None)
@given(st.floats(20, 2_000), st.integers(1, 40_000))
def test_a_hop_of_any_length_keeps_the_time(hop, n_samples):
    """Frame ``n`` is within half a sample of ``n`` hops, and the last one is within the signal."""
    spec = Preprocessing(sr=8_000, n_fft=512, hop_length=128, window_s=1, overlap_s=0)
    spectra = Spectra(spec, hop=hop)
    spectra.push(np.zeros(n_samples, np.float32))
    n_frames = len(spectra.finish().features["mel"])

    assert abs((n_frames - 1) * hop - n_samples) <= hop + 1
    assert round((n_frames - 1) * hop) <= n_samples


@pytest.mark.filterwarnings("ignore:Empty filters:UserWarning")
@settings(max_examples=20, deadline=None)
@given(specifications())
def test_the_filters_are_librosa_s(spec):
    """Within float32."""
    expected = librosa.filters.mel(
        sr=spec.sr,
        n_fft=spec.n_fft,
        n_mels=spec.n_mels,
        fmin=spec.fmin,
        fmax=spec.top_hz,
        htk=spec.mel_scale == "htk",
    )

    filters = mel_filters(spec.sr, spec.n_fft, spec.n_mels, spec.fmin, spec.top_hz, spec.mel_scale)
    assert np.abs(filters - expected).max() < 1e-7


def test_ten_times_the_amplitude_is_twenty_decibels():
    """Log-power scaling: the one relation that the network relies on."""
    spec = Preprocessing()
    y = 0.05 * sine(440, sr=spec.sr, duration_s=1)

    gain_db = log_mel(10 * y, spec).max() - log_mel(y, spec).max()

    assert gain_db == pytest.approx(20, abs=0.001)


def test_a_tone_is_loudest_in_its_band():
    """The band whose triangle has its top nearest to the tone."""
    spec = Preprocessing()
    tops = librosa.mel_frequencies(spec.n_mels + 2, fmin=spec.fmin, fmax=spec.top_hz)[1:-1]

    loudest = log_mel(sine(1_000, sr=spec.sr, duration_s=1), spec).mean(axis=0).argmax()

    assert loudest == np.abs(tops - 1_000).argmin()


def test_silence_is_the_floor():
    """Not minus infinity."""
    spec = Preprocessing()

    levels = log_mel(np.zeros(spec.sr, np.float32), spec)

    assert levels == pytest.approx(10 * np.log10(FLOOR_POWER), abs=1e-5)


@pytest.mark.parametrize("n_frames", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1])
def test_blocks_leave_no_trace(n_frames):
    """The same bits as in a longer signal, whose blocks end elsewhere."""
    spec = Preprocessing(hop_length=2_048)  # so that no frame but the first reaches a padded end
    y = noise(sr=spec.sr, duration_s=28)

    part = log_mel(y[: n_frames * spec.hop_length - 1], spec)

    assert len(part) == n_frames
    assert np.array_equal(part, log_mel(y, spec)[:n_frames])


def test_features_are_float32_with_time_first():
    """As declared: one frame for each hop, and one for the start."""
    spec = Preprocessing()
    levels = log_mel(noise(sr=spec.sr, duration_s=2), spec)

    assert levels.shape == (1 + 2 * spec.sr // spec.hop_length, spec.n_mels)
    assert levels.dtype == np.float32
