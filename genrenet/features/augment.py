"""Augmentation: altered copies of a recording whose label stays true.

A copy is shifted in pitch, stretched in time and mixed with noise. What is drawn depends on the
seed, the track's id and the copy's number alone. :mod:`genrenet.features.render` alters the audio,
:mod:`genrenet.features.warp` its analysis.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from genrenet.features.transforms import draw_transforms
from genrenet.sections.augment import LEAST_SEMITONES, LEAST_STRETCH, Augment


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
    transforms : str or None
        Further changes: JSON, ``{name: {parameter: value}}``.
    """

    pitch_semitones: float | None = None
    stretch_rate: float | None = None
    snr_db: float | None = None
    transforms: str | None = None


ORIGINAL = Draw()


def draw(settings: Augment, track_id: str, copy: int) -> Draw:
    """Draw a copy's changes, at least one."""
    rng = np.random.default_rng(seed_of(settings.seed, track_id, copy))
    kinds = _kinds(settings)
    chosen = rng.random(len(kinds)) < settings.probability
    chosen[rng.integers(len(kinds))] = True
    amounts = {
        "pitch_semitones": _signed(rng, LEAST_SEMITONES, settings.pitch_semitones),
        "stretch_rate": 1 + _signed(rng, LEAST_STRETCH, settings.stretch),
        "snr_db": float(rng.uniform(*settings.snr_db)),
    }
    further = draw_transforms(settings.transforms, seed=seed_of(settings.seed, track_id, copy))
    made = {k: round(amounts[k], 4) for k, c in zip(kinds, chosen, strict=True) if c}
    return Draw(**made, transforms=further)


def seed_of(seed: int, track_id: str, copy: int, piece: int = 0) -> int:
    """A generator's seed for one piece of one copy of one track."""
    text = f"{seed}\0{track_id}\0{copy}\0{piece}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "little")


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
