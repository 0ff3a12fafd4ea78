"""Signals whose features are known, and files that hold them."""

from pathlib import Path

import numpy as np
import soundfile as sf

FULL_BAND = 0.1  # standard deviation of noise: peaks stay under full scale


def sine(hz: float, *, sr: int, duration_s: float, amplitude: float = 0.5) -> np.ndarray:
    """A tone [shape=(n_samples,), dtype=float32] that begins at phase 0."""
    t = np.arange(round(duration_s * sr)) / sr
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def noise(*, sr: int, duration_s: float, seed: int = 0) -> np.ndarray:
    """White noise [shape=(n_samples,), dtype=float32]."""
    rng = np.random.default_rng(seed)
    return (FULL_BAND * rng.standard_normal(round(duration_s * sr))).astype(np.float32)


def tune(*, sr: int, duration_s: float, seed: int = 0) -> np.ndarray:
    """Plucked notes with overtones, four a second [shape=(n_samples,), dtype=float32]."""
    rng = np.random.default_rng(seed)
    y = np.zeros(round(duration_s * sr))
    for begin in np.arange(0, len(y) - sr // 4, sr // 4):
        hz, t = 110 * 2 ** (rng.integers(24) / 12), np.arange(len(y) - begin) / sr
        overtones = sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 6))
        y[begin:] += 0.15 * overtones * np.exp(-6 * t)
    return y.astype(np.float32)


def write(path: Path, y: np.ndarray, sr: int, subtype: str | None = None) -> Path:
    """Write samples in the format of the path's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, y, sr, subtype=subtype)
    return path
