"""The one way from a recording to windows, the same in training and in prediction.

A window is ``window_frames`` consecutive frames of the whole clip's features. Frames whose centre
lies in a cut-off start or end are left out. Windows begin every ``step_frames`` frames; the last
one ends with the clip. A clip shorter than a window is repeated, in frames, to fill one.

A recording is decoded once, piece by piece, for all its versions: the original or any number of
altered copies. Only features are held whole.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from threadpoolctl import ThreadpoolController

from genrenet.features import render, warp
from genrenet.features.audio import Loudness, Recording, open_recording, whole
from genrenet.features.augment import ORIGINAL, Draw, draw, seed_of
from genrenet.features.clip import Clip
from genrenet.features.noises import noise_folder
from genrenet.features.spectra import Frames, Spectra
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing


@dataclass(frozen=True, kw_only=True)
class Windows:
    """A clip's windows, in order.

    Attributes
    ----------
    start_s : np.ndarray [shape=(n_windows,), dtype=float64]
        Where each window begins in the file (in the copy, for a copy), in s.
    peak_db : np.float32
        Maximum of the clip's log-mel spectrogram, in dB.
    features : dict of str to np.ndarray [shape=(n_windows, window_frames, n_bins)]
        By name, as in ``spec.bins``; of ``spec.dtype``.
    clip : Clip or None
        What else the audio says, where it was asked for.
    """

    start_s: np.ndarray
    peak_db: np.float32
    features: dict[str, np.ndarray]
    clip: Clip | None = None

    def __len__(self) -> int:
        return len(self.start_s)


def extract(
    path: Path,
    spec: Preprocessing,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    clip: bool = False,
) -> Windows:
    """Windows of a recording, or of one segment of it; with what else it says if ``clip``.

    Raises
    ------
    AudioError
        The recording cannot be used; the message gives the reason.
    """
    recording = open_recording(path, spec, start_s=start_s, end_s=end_s)
    return _analyse(recording, spec, [_Version(recording.sr, spec, clip=clip)])[0]


def from_signal(y: np.ndarray, sr: int, spec: Preprocessing) -> Windows:
    """Windows of a mono signal [shape=(n_samples,), dtype=float32] at ``sr`` Hz."""
    return _analyse(whole(y, sr, spec), spec, [_Version(sr, spec)])[0]


def extract_copies(
    path: Path,
    spec: Preprocessing,
    settings: Augment,
    track_id: str,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> list[tuple[Draw, Windows]]:
    """Windows of a recording's altered copies, and what was drawn for each, from one decoding.

    Raises
    ------
    AudioError
        The recording cannot be used; the message gives the reason.
    """
    recording = open_recording(path, spec, start_s=start_s, end_s=end_s)
    numbers = range(1, settings.copies + 1)
    draws = [draw(settings, track_id, number) for number in numbers]
    versions = [
        _copy(recording.sr, spec, settings, what, (track_id, number))
        for what, number in zip(draws, numbers, strict=True)
    ]
    return list(zip(draws, _analyse(recording, spec, versions), strict=True))


def window_starts(n_frames: int, spec: Preprocessing) -> np.ndarray:
    """First frame of each window of a clip of ``n_frames`` frames: every frame is in a window."""
    last = max(0, n_frames - spec.window_frames)
    regular = np.arange(0, last + 1, spec.step_frames)
    return regular if regular[-1] == last else np.append(regular, last)


class _Version:
    """One version of a recording on its way to windows: resampled, altered, transformed."""

    def __init__(
        self,
        sr: int,
        spec: Preprocessing,
        *,
        what: Draw = ORIGINAL,
        warped: bool = False,
        clip: bool = False,
        alter: Callable[[np.ndarray, int], np.ndarray] = lambda y, _: y,
    ) -> None:
        rate = warp.analysis_rate(what, spec.sr) if warped else spec.sr
        hop = warp.analysis_hop(what, spec) if warped else spec.hop_length
        self.sr, self.spec, self.alter, self.n_pieces = sr, spec, alter, 0
        # frames of the copy are so many samples of the recording apart
        self.frame_samples = sr * spec.hop_length * (what.stretch_rate or 1.0) / spec.sr
        self.spectra = Spectra(spec, hop=hop, fingerprint=clip)
        self.resampler = None
        if rate != sr:
            self.resampler = soxr.ResampleStream(sr, rate, 1, dtype="float32", quality="HQ")

    def push(self, piece: np.ndarray, *, last: bool) -> None:
        y = piece if self.resampler is None else self.resampler.resample_chunk(piece, last=last)
        self.spectra.push(self.alter(y, self.n_pieces))
        self.n_pieces += 1

    def finish(self, begin_s: float, bounds: tuple[int, int], loudness: Loudness) -> Windows:
        """Windows of the frames whose centres lie between samples, the second one excluded."""
        first, last = (_frame_at(sample, self.frame_samples) for sample in bounds)
        whole = bounds[1] == loudness.n_samples
        frames = self.spectra.finish(first, None if whole else max(first + 1, last))
        starts = window_starts(len(frames.features["mel"]), self.spec)
        return Windows(
            start_s=begin_s + (first + starts) * self.spec.hop_length / self.spec.sr,
            peak_db=frames.peak_db,
            features={n: _cut(f, starts, self.spec) for n, f in frames.features.items()},
            clip=self._clip(frames, loudness, bounds),
        )

    def _clip(self, frames: Frames, loudness: Loudness, bounds: tuple[int, int]) -> Clip | None:
        if frames.fingerprint is None:
            return None
        level_db, noise_floor_db = loudness.levels(*bounds)
        return Clip(
            used_s=len(frames.features["mel"]) * self.spec.hop_length / self.spec.sr,
            level_db=level_db,
            noise_floor_db=noise_floor_db,
            fingerprint=frames.fingerprint,
        )


def _copy(
    sr: int, spec: Preprocessing, settings: Augment, what: Draw, key: tuple[str, int]
) -> _Version:
    """An altered copy; its noise differs from piece to piece of a long recording."""

    def warped(y: np.ndarray, piece: int) -> np.ndarray:
        return warp.with_noise(y, what.snr_db, seed=seed_of(settings.seed, *key, piece))

    def rendered(y: np.ndarray, piece: int) -> np.ndarray:
        seed = seed_of(settings.seed, *key, piece)
        return render.render(y, spec.sr, what, seed=seed, noises=noise_folder(settings))

    if settings.method == "warp":
        return _Version(sr, spec, what=what, warped=True, alter=warped)
    return _Version(sr, spec, what=what, alter=rendered)


def _analyse(
    recording: Recording, spec: Preprocessing, versions: Sequence[_Version]
) -> list[Windows]:
    """Feed every piece to all versions, then cut off what is too quiet at both ends."""
    loudness = Loudness(spec.trim_db)
    with _blas().limit(limits=1, user_api="blas"):  # two threads give other float32 bits
        for piece, last in recording.pieces:
            loudness.push(piece)
            for version in versions:
                version.push(piece, last=last)
        bounds = loudness.bounds(recording.sr)
        return [version.finish(recording.begin_s, bounds, loudness) for version in versions]


@functools.cache
def _blas() -> ThreadpoolController:
    """The libraries that are loaded; looking for them takes milliseconds."""
    return ThreadpoolController()


def _frame_at(sample: int, frame_samples: float) -> int:
    """The first frame that does not begin before ``sample``; exact where they coincide."""
    return math.ceil(sample / frame_samples - 1e-9)


def _cut(frames: np.ndarray, starts: np.ndarray, spec: Preprocessing) -> np.ndarray:
    if len(frames) < spec.window_frames:
        frames = np.resize(frames, (spec.window_frames, frames.shape[1]))  # repeats
    return np.stack([frames[begin : begin + spec.window_frames] for begin in starts])
