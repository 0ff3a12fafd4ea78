"""Spectra: one short-time transform of a clip, and every feature from it.

Frames are centred, the signal's ends padded with zeros, the window is a periodic Hann: as in
librosa. The audio comes in pieces of any length; blocks of frames lie at the same places whatever
the pieces, so that the same signal gives the same bits.
"""

import functools
import itertools
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.signal

from genrenet.features.chroma import Chroma
from genrenet.features.fingerprint import Fingerprint
from genrenet.features.mel import MelBands, cepstrum, decibels
from genrenet.sections.features import Preprocessing

STEP = 2**16  # samples that are taken at a time: arrays of many MB would be fresh memory
BLOCK = 128  # frames whose spectra stay in the cache (measured best of 32, 48, 64 and 128)


@dataclass(frozen=True, kw_only=True)
class Frames:
    """A clip's features, frame by frame.

    Attributes
    ----------
    peak_db : np.float32
        Maximum of the log-mel spectrogram, in dB.
    features : dict of str to np.ndarray [shape=(n_frames, n_bins), dtype=spec.dtype]
        By name, as in ``spec.bins``.
    fingerprint : np.ndarray [shape=(n_words,), dtype=uint32] or None
        Where it was asked for.
    """

    peak_db: np.float32
    features: dict[str, np.ndarray]
    fingerprint: np.ndarray | None = None


class Spectra:
    """Features of one signal.

    Parameters
    ----------
    spec : Preprocessing
        The specification.
    hop : float
        Samples between frames, ``spec.hop_length`` unless another tempo is wanted. Frames begin
        at whole samples: fractions are rounded.
    fingerprint : bool
        Whether the fingerprint is taken too; it costs an eighth of the rest.
    """

    def __init__(
        self, spec: Preprocessing, *, hop: float | None = None, fingerprint: bool = False
    ) -> None:
        self.spec, self.hop = spec, hop or spec.hop_length
        self._mel = mel_bands(spec)
        self._window = hann(spec.n_fft)
        self._chroma = Chroma(spec) if spec.n_chroma else None
        self._fingerprint = Fingerprint(spec) if fingerprint else None
        self._parts: dict[str, list[np.ndarray]] = {n: [] for n in spec.bins if n != "chroma"}
        self._peaks: list[np.ndarray] = []
        self._signal = np.zeros(spec.n_fft // 2, dtype=np.float32)  # from ``_origin`` on
        self._origin = self._n_done = 0
        # of one block, used again and again: fresh memory would cost a fifth of the whole
        self._windowed = np.empty((BLOCK + 1, spec.n_fft), dtype=np.float32)
        self._power = np.empty((BLOCK + 1, 1 + spec.n_fft // 2), dtype=np.float32)

    def push(self, y: np.ndarray) -> None:
        """Take the next samples [shape=(n_samples,), dtype=float32], mono at ``spec.sr``."""
        for begin in range(0, len(y), STEP):
            self._signal = np.concatenate([self._signal, y[begin : begin + STEP]])
            # never leaves one frame for the end: BLAS sums a single row in another order
            n_blocks = (self._n_ready() - self._n_done - 2) // BLOCK
            if n_blocks > 0:
                self._transform([BLOCK] * n_blocks)
            keep = min(self._start(self._n_done) - self._origin, len(self._signal))
            self._signal, self._origin = self._signal[keep:], self._origin + keep

    def finish(self, first: int = 0, last: int | None = None) -> Frames:
        """End the signal and return the frames from ``first`` to before ``last``."""
        self.push(np.zeros(self.spec.n_fft // 2, dtype=np.float32))
        if n_left := self._n_ready() - self._n_done:
            self._transform([n_left])
        features = {}
        for name in self.spec.bins:
            if name == "chroma" and self._chroma:
                end = self._n_done if last is None else last
                features[name] = self._chroma.finish(first, end).astype(self.spec.dtype)
            else:
                features[name] = np.concatenate(self._parts.pop(name))[first:last]
        return Frames(
            peak_db=np.concatenate(self._peaks)[first:last].max(),
            features=features,
            fingerprint=self._fingerprint.finish(first, last) if self._fingerprint else None,
        )

    def _start(self, frame: int) -> int:
        return round(frame * self.hop)

    def _next_frames(self, n_frames: int) -> np.ndarray:
        """The next frames [shape=(n_frames, n_fft)] of the signal at hand; a view where it can."""
        n_fft = self.spec.n_fft
        if isinstance(self.hop, int):
            first, size = self._n_done * self.hop - self._origin, self._signal.itemsize
            strides = (self.hop * size, size)
            return np.ndarray((n_frames, n_fft), np.float32, self._signal, first * size, strides)
        frames = np.arange(self._n_done, self._n_done + n_frames)
        starts = np.rint(frames * self.hop).astype(np.int64) - self._origin
        every = np.lib.stride_tricks.sliding_window_view(self._signal, n_fft)
        return np.asarray(every[starts])

    def _n_ready(self) -> int:
        """How many frames the signal up to here has."""
        room = self._origin + len(self._signal) - self.spec.n_fft
        if room < 0:
            return 0
        n = int(room / self.hop) + 2
        while self._start(n - 1) > room:
            n -= 1
        return n

    def _transform(self, sizes: list[int]) -> None:
        """Transform the next frames, in blocks of these sizes."""
        spec, n_frames = self.spec, sum(sizes)
        mel = np.empty((n_frames, spec.n_mels), dtype=np.float32)
        mfcc = np.empty((n_frames, spec.n_mfcc), dtype=np.float32)
        for n, end in zip(sizes, itertools.accumulate(sizes), strict=True):
            power, block = self._next_power(n), slice(end - n, end)
            decibels(self._mel(power, out=mel[block]))
            mfcc[block] = cepstrum(mel[block], spec.n_mfcc)
            if self._chroma:
                self._chroma.push(power)
            if self._fingerprint:
                self._fingerprint.push(power)
            if spec.stft:
                self._parts["stft"].append(decibels(power).astype(spec.dtype))
        self._peaks.append(mel.max(axis=1))
        self._parts["mel"].append(mel.astype(spec.dtype))
        self._parts["mfcc"].append(mfcc.astype(spec.dtype))

    def _next_power(self, n_frames: int) -> np.ndarray:
        """Power spectra of the next frames; the array is used again for the block after."""
        windowed = self._windowed[:n_frames]
        np.multiply(self._next_frames(n_frames), self._window, out=windowed)
        spectrum = scipy.fft.rfft(windowed, axis=1, overwrite_x=True)
        # |X| and its square: a third of the time of re² + im²
        power = np.abs(spectrum, out=self._power[:n_frames])
        self._n_done += n_frames
        return np.asarray(np.square(power, out=power))


def frames(y: np.ndarray, spec: Preprocessing) -> Frames:
    """Features of a whole mono signal [shape=(n_samples,), dtype=float32] at ``spec.sr``."""
    spectra = Spectra(spec)
    spectra.push(y)
    return spectra.finish()


@functools.lru_cache(maxsize=8)
def hann(n_fft: int) -> np.ndarray:
    """A periodic Hann window [shape=(n_fft,), dtype=float32]."""
    return np.asarray(scipy.signal.get_window("hann", n_fft), dtype=np.float32)


@functools.lru_cache(maxsize=8)
def mel_bands(spec: Preprocessing) -> MelBands:
    """The bands of a specification, made once."""
    return MelBands(spec)
