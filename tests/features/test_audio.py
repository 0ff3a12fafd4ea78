"""Audio: what is decoded is what the file holds, and what says nothing is refused by name."""

import librosa
import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.errors import AudioError
from genrenet.features import audio
from genrenet.features.audio import TRIM_HOP, Loudness, mix_down, open_recording
from genrenet.sections.features import Preprocessing
from tests.signals import noise, write

SR = 22_050
PLAIN = Preprocessing(trim_db=None)  # at SR: decoding is all that is left
FORMATS = ("wav", "flac", "mp3", "ogg", "aiff")


@pytest.fixture
def recording(tmp_path):
    """Four seconds of noise in a file of the named format."""

    def make(name, *, sr=SR, duration_s=4.0, subtype=None):
        return write(tmp_path / name, noise(sr=sr, duration_s=duration_s), sr, subtype)

    return make


def load(path, spec, **segment):
    """The used part of a file, its pieces joined, and where it begins."""
    recording = open_recording(path, spec, **segment)
    return np.concatenate([piece for piece, _ in recording.pieces]), recording.begin_s


def bounds(y, trim_db=60.0, sr=SR, piece=None):
    """What is loud enough of a signal, heard at once or in pieces."""
    loudness = Loudness(trim_db)
    for begin in range(0, max(1, len(y)), piece or max(1, len(y))):
        loudness.push(y[begin : begin + (piece or len(y))])
    return loudness.bounds(sr)


@pytest.mark.parametrize("suffix", FORMATS)
def test_decoding_gives_what_libsndfile_gives(recording, suffix):
    """To the last bit, in every format."""
    path = recording(f"a.{suffix}")

    y, offset_s = load(path, PLAIN)

    assert np.array_equal(y, sf.read(path, dtype="float32")[0])
    assert (y.dtype, offset_s) == (np.float32, 0.0)


def test_stereo_is_mixed_to_the_mean(tmp_path):
    """Left alone is half as loud; left against right is silent."""
    left, right = noise(sr=SR, duration_s=2, seed=1), noise(sr=SR, duration_s=2, seed=2)
    path = write(tmp_path / "a.wav", np.column_stack([left, right]), SR, "FLOAT")

    assert np.array_equal(load(path, PLAIN)[0], (left + right) * np.float32(0.5))


@pytest.mark.parametrize("n_channels", [1, 2, 3, 6])
def test_any_number_of_channels_is_mixed_to_the_mean(n_channels):
    """Within float32's rounding of the mean in double precision."""
    samples = np.random.default_rng(0).uniform(-1, 1, (1_000, n_channels)).astype(np.float32)

    assert mix_down(samples) == pytest.approx(samples.mean(axis=1, dtype=np.float64), abs=3e-7)


def test_mixing_leaves_the_samples_as_they_were():
    """A caller's array is the caller's."""
    samples = np.ones((10, 2), dtype=np.float32)
    mix_down(samples)

    assert (samples == 1).all()


@pytest.mark.parametrize("n_channels", [1, 2, 3, 8])
def test_sixteen_bits_are_read_to_the_last_one(tmp_path, n_channels):
    """They take a faster way, which must lead to the same place."""
    samples = np.random.default_rng(0).uniform(-1, 1, (SR, n_channels))
    path = write(tmp_path / "a.wav", samples, SR, "PCM_16")

    floats = sf.read(path, dtype="float32", always_2d=True)[0]
    assert np.array_equal(load(path, PLAIN)[0], mix_down(floats))


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("piece_s", [0.05, 0.7, 3.0])
def test_pieces_joined_are_the_recording(recording, monkeypatch, suffix, piece_s):
    """In every format; all but the last are whole numbers of hops, none longer than asked."""
    path = recording(f"a.{suffix}")
    expected = load(path, PLAIN)[0]
    monkeypatch.setattr(audio, "PIECE_S", piece_s)

    pieces = list(open_recording(path, PLAIN).pieces)

    assert np.array_equal(np.concatenate([piece for piece, _ in pieces]), expected)
    assert all(len(piece) % TRIM_HOP == 0 for piece, _ in pieces[:-1])
    assert max(len(piece) for piece, _ in pieces) < piece_s * SR + TRIM_HOP
    assert [last for _, last in pieces] == [False] * (len(pieces) - 1) + [True]


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_head_is_skipped_to_the_sample(recording, suffix):
    """Also where the decoder has to seek."""
    path = recording(f"a.{suffix}")
    whole, _ = load(path, PLAIN)

    y, offset_s = load(path, PLAIN.model_copy(update={"head_skip_s": 1.0}))

    assert offset_s == 1.0
    assert y == pytest.approx(
        whole[SR:], abs=1e-6
    )  # MP3: the last bit depends on the frames before


def test_the_used_part_is_bounded(recording):
    """``max_duration_s`` counts from the end of the skipped head."""
    path = recording("a.wav")
    spec = PLAIN.model_copy(update={"head_skip_s": 1.0, "max_duration_s": 2.0})

    assert np.array_equal(load(path, spec)[0], load(path, PLAIN)[0][SR : 3 * SR])


def test_a_segment_is_cut_out(recording):
    """Of a long recording only the labelled part is heard; an end past the file is its end."""
    path = recording("a.wav")
    whole, _ = load(path, PLAIN)

    y, offset_s = load(path, PLAIN, start_s=1.5, end_s=3.0)
    tail, _ = load(path, PLAIN, start_s=3.0, end_s=99.0)

    assert np.array_equal(y, whole[round(1.5 * SR) : 3 * SR])
    assert np.array_equal(tail, whole[3 * SR :])
    assert offset_s == 1.5


@pytest.mark.parametrize("begin_s", [0.0, 2.0, 4.9])
def test_trimming_leaves_half_a_second_of_a_short_sound(begin_s):
    """A bark of a tenth of a second, at the start, inside or at the end of five seconds."""
    y = np.zeros(5 * SR, dtype=np.float32)
    bark = slice(round(begin_s * SR), round((begin_s + 0.1) * SR))
    y[bark] = 0.1

    first, last = bounds(y)

    assert last - first == SR // 2
    assert first <= bark.start
    assert bark.stop <= last


@settings(max_examples=60, deadline=None)  # no deadline: the machine is shared
@given(
    st.lists(st.tuples(st.integers(1, 8_000), st.floats(-70, 0)), min_size=1, max_size=6),
    st.floats(10, 60),
    st.integers(0, 99),
    st.integers(1, 40),
)
def test_trimming_agrees_with_librosa(parts, trim_db, seed, n_hops):
    """Stretches of noise of any length and level; above librosa's own floor of -100 dB."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([10 ** (db / 20) * rng.standard_normal(n) for n, db in parts])
    y = (y / np.abs(y).max()).astype(np.float32)

    begin, end = librosa.effects.trim(y, top_db=trim_db)[1]
    loudness = Loudness(trim_db)
    for at in range(0, len(y), n_hops * TRIM_HOP):
        loudness.push(y[at : at + n_hops * TRIM_HOP])

    close = np.abs(_db(y) + trim_db) < 1e-3  # frames on the threshold: float32 may decide
    assert close.any() or loudness.bounds(sr=2) == (begin, end)  # nothing is too short at 2 Hz


def _db(y):
    """Level of each frame relative to the loudest, in dB."""
    rms = librosa.feature.rms(y=y.astype(np.float64), frame_length=2_048, hop_length=512)
    return librosa.amplitude_to_db(rms, ref=np.max, top_db=None)


@pytest.mark.parametrize(
    ("y", "reason"),
    [
        (np.zeros(SR), "silent"),
        (np.full(SR, 9e-5), "silent"),
        (np.zeros(0), "silent"),
        (np.where(np.arange(SR) == 99, np.nan, 0.1), "not finite"),
        (np.where(np.arange(SR) == 99, np.inf, 0.1), "not finite"),
        (np.where(np.arange(SR) == 99, 1e30, 0.1), "1e[+]30 times full scale"),
        (np.full(SR // 3, 0.1), "too short: 0.33 s, at least 0.5 s needed"),
    ],
)
def test_a_signal_that_says_nothing_is_refused(y, reason):
    """Silence, values that are no numbers, a moment."""
    with pytest.raises(AudioError, match=reason):
        bounds(y.astype(np.float32))


def test_what_the_head_skip_leaves_may_be_too_short(recording):
    """Before anything is decoded."""
    with pytest.raises(AudioError, match=r"too short: 0.20 s are left after the head skip"):
        load(recording("b.wav"), PLAIN.model_copy(update={"head_skip_s": 3.8}))


def test_the_level_and_the_noise_floor_are_those_of_the_used_part():
    """Louder and softer noise: the mean power of all, and what is heard between the notes."""
    parts = (np.zeros(SR), noise(sr=SR, duration_s=9), 1e-2 * noise(sr=SR, duration_s=1, seed=1))
    y, loudness = np.concatenate(parts).astype(np.float32), Loudness(60.0)
    loudness.push(y)

    level_db, noise_floor_db = loudness.levels(*loudness.bounds(SR))

    assert level_db == pytest.approx(10 * np.log10(np.mean(y[SR:] ** 2)), abs=0.05)
    assert noise_floor_db == pytest.approx(10 * np.log10(np.mean(y[-SR:] ** 2)), abs=0.5)


def test_a_level_does_not_ask_for_trimming():
    """It is known also where nothing is cut off; digital silence is -120 dB."""
    loudness = Loudness(None)
    loudness.push(np.concatenate([np.full(SR, 0.1, np.float32), np.zeros(SR, np.float32)]))

    level_db, noise_floor_db = loudness.levels(*loudness.bounds(SR))

    assert level_db == pytest.approx(-23.0, abs=0.05)
    assert noise_floor_db == -120
