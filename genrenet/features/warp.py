"""Warp: pitch and tempo changed on the analysis grid, without altered audio.

Mel bands, cepstrum and chroma keep magnitudes alone, and magnitudes have no phase to be mended: a
signal that is played ``r`` times faster has the spectra of the original, taken ``r`` hops apart.
A signal at a pitch ``p`` times higher is the original resampled to ``sr / p`` and read as if its
rate were ``sr``, with frames ``1 / p`` hops apart, so that its length stays. That is one transform
a copy, where a vocoder needs two and a synthesis. The price: an attack is heard through a window
``p`` times wider, and there is no audio to listen to.
"""

import functools

import numpy as np

from genrenet.features.augment import Draw
from genrenet.sections.features import Preprocessing

POOL_SIZE = 2**22  # samples of noise, 16 MB a process: 3.5 million places for a 30-s clip
POOL_SEED = 0
STEP_HZ = 50  # between rates: soxr is a third faster where input and output rate share a divisor


def analysis_rate(what: Draw, sr: int) -> int:
    """The rate to resample a recording to, in Hz, so that read at ``sr`` it has the new pitch.

    Rounded to steps of at most 50 Hz: the pitch is within 2.3 cents of what was drawn, an octave
    up within 4.
    """
    if not what.pitch_semitones:
        return sr
    step = min(STEP_HZ, sr // 320)
    return round(sr / 2 ** (what.pitch_semitones / 12) / step) * step


def analysis_hop(what: Draw, spec: Preprocessing) -> float:
    """Samples between frames at that rate, so that the frames follow the new tempo."""
    hop = spec.hop_length * (what.stretch_rate or 1.0) * analysis_rate(what, spec.sr) / spec.sr
    return int(hop) if hop == int(hop) else hop


def with_noise(y: np.ndarray, snr_db: float | None, *, seed: int) -> np.ndarray:
    """Add white noise ``snr_db`` under the signal's mean power.

    The noise is a stretch of a pool that is made once, 40 times faster than fresh noise.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,), dtype=float32]
        Mono signal.
    snr_db : float or None
        Level of the signal over the noise, in dB; None: no noise.
    seed : int
        Decides the stretch.
    """
    if snr_db is None or not len(y):
        return y
    pool = _noise_pool()
    begin = int(np.random.default_rng(seed).integers(max(1, POOL_SIZE - len(y))))
    noise = pool[begin : begin + len(y)]
    if len(noise) < len(y):
        noise = np.resize(noise, len(y))
    rms = np.sqrt(np.dot(y, y) / len(y))
    noisy = noise * np.float32(rms * 10 ** (-snr_db / 20))
    noisy += y
    return np.asarray(noisy)


@functools.cache
def _noise_pool() -> np.ndarray:
    """White noise of power 1 [shape=(POOL_SIZE,), dtype=float32]."""
    return np.random.default_rng(POOL_SEED).standard_normal(POOL_SIZE, dtype=np.float32)
