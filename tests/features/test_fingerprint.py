"""The fingerprint: the same for one recording in other clothes, another for other music."""

import io

import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.features.fingerprint import NOTHING, REVISION, bands, reach
from genrenet.features.preprocessing import extract, from_signal
from genrenet.features.spectra import Spectra
from genrenet.sections.features import Preprocessing
from tests.signals import noise, tune, write

SPEC = Preprocessing()
SR = SPEC.sr


def words(y, spec=SPEC, *, pieces=()):
    """The fingerprint of a signal, heard at once or in pieces."""
    spectra = Spectra(spec, fingerprint=True)
    for piece in np.split(np.asarray(y, np.float32), pieces):
        spectra.push(piece)
    return spectra.finish().fingerprint


def bit_error(one, other):
    """Share of bits that differ where both say something."""
    n = min(len(one), len(other))
    heard = (one[:n] != NOTHING) & (other[:n] != NOTHING)
    return np.bitwise_count(one[:n] ^ other[:n])[heard].mean() / 32


def music(duration_s=5.0, seed=0):
    """A tune with some noise, at the usual rate."""
    y = tune(sr=SR, duration_s=duration_s, seed=seed)
    return y + 0.05 * noise(sr=SR, duration_s=duration_s, seed=seed)


def coded(y, sr, kind, **how):
    """What a codec makes of a signal, at the usual rate."""
    file = io.BytesIO()
    sf.write(file, y, sr, format=kind, **how)
    file.seek(0)
    decoded, sr = sf.read(file, dtype="float32", always_2d=True)
    return soxr.resample(decoded.mean(axis=1), sr, SR)


MP3_64 = {"kind": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.65}  # kbit/s, mono


@pytest.mark.parametrize(
    "clothes",
    [
        lambda y: 0.02 * y,
        lambda y: coded(y, SR, **MP3_64),
        lambda y: coded(y, SR, "OGG", compression_level=0.9),
        lambda y: coded(np.stack([y, y], axis=1), SR, "WAV"),
        lambda y: soxr.resample(soxr.resample(y, SR, 8_000), 8_000, SR),
        lambda y: soxr.resample(soxr.resample(y, SR, 48_000), 48_000, SR),
    ],
    ids=["softer", "mp3", "ogg", "stereo", "8 kHz", "48 kHz"],
)
def test_other_clothes_hardly_change_it(clothes):
    """Gain, codec, channels and rate: at most 5 of 100 bits."""
    y = music()

    assert bit_error(words(y), words(clothes(y))) < 0.05


def test_beginning_between_two_frames_hardly_changes_it():
    """Half a hop is the worst that an excerpt does."""
    y = music()

    found = words(y[10 * SPEC.hop_length + SPEC.hop_length // 2 :])

    assert bit_error(words(y)[10:], found) < 0.08


@pytest.mark.parametrize("make", [noise, tune])
def test_other_sound_has_another(make):
    """Half of the bits differ; of 5 s the standard deviation is 2 of 100."""
    one, *others = (words(make(sr=SR, duration_s=5, seed=seed)) for seed in range(6))

    for other in others:
        assert abs(bit_error(one, other) - 0.5) < 0.1


@settings(max_examples=10, deadline=None)  # no deadline: the machine is shared
@given(st.lists(st.integers(0, 60_000), max_size=9), st.floats(1e-3, 1e3))
def test_pieces_and_powers_of_two_leave_no_trace(lengths, gain):
    """However the signal comes and however loud it is, the same bits."""
    y, exact = music(3.0), np.float32(2.0 ** round(np.log2(gain)))
    pieces = np.minimum(np.cumsum(lengths), len(y)).astype(int)

    assert np.array_equal(words(exact * y, pieces=pieces), words(y))


@pytest.mark.parametrize("changes", [{"n_mels": 128, "n_mfcc": 40}, {"fmin": 300.0, "fmax": 4e3}])
def test_the_features_settings_do_not_matter(changes):
    """Who is a duplicate does not hang on mel bands."""
    other = SPEC.model_copy(update={**changes, "n_chroma": 12, "stft": True, "dtype": "float32"})

    assert np.array_equal(words(music(), other), words(music()))


def test_what_is_not_heard_says_nothing():
    """Digital silence, and what lies 70 dB under the rest: coding noise is all that is there."""
    y, pause = music(3.0), np.zeros(2 * SR, np.float32)
    hiss = 10 ** (-70 / 20) * noise(sr=SR, duration_s=2)
    inside = slice(5 + 3 * SR // SPEC.hop_length, 5 * SR // SPEC.hop_length - reach(SPEC) - 5)

    for quiet in (pause, hiss):
        found = words(np.concatenate([y, quiet, y]))
        assert (found[inside] == NOTHING).all()
        assert (found[: inside.start - reach(SPEC)] != NOTHING).all()


def test_it_has_a_word_for_each_frame_that_others_follow():
    """Two thirds of a second are heard for a word; less has none."""
    n_frames = 1 + 5 * SR // SPEC.hop_length

    assert len(words(noise(sr=SR, duration_s=5))) == n_frames - reach(SPEC) + 1
    assert reach(SPEC) * SPEC.hop_length / SR == pytest.approx(2 * 0.37, abs=0.02)
    assert len(words(noise(sr=SR, duration_s=0.6))) == 0


@pytest.mark.parametrize(
    ("sr", "n_fft"), [(22_050, 2_048), (8_000, 512), (4_000, 256), (44_100, 512)]
)
def test_the_bands_divide_the_range_among_them(sr, n_fft):
    """No bin is heard twice, and none between the ends is left out; also where bins are coarse."""
    first, shares = bands(sr, n_fft)

    widths = shares.sum(axis=0) * sr / n_fft
    assert widths.sum() == pytest.approx(min(2_000, sr / 2) - 300, abs=sr / n_fft)
    inside = np.arange(first, first + len(shares)) * sr / n_fft
    inside = (inside > 300 + sr / n_fft) & (inside < min(2_000, sr / 2) - sr / n_fft)
    assert shares[inside].sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (np.diff(widths[:-1]) > 0).all()  # equal on a logarithmic scale
    assert first + len(shares) <= 1 + n_fft // 2


def test_other_algorithms_have_another_revision():
    """Stored words are compared with new ones: change these and ``REVISION`` together."""
    loud = sum(np.sin(2 * np.pi * hz * np.arange(3 * SR) / SR) for hz in (330, 554, 880, 1_320))
    beat = 1 + np.sin(2 * np.pi * 1.7 * np.arange(3 * SR) / SR)
    y = (0.1 * loud * beat + 0.3 * noise(sr=SR, duration_s=3)).astype(np.float32)
    made = words(y)[::12].astype("<u4")

    assert REVISION == 1
    assert bit_error(made, GOLDEN) < 0.01  # another CPU may round a difference near 0 otherwise


GOLDEN = np.frombuffer(
    bytes.fromhex("f1135359ce4c9c6e81239381cebc6c4661d3b2e96eecec16917323a93e1c9ddea1639351"), "<u4"
)
"""Every twelfth word of four tones that beat, and noise; made by this file's own lines above."""


def test_a_clip_is_described_where_it_is_asked_for(tmp_path):
    """Level, noise floor, length; nothing of it changes the windows, and nobody else pays."""
    y = np.concatenate([0.5 * music(4.0), np.zeros(SR, np.float32)])
    path = write(tmp_path / "a.wav", y, SR, "FLOAT")
    spec = SPEC.model_copy(update={"trim_db": None})

    plain, described = extract(path, spec), extract(path, spec, clip=True)

    assert plain.clip is None
    assert from_signal(y, SR, spec).clip is None
    for name, values in plain.features.items():
        assert np.array_equal(values, described.features[name])
    clip = described.clip
    assert np.array_equal(clip.fingerprint, words(y))
    assert clip.used_s == pytest.approx(5.0, abs=0.03)
    assert clip.level_db == pytest.approx(10 * np.log10(np.mean(y**2)), abs=0.05)
    assert clip.noise_floor_db == -120  # a fifth of it is digital silence


def test_what_is_trimmed_is_not_described(tmp_path):
    """Silence around a sound makes it neither softer nor another."""
    y = music(4.0)
    around = np.zeros(SR, np.float32)
    path = write(tmp_path / "a.wav", np.concatenate([around, y, around]), SR, "FLOAT")

    clip = extract(path, SPEC, clip=True).clip

    assert clip.used_s == pytest.approx(4.0, abs=0.1)
    assert clip.level_db == pytest.approx(10 * np.log10(np.mean(y**2)), abs=0.3)
    assert clip.noise_floor_db == pytest.approx(clip.level_db, abs=15)
