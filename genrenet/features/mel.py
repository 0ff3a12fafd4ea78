"""Spectral features: log-power mel bands and their cepstrum, from one short-time transform.

Frames are centred, the signal's ends padded with zeros, the window is a periodic Hann: as in
librosa, to which a test holds every number. Time is axis 0. Levels are dB relative to a
full-scale power of 1, with a floor at -100 dB.
"""

import functools

import numpy as np
import scipy.fft
import scipy.signal

from genrenet.params import Preprocessing

FLOOR_POWER = 1e-10  # -100 dB; librosa.power_to_db's amin
BLOCK = 64  # frames whose spectra stay in the cache (measured best of 32 … 1292)


def log_mel(y: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """Log-power mel spectrogram.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,), dtype=float32]
        Mono signal at ``spec.sr``.
    spec : Preprocessing
        ``n_fft``, ``hop_length``, ``n_mels``, ``fmin`` and ``fmax`` are used.

    Returns
    -------
    np.ndarray [shape=(1 + n_samples // hop_length, n_mels), dtype=float32]
        Power in dB.
    """
    padded = np.pad(y, spec.n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, spec.n_fft)[:: spec.hop_length]
    window = scipy.signal.get_window("hann", spec.n_fft).astype(np.float32)
    filters = mel_filters(spec.sr, spec.n_fft, spec.n_mels, spec.fmin, spec.top_hz).T
    power = np.empty((len(frames), spec.n_mels), dtype=np.float32)
    for begin, end in _blocks(len(frames)):
        spectrum = scipy.fft.rfft(frames[begin:end] * window, axis=1)
        np.matmul(spectrum.real**2 + spectrum.imag**2, filters, out=power[begin:end])
    return np.asarray(10 * np.log10(np.maximum(power, FLOOR_POWER)))


def mfcc(mel: np.ndarray, n_mfcc: int) -> np.ndarray:
    """Cepstrum of a log-mel spectrogram: the first coefficients of an orthonormal DCT-II.

    Parameters
    ----------
    mel : np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        Power in dB.
    n_mfcc : int > 0
        Coefficients kept.

    Returns
    -------
    np.ndarray [shape=(n_frames, n_mfcc), dtype=float32]
    """
    return np.asarray(scipy.fft.dct(mel, type=2, norm="ortho", axis=1)[:, :n_mfcc])


@functools.lru_cache(maxsize=8)
def mel_filters(sr: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Triangular filters of equal area on Slaney's mel scale.

    Source: M. Slaney, Auditory Toolbox, Interval Research technical report 1998-010.

    Returns
    -------
    np.ndarray [shape=(n_mels, 1 + n_fft // 2), dtype=float32]
    """
    edges = _hz(np.linspace(_mel(fmin), _mel(fmax), n_mels + 2))
    bins = np.fft.rfftfreq(n_fft, 1 / sr)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (edges[2:] - edges[:-2]))[:, None], dtype=np.float32)


def _mel(hz: float) -> float:
    """Slaney's scale: 3 mel for 200 Hz up to 1 kHz, from there 27 mel for a factor of 6.4."""
    return 0.015 * hz if hz < 1_000 else 15 + 27 * np.log(hz / 1_000) / np.log(6.4)


def _hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel / 0.015, 1_000 * np.exp((mel - 15) * np.log(6.4) / 27))


def _blocks(n_frames: int) -> list[tuple[int, int]]:
    """Ranges of frames, none of a single one: BLAS sums one row in another order."""
    ends = list(range(BLOCK, n_frames - 1, BLOCK))
    return list(zip([0, *ends], [*ends, n_frames], strict=True))
