"""Windows: the declared shape, on the hop grid of the whole clip, every frame in one."""

import tracemalloc

import librosa
import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.features import audio
from genrenet.features.preprocessing import extract, extract_copies, from_signal, window_starts
from genrenet.features.spectra import frames
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing
from tests.signals import noise, sine, tune, write


@st.composite
def grids(draw):
    """Lengths of window and overlap."""
    window_s = draw(st.floats(0.2, 4.0))
    return Preprocessing(
        sr=8_000,
        n_fft=512,
        hop_length=draw(st.sampled_from([128, 256, 512])),
        window_s=window_s,
        overlap_s=window_s * draw(st.sampled_from([0, 0.25, 0.5, 0.6])),
        n_chroma=draw(st.sampled_from([None, 12, 24, 53])),
        stft=draw(st.booleans()),
    )


@settings(max_examples=100, deadline=None)  # no deadline: the machine is shared
@given(grids(), st.integers(1, 1_000))
def test_every_frame_is_in_a_window_and_the_last_one_ends_with_the_clip(spec, n_frames):
    """The step is the same but for the last window."""
    starts = window_starts(n_frames, spec)
    covered = {frame for start in starts for frame in range(start, start + spec.window_frames)}

    assert covered >= set(range(n_frames))
    assert starts[-1] + spec.window_frames == max(n_frames, spec.window_frames)
    assert (np.diff(starts)[:-1] == spec.step_frames).all()
    assert (np.diff(starts) > 0).all()


@settings(max_examples=25, deadline=None)
@given(grids(), st.floats(0.5, 6), st.sampled_from(["float16", "float32"]))
def test_the_declared_shape_is_the_shape(spec, duration_s, dtype):
    """The network's input is built from the declaration, before any audio is read."""
    spec = spec.model_copy(update={"dtype": dtype})
    clip = from_signal(noise(sr=spec.sr, duration_s=duration_s), spec.sr, spec)

    assert list(clip.features) == list(spec.bins)
    for name, values in clip.features.items():
        assert values.shape == (len(clip), spec.window_frames, spec.bins[name])
        assert values.dtype == dtype


def test_windows_are_slices_of_the_whole_clip(spec):
    """So that a window does not depend on the windows beside it."""
    y = noise(sr=spec.sr, duration_s=5.3)
    clip, whole = from_signal(y, spec.sr, spec), frames(y, spec)

    for n, start in enumerate(window_starts(len(whole.features["mel"]), spec)):
        at = slice(start, start + spec.window_frames)
        for name, values in clip.features.items():
            assert np.array_equal(values[n], whole.features[name][at])
    assert clip.peak_db == whole.peak_db


def test_a_clip_shorter_than_a_window_is_repeated_to_fill_it(spec):
    """From its start, frame by frame."""
    y = noise(sr=spec.sr, duration_s=0.6)
    mel = frames(y, spec).features["mel"]

    clip = from_signal(y, spec.sr, spec)

    assert len(mel) < spec.window_frames
    assert len(clip) == 1
    repeated = np.tile(mel, (3, 1))[: spec.window_frames]
    assert np.array_equal(clip.features["mel"][0], repeated)


def test_window_starts_are_seconds_of_the_file(spec, tmp_path):
    """Hop by hop from where the used part begins."""
    path = write(tmp_path / "a.wav", noise(sr=spec.sr, duration_s=14), spec.sr)
    clip = extract(path, spec, start_s=10.0)
    step_s = spec.step_frames * spec.hop_length / spec.sr

    assert clip.start_s[:3] == pytest.approx([10.0, 10.0 + step_s, 10.0 + 2 * step_s])


@pytest.mark.parametrize("sr", [8_000, 22_050, 44_100])
def test_what_is_trimmed_are_frames_of_the_whole_clip(sr):
    """Those whose centres lie outside of what ``librosa.effects.trim`` keeps; none is changed."""
    spec = Preprocessing()
    parts = [noise(sr=sr, duration_s=s, seed=n) * g for n, (s, g) in enumerate(TRIMMED)]
    y = np.concatenate(parts)
    first, last = (n / sr for n in librosa.effects.trim(y, top_db=60)[1])

    clip = from_signal(y, sr, spec)

    every = frames(y if sr == spec.sr else soxr.resample(y, sr, spec.sr), spec).features["mel"]
    centres = np.arange(len(every)) * spec.hop_length / spec.sr
    kept = every[(centres >= first) & (centres < last)]
    found = clip.features["mel"]
    assert np.array_equal(found[0], kept[: spec.window_frames])
    assert np.array_equal(found[-1], kept[-spec.window_frames :])
    assert clip.start_s[0] == pytest.approx(centres[centres >= first][0])


TRIMMED = ((1.3, 1e-5), (4.2, 1.0), (0.7, 1e-5))
"""Length in s and level of noise between two near silences."""


@pytest.mark.parametrize("sr", [8_000, 16_000, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_becomes_the_specification_s(sr):
    """A tone keeps its pitch and its length, and brings no other tone along."""
    spec = Preprocessing(trim_db=None, stft=True, sr=16_000)
    tone = from_signal(sine(1_000, sr=sr, duration_s=3), sr, spec)

    spectrum = tone.features["stft"].astype(np.float32)[0, 5:-5].mean(axis=0)
    assert spectrum.argmax() == round(1_000 * spec.n_fft / spec.sr)
    assert np.delete(spectrum, range(118, 139)).max() < spectrum.max() - 70
    assert len(tone) == 1


def test_resampling_adds_no_tone():
    """An alias of a tone above the new Nyquist frequency would be music that nobody played."""
    spec = Preprocessing(sr=16_000, trim_db=None)
    high, low = (from_signal(sine(f, sr=44_100, duration_s=3), 44_100, spec) for f in (9e3, 7e3))

    assert high.features["mel"][:, 5:-5].max() < low.features["mel"].max() - 70


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg"])
@pytest.mark.parametrize("sr", [22_050, 44_100])
def test_a_streamed_recording_is_the_whole_one(tmp_path, monkeypatch, suffix, sr):
    """To the last bit: a file that is decoded in pieces gives what it gives at once."""
    spec = Preprocessing(n_chroma=24, chroma_from="tonic", stft=True, dtype="float32")
    path = write(tmp_path / f"a.{suffix}", tune(sr=sr, duration_s=11), sr)
    whole = extract(path, spec)

    for piece_s in (0.1, 1.7, 5.0):
        monkeypatch.setattr(audio, "PIECE_S", piece_s)
        streamed = extract(path, spec)

        assert np.array_equal(streamed.start_s, whole.start_s)
        assert streamed.peak_db == whole.peak_db
        for name, values in whole.features.items():
            assert np.array_equal(streamed.features[name], values), name


@pytest.mark.parametrize("method", ["warp", "render"])
def test_copies_of_a_long_recording_are_made_in_pieces(tmp_path, monkeypatch, method):
    """As many windows as its copy at once would have."""
    spec = Preprocessing(trim_db=None)
    path = write(tmp_path / "a.wav", tune(sr=22_050, duration_s=20), 22_050)
    settings = Augment(method=method, copies=2, probability=1.0)
    whole = extract_copies(path, spec, settings, "a")
    monkeypatch.setattr(audio, "PIECE_S", 6.0)

    pieces = extract_copies(path, spec, settings, "a")

    for (what, one), (also, two) in zip(whole, pieces, strict=True):
        assert what == also
        assert abs(one.start_s[-1] - two.start_s[-1]) < 3 * spec.hop_length / spec.sr
        difference = np.abs(one.features["mel"][0].astype(float) - two.features["mel"][0])
        assert np.median(difference) < 3  # other noise, the same music


@pytest.mark.parametrize("method", ["warp", "render"])
def test_each_piece_of_a_copy_has_noise_of_its_own(tmp_path, monkeypatch, method):
    """Under a tone that is the same in every piece, no noise comes twice."""
    spec = Preprocessing(trim_db=None, overlap_s=0, dtype="float32")
    hop, n_frames = spec.hop_length, 256  # in each of four pieces
    tone = sine(10 * spec.sr / hop, sr=spec.sr, duration_s=4 * n_frames * hop / spec.sr)
    path = write(tmp_path / "a.wav", tone, spec.sr)
    monkeypatch.setattr(audio, "PIECE_S", 6.0)
    settings = Augment(method=method, pitch_semitones=0, stretch=0)

    ((what, clip),) = extract_copies(path, spec, settings, "a")

    every = np.concatenate(clip.features["mel"])[:, spec.n_mels // 2 :]  # far above the tone
    pieces = [(part - part.mean(axis=0)).ravel() for part in (every[:256], every[256:512])]
    assert what.snr_db is not None
    assert abs(np.corrcoef(*pieces)[0, 1]) < 0.1  # of 8,192 values each


FORMS = 4 + 8 + 4 + 2  # bytes of a sample: decoded in stereo, as float32, mono, at half the rate


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory):
    """Eight minutes of stereo at 44.1 kHz."""
    path, sr = tmp_path_factory.mktemp("long") / "a.wav", 44_100
    minute = np.repeat(noise(sr=sr, duration_s=60)[:, None], 2, axis=1)
    with sf.SoundFile(path, "w", sr, 2) as file:
        for _ in range(8):
            file.write(minute)
    return path


@pytest.mark.parametrize("method", [None, "warp", "render"])
def test_of_a_long_recording_a_minute_is_held(long_recording, method):
    """In all its forms together, while it is resampled and altered; measured 0.8 of that."""
    spec = Preprocessing(hop_length=2_048, n_mels=16, n_mfcc=2, overlap_s=0)  # few features
    settings = Augment(method=method or "warp", probability=1.0)

    def work(**part):
        if method is None:
            return [extract(long_recording, spec, **part)]
        return [clip for _, clip in extract_copies(long_recording, spec, settings, "a", **part)]

    work(end_s=3.0)  # what is made once, as the pool of noise, is no audio
    tracemalloc.start()
    clips = work()
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert all(len(clip) > 120 for clip in clips)
    assert held < 60 * 44_100 * FORMS


def test_a_segment_s_windows_are_those_of_its_audio(spec, tmp_path):
    """Nothing around it is heard."""
    y = noise(sr=spec.sr, duration_s=6)
    whole = write(tmp_path / "whole.wav", y, spec.sr, "FLOAT")
    part = write(tmp_path / "part.wav", y[2 * spec.sr : 5 * spec.sr], spec.sr, "FLOAT")

    segment = extract(whole, spec, start_s=2.0, end_s=5.0)

    assert np.array_equal(segment.features["mel"], extract(part, spec).features["mel"])
    assert segment.start_s[0] == 2.0


def test_stored_levels_are_within_three_hundredths_of_a_decibel(spec):
    """What float16 costs between -100 and 50 dB."""
    y = noise(sr=spec.sr, duration_s=2)
    exact = from_signal(y, spec.sr, spec.model_copy(update={"dtype": "float32"}))
    stored = from_signal(y, spec.sr, spec)

    difference = stored.features["mel"].astype(np.float32) - exact.features["mel"]
    assert np.abs(difference).max() < 0.032
