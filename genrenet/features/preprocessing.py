"""The one way from a recording to windows, the same in training and in prediction.

A window is ``window_frames`` consecutive frames of the whole clip's features. Windows begin
every ``step_frames`` frames; the last one ends with the clip. A clip shorter than a window is
repeated, in frames, to fill one.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from genrenet.features import audio, mel
from genrenet.params import Preprocessing


@dataclass(frozen=True, kw_only=True)
class Windows:
    """A clip's windows, in order.

    Attributes
    ----------
    start_s : np.ndarray [shape=(n_windows,), dtype=float64]
        Where each window begins in the file, in s.
    peak_db : np.float32
        Maximum of the clip's log-mel spectrogram, in dB.
    mel : np.ndarray [shape=(n_windows, window_frames, n_mels), dtype=spec.dtype]
        Power in dB.
    mfcc : np.ndarray [shape=(n_windows, window_frames, n_mfcc), dtype=spec.dtype]
    """

    start_s: np.ndarray
    peak_db: np.float32
    mel: np.ndarray
    mfcc: np.ndarray

    def __len__(self) -> int:
        return len(self.start_s)


def extract(
    path: Path, spec: Preprocessing, *, start_s: float = 0.0, end_s: float | None = None
) -> Windows:
    """Windows of a recording, or of one segment of it.

    Raises
    ------
    AudioError
        The recording cannot be used; the message gives the reason.
    """
    y, offset_s = audio.load(path, spec, start_s=start_s, end_s=end_s)
    return windows(y, spec, offset_s=offset_s)


def windows(y: np.ndarray, spec: Preprocessing, *, offset_s: float = 0.0) -> Windows:
    """Windows of a prepared signal.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,), dtype=float32]
        Mono signal at ``spec.sr``, as :func:`genrenet.features.audio.load` gives it.
    spec : Preprocessing
        The specification.
    offset_s : float
        Where ``y`` begins in the file, in s.
    """
    with threadpool_limits(1, user_api="blas"):  # two threads give other float32 bits
        log_mel = mel.log_mel(y, spec)
        cepstrum = mel.mfcc(log_mel, spec.n_mfcc)
    starts = window_starts(len(log_mel), spec)
    return Windows(
        start_s=offset_s + starts * spec.hop_length / spec.sr,
        peak_db=log_mel.max(),
        mel=_cut(log_mel, starts, spec),
        mfcc=_cut(cepstrum, starts, spec),
    )


def window_starts(n_frames: int, spec: Preprocessing) -> np.ndarray:
    """First frame of each window of a clip of ``n_frames`` frames: every frame is in a window."""
    last = max(0, n_frames - spec.window_frames)
    regular = np.arange(0, last + 1, spec.step_frames)
    return regular if regular[-1] == last else np.append(regular, last)


def _cut(frames: np.ndarray, starts: np.ndarray, spec: Preprocessing) -> np.ndarray:
    frames = frames.astype(spec.dtype)
    if len(frames) < spec.window_frames:
        frames = np.resize(frames, (spec.window_frames, frames.shape[1]))  # repeats
    every = np.lib.stride_tricks.sliding_window_view(frames, spec.window_frames, axis=0)
    return np.ascontiguousarray(every[starts].swapaxes(1, 2))
