"""Augmentation: altered copies of a recording whose label stays true.

A copy is pitch-shifted, time-stretched and mixed with noise; what is drawn depends on the seed,
the track's id and the copy's number alone. Pitch and tempo are changed by the Signalsmith
stretcher, through audiomentations.
"""

import hashlib
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from genrenet.params import LEAST_SEMITONES, LEAST_STRETCH, Augment


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What is done to a copy; None leaves it as it is.

    Attributes
    ----------
    pitch_semitones : float or None
        Shift, upwards if positive.
    stretch_rate : float or None
        Speed: 1.1 plays 10 % faster.
    snr_db : float or None
        Level of the signal over the white noise, in dB.
    """

    pitch_semitones: float | None = None
    stretch_rate: float | None = None
    snr_db: float | None = None


ORIGINAL = Draw()


def draw(settings: Augment, track_id: str, copy: int) -> Draw:
    """Draw a copy's changes, at least one."""
    rng = np.random.default_rng(_seed(settings.seed, track_id, copy))
    kinds = _kinds(settings)
    chosen = rng.random(len(kinds)) < settings.probability
    chosen[rng.integers(len(kinds))] = True
    amounts = {
        "pitch_semitones": _signed(rng, LEAST_SEMITONES, settings.pitch_semitones),
        "stretch_rate": 1 + _signed(rng, LEAST_STRETCH, settings.stretch),
        "snr_db": float(rng.uniform(*settings.snr_db)),
    }
    return Draw(**{k: round(amounts[k], 4) for k, c in zip(kinds, chosen, strict=True) if c})


def apply(y: np.ndarray, sr: int, what: Draw, *, seed: tuple[int, str, int]) -> np.ndarray:
    """Render a copy.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,), dtype=float32]
        Mono signal at ``sr`` Hz.
    sr : int
        Sampling rate.
    what : Draw
        The changes, applied in the order pitch, tempo, noise.
    seed : tuple of (int, str, int)
        (seed, track id, copy): decides the noise.

    Returns
    -------
    np.ndarray [shape=(round(n_samples / stretch_rate),), dtype=float32]
    """
    with _seeded(_seed(*seed)):
        for transform in _transforms(what):
            y = transform(samples=y, sample_rate=sr)
    return np.asarray(y, dtype=np.float32)


def _kinds(settings: Augment) -> list[str]:
    """The changes that the settings allow."""
    kinds = ["snr_db"]
    if settings.stretch >= LEAST_STRETCH:
        kinds.insert(0, "stretch_rate")
    if settings.pitch_semitones >= LEAST_SEMITONES:
        kinds.insert(0, "pitch_semitones")
    return kinds


def _signed(rng: np.random.Generator, least: float, most: float) -> float:
    return float(rng.choice([-1, 1]) * rng.uniform(least, max(least, most)))


def _transforms(what: Draw) -> list:
    with warnings.catch_warnings():  # audiomentations' docstrings hold invalid escapes
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        import audiomentations as am

    chain = []
    if (pitch := what.pitch_semitones) is not None:
        chain.append(am.PitchShift(pitch, pitch, method="signalsmith_stretch", p=1))
    if (rate := what.stretch_rate) is not None:
        chain.append(
            am.TimeStretch(
                rate, rate, leave_length_unchanged=False, method="signalsmith_stretch", p=1
            )
        )
    if (snr := what.snr_db) is not None:
        chain.append(am.AddGaussianSNR(snr, snr, p=1))
    return chain


def _seed(seed: int, track_id: str, copy: int) -> int:
    text = f"{seed}\0{track_id}\0{copy}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "little")


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Audiomentations draws from both global random states: set them, and put them back."""
    python, numpy = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
