"""Windows: the declared shape, on the hop grid of the whole clip, every frame in one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.features.mel import log_mel, mfcc
from genrenet.features.preprocessing import extract, window_starts, windows
from genrenet.params import Preprocessing
from tests.signals import noise, write


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
    clip = windows(noise(sr=spec.sr, duration_s=duration_s), spec)

    for feature in ("mel", "mfcc"):
        values = getattr(clip, feature)
        assert values.shape == (len(clip), spec.window_frames, spec.bins[feature])
        assert values.dtype == dtype


def test_windows_are_slices_of_the_whole_clip(spec):
    """So that a window does not depend on the windows beside it."""
    y = noise(sr=spec.sr, duration_s=5.3)
    clip, whole = windows(y, spec), log_mel(y, spec)
    cepstrum = mfcc(whole, spec.n_mfcc)

    for n, start in enumerate(window_starts(len(whole), spec)):
        at = slice(start, start + spec.window_frames)
        assert np.array_equal(clip.mel[n], whole[at].astype(np.float16))
        assert np.array_equal(clip.mfcc[n], cepstrum[at].astype(np.float16))
    assert clip.peak_db == whole.max()


def test_a_clip_shorter_than_a_window_is_repeated_to_fill_it(spec):
    """From its start, frame by frame."""
    y = noise(sr=spec.sr, duration_s=0.6)
    frames = log_mel(y, spec).astype(np.float16)

    clip = windows(y, spec)

    assert len(frames) < spec.window_frames
    assert len(clip) == 1
    repeated = np.tile(frames, (3, 1))[: spec.window_frames]
    assert np.array_equal(clip.mel[0], repeated)


def test_window_starts_are_seconds_of_the_file(spec):
    """Hop by hop from where the used part begins."""
    clip = windows(noise(sr=spec.sr, duration_s=4), spec, offset_s=10.0)
    step_s = spec.step_frames * spec.hop_length / spec.sr

    assert clip.start_s[:3] == pytest.approx([10.0, 10.0 + step_s, 10.0 + 2 * step_s])


def test_a_segment_s_windows_are_those_of_its_audio(spec, tmp_path):
    """Nothing around it is heard."""
    y = noise(sr=spec.sr, duration_s=6)
    whole = write(tmp_path / "whole.wav", y, spec.sr, "FLOAT")
    part = write(tmp_path / "part.wav", y[2 * spec.sr : 5 * spec.sr], spec.sr, "FLOAT")

    segment = extract(whole, spec, start_s=2.0, end_s=5.0)

    assert np.array_equal(segment.mel, extract(part, spec).mel)
    assert segment.start_s[0] == 2.0


def test_stored_levels_are_within_three_hundredths_of_a_decibel(spec):
    """What float16 costs between -100 and 50 dB."""
    y = noise(sr=spec.sr, duration_s=2)
    exact = windows(y, spec.model_copy(update={"dtype": "float32"}))

    assert np.abs(windows(y, spec).mel.astype(np.float32) - exact.mel).max() < 0.032
