"""The mel scale: bands of a power spectrum, and their cepstrum.

Held to librosa by a test. Time is axis 0. Levels are dB relative to a full-scale power of 1, with
a floor at -100 dB.
"""

import functools
import itertools
from dataclasses import dataclass

import numpy as np
import scipy.fft

from genrenet.sections.features import Preprocessing

FLOOR_POWER = 1e-10  # -100 dB; librosa.power_to_db's amin
N_STRIPS = 8  # measured best of 4 … 12, at 64 and at 128 bands


def decibels(power: np.ndarray) -> np.ndarray:
    """Power in dB, in place."""
    np.maximum(power, np.float32(FLOOR_POWER), out=power)
    np.log10(power, out=power)
    power *= np.float32(10)
    return power


@dataclass(frozen=True, kw_only=True)
class _Strip:
    """Neighbouring bands, and the few bins that they hear."""

    bands: slice
    bins: slice
    weights: np.ndarray  # [n_bins, n_bands]


class MelBands:
    """Power in mel bands.

    A band hears few bins. The filters are taken in strips of neighbouring bands, each a small
    dense product over the bins that its bands hear: four times faster than the whole matrix.
    """

    def __init__(self, spec: Preprocessing) -> None:
        filters = mel_filters(
            spec.sr, spec.n_fft, spec.n_mels, spec.fmin, spec.top_hz, spec.mel_scale
        )
        self._strips = [_strip(filters, bands) for bands in _parts(spec.n_mels)]

    def __call__(self, power: np.ndarray, *, out: np.ndarray) -> np.ndarray:
        """Write the bands' power [n_frames, n_mels] of spectra [n_frames, 1 + n_fft // 2]."""
        for strip in self._strips:
            np.matmul(power[:, strip.bins], strip.weights, out=out[:, strip.bands])
        return out


def cepstrum(log_mel: np.ndarray, n_mfcc: int) -> np.ndarray:
    """First coefficients [n_frames, n_mfcc] of the orthonormal DCT-II of levels [n_frames, n_mels].

    The mean is taken out and put back: sums of -100 dB over all bands would lose digits of float32.
    """
    n_mels = log_mel.shape[1]
    mean = log_mel.mean(axis=1, keepdims=True)
    found = (log_mel - mean) @ _cosines(n_mels, n_mfcc)
    found[:, :1] += mean * np.float32(np.sqrt(n_mels))
    return np.asarray(found)


@functools.lru_cache(maxsize=8)
def _cosines(n_mels: int, n_mfcc: int) -> np.ndarray:
    every = scipy.fft.dct(np.eye(n_mels), type=2, norm="ortho", axis=1)
    return np.ascontiguousarray(every[:, :n_mfcc], dtype=np.float32)


@functools.lru_cache(maxsize=8)
def mel_filters(
    sr: int, n_fft: int, n_mels: int, fmin: float, fmax: float, scale: str = "slaney"
) -> np.ndarray:
    """Triangular filters of equal area on a mel scale.

    Sources: M. Slaney, Auditory Toolbox, Interval Research technical report 1998-010; S. Young
    et al., The HTK Book (the filters' area is Slaney's there as well, as in librosa).

    Returns
    -------
    np.ndarray [shape=(n_mels, 1 + n_fft // 2), dtype=float32]
    """
    to_mel, to_hz = (_htk_mel, _htk_hz) if scale == "htk" else (_slaney_mel, _slaney_hz)
    edges = to_hz(np.linspace(to_mel(fmin), to_mel(fmax), n_mels + 2))
    bins = np.fft.rfftfreq(n_fft, 1 / sr)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (edges[2:] - edges[:-2]))[:, None], dtype=np.float32)


def _parts(n_mels: int) -> list[slice]:
    ends = np.linspace(0, n_mels, min(N_STRIPS, n_mels) + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]


def _strip(filters: np.ndarray, bands: slice) -> _Strip:
    heard = np.flatnonzero(filters[bands].any(axis=0))
    bins = slice(int(heard[0]), int(heard[-1]) + 1) if len(heard) else slice(0, 1)
    return _Strip(bands=bands, bins=bins, weights=np.ascontiguousarray(filters[bands, bins].T))


def _slaney_mel(hz: float) -> float:
    """Slaney's scale: 3 mel for 200 Hz up to 1 kHz, from there 27 mel for a factor of 6.4."""
    return 0.015 * hz if hz < 1_000 else 15 + 27 * np.log(hz / 1_000) / np.log(6.4)


def _slaney_hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel / 0.015, 1_000 * np.exp((mel - 15) * np.log(6.4) / 27))


def _htk_mel(hz: float) -> float:
    return float(2_595 * np.log10(1 + hz / 700))


def _htk_hz(mel: np.ndarray) -> np.ndarray:
    return np.asarray(700 * (10 ** (mel / 2_595) - 1))
