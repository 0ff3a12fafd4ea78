"""Clips: music that the program makes, so that the benchmarks need no recordings.

A clip is chords of plucked strings, drums and a little noise, as stereo at 44.1 kHz: what costs
as much to decode, transform and compress as music does. The same seed gives the same clip.
"""

import functools
import os
from pathlib import Path

import numpy as np
import soundfile as sf

CLIP_S = 30.0
SR = 44_100
CHORD_S, BEAT_S = 2.0, 0.5
ROOTS_HZ = (110.0, 146.8, 164.8, 130.8, 98.0)
CHORD = (1.0, 1.26, 1.5, 2.0)  # a major triad and its octave
N_HARMONICS = 6


def music(
    seed: int,
    *,
    sr: int = SR,
    duration_s: float = CLIP_S,
    semitones: float = 0.0,
    rate: float = 1.0,
    drums: bool = True,
) -> np.ndarray:
    """A clip as mono [shape=(n_samples,), dtype=float32], at another pitch or tempo if asked.

    It is played anew at that pitch and tempo, not altered: what an alteration is held against.
    """
    rng = np.random.default_rng(seed)
    n = round(duration_s / rate * sr)
    y = np.zeros(n, dtype=np.float32)
    for number in range(int(np.ceil(duration_s / CHORD_S))):
        root = ROOTS_HZ[rng.integers(len(ROOTS_HZ))] * 2 ** (semitones / 12)
        begin = round(number * CHORD_S / rate * sr)
        chord = _chord(root, sr, rate)[: n - begin]
        y[begin : begin + len(chord)] += chord
    if drums:
        for beat in range(int(duration_s / BEAT_S)):
            begin = round(beat * BEAT_S / rate * sr)
            hit = _hit(rng, sr)[: n - begin]
            y[begin : begin + len(hit)] += hit
        y += 0.003 * rng.standard_normal(n, dtype=np.float32)
    return np.asarray(y * np.float32(0.7 / np.abs(y).max()))


def stereo(seed: int) -> np.ndarray:
    """A clip with sides that differ [shape=(n_samples, 2), dtype=float32]."""
    y = music(seed)
    return np.stack([y, 0.8 * np.roll(y, 441)], axis=1)


def write_clips(folder: Path, n: int, *, suffix: str) -> list[Path]:
    """``n`` stereo clips of 30 s, as 16-bit WAV or as MP3 of about 190 kb/s."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"clip-{seed:02d}{suffix}" for seed in range(n)]
    for seed, path in enumerate(paths):
        sf.write(path, stereo(seed), SR)
    return paths


def many(folder: Path, n: int, *, n_different: int = 20, sr: int = 22_050) -> list[Path]:
    """``n`` mono WAV clips of 30 s at ``sr``, none with the bytes of another.

    They are ``n_different`` clips, turned by so many samples that each is another file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clips = [music(seed, sr=sr) for seed in range(min(n, n_different))]
    paths = [folder / f"track-{number:05d}.wav" for number in range(n)]
    for number, path in enumerate(paths):
        turn = 997 * (number // len(clips))
        sf.write(path, np.roll(clips[number % len(clips)], turn), sr)
    return paths


def multiplied(paths: list[Path], folder: Path, n: int) -> list[Path]:
    """``n`` names for the given files, as hard links: more work without more disk."""
    folder.mkdir(parents=True, exist_ok=True)
    links = [folder / f"track-{k:05d}{paths[0].suffix}" for k in range(n)]
    for number, link in enumerate(links):
        os.link(paths[number % len(paths)], link)
    return links


@functools.lru_cache(maxsize=4)
def _chord(root_hz: float, sr: int, rate: float) -> np.ndarray:
    """Strings of one chord; each harmonic fades as fast as it is high."""
    t = np.arange(round(CHORD_S / rate * sr), dtype=np.float32) / sr
    y = np.zeros(len(t), dtype=np.float32)
    for ratio in CHORD:
        for harmonic in range(1, N_HARMONICS + 1):
            fade = np.exp(-rate * t * (0.5 + 0.3 * harmonic))
            y += np.sin(2 * np.pi * root_hz * ratio * harmonic * t) * fade / harmonic
    y *= np.minimum(1, rate * t / 0.005)  # a pluck is not a click
    return y


def _hit(rng: np.random.Generator, sr: int) -> np.ndarray:
    """One stroke on a drum: noise that is gone after a tenth of a second."""
    t = np.arange(round(0.1 * sr), dtype=np.float32) / sr
    return np.asarray(0.8 * rng.standard_normal(len(t), dtype=np.float32) * np.exp(-50 * t))
