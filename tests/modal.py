"""Modal melodies whose tonic is known: dastgah, maqam and raga, by rule, on any tonic.

Sketches for measuring, not music: a walk over the degrees of a mode, with a second centre, in the
tuning of its theory. Nothing lies on the piano's grid.
"""

from dataclasses import dataclass

import numpy as np

from genrenet.corpus.instruments import Tone

COMMA = 1200 / 53

# Quarter-tone theory (Vaziri) for dastgah, 53 commas (Arel, Ezgi) for makam, 5-limit ratios for
# raga; players differ, for which the jitter in `melody` stands.
MODES: dict[str, tuple[tuple[float, ...], int]] = {
    "shur": ((0, 150, 300, 500, 700, 800, 1000), 3),
    "segah": ((0, 150, 350, 500, 700, 850, 1050), 2),
    "homayun": ((0, 150, 400, 500, 700, 800, 1000), 3),
    "chahargah": ((0, 150, 400, 500, 700, 850, 1100), 4),
    "rast": (tuple(COMMA * k for k in (0, 9, 17, 22, 31, 40, 48)), 4),
    "huseyni": (tuple(COMMA * k for k in (0, 8, 13, 22, 31, 39, 44)), 4),
    "hicaz": (tuple(COMMA * k for k in (0, 5, 17, 22, 31, 35, 44)), 3),
    "saba": (tuple(COMMA * k for k in (0, 8, 13, 18, 31, 35, 44)), 2),
    "yaman": ((0, 204, 386, 590, 702, 906, 1088), 2),
    "bhairav": ((0, 112, 386, 498, 702, 814, 1088), 4),
    "bhairavi": ((0, 112, 316, 498, 702, 814, 1018), 3),
    "marwa": ((0, 112, 386, 590, 884, 1088), 4),
}
"""Cents of each degree above the tonic; the number of the second centre (shahed, güçlü, vadi)."""
WITH_DRONE = {"yaman", "bhairav", "bhairavi", "marwa"}


@dataclass(frozen=True, kw_only=True)
class Melody:
    """What is played: notes as ``(start_s, duration_s, cents above the tonic, gain)``."""

    mode: str
    tonic_hz: float
    ends_on_tonic: bool
    drone: bool
    notes: tuple[tuple[float, float, float, float], ...]
    tone: Tone
    drone_tone: Tone
    seed: int


def melody(seed: int, *, duration_s: float = 30.0) -> Melody:
    """Compose a melody; every choice follows from the seed.

    One in four does not end on its tonic; a raga has a drone in three cases of four, others in
    one of four. Tonics are uniform over log frequency, 110 to 330 Hz.
    """
    rng = np.random.default_rng([seed, 20_000])
    mode = list(MODES)[seed % len(MODES)]
    scale, centre = MODES[mode]
    ends = bool(rng.random() < 0.75)
    drone = bool(rng.random() < (0.75 if mode in WITH_DRONE else 0.25))
    beat_s = rng.uniform(0.2, 0.5)
    notes: list[tuple[float, float, float, float]] = []
    start = rng.uniform(0, 0.5)
    final = 0 if ends else int(rng.integers(1, len(scale)))
    while start < duration_s - 8 * beat_s:
        n = int(rng.integers(5, 12))
        closes = start + (1.1 * n + 3.2 + 8) * beat_s > duration_s  # no room for one more phrase
        last = final if closes else (0 if rng.random() < 0.5 else centre)
        for k, degree in enumerate(_walk(n, last, centre, len(scale), rng)):
            length = beat_s * (rng.uniform(2.5, 4) if k == n - 1 else rng.choice((0.5, 1, 1, 2)))
            octave, step = divmod(degree, len(scale))
            cents = 1200 * octave + scale[step] + rng.normal(0, 6)
            notes.append((start, length, cents, 10 ** rng.normal(-0.1, 0.1)))
            start += length
        if closes:
            break
    return Melody(
        mode=mode,
        tonic_hz=float(110 * 3 ** rng.random()),
        ends_on_tonic=ends,
        drone=drone,
        notes=tuple(notes),
        tone=_tone(rng),
        drone_tone=_string(rng),
        seed=seed,
    )


def _walk(n: int, last: int, centre: int, size: int, rng: np.random.Generator) -> list[int]:
    """Degrees from about one of the two centres to ``last``, by small steps."""
    begin = int(rng.choice((0, centre, size)))
    free = begin + np.concatenate(([0], np.cumsum(rng.choice((-2, -1, -1, 1, 1, 2), n - 1))))
    bridge = np.round(free + np.linspace(0, 1, n) * (last - free[-1])).astype(int)
    return [int(degree) for degree in np.clip(bridge, -3, size + 4)]


def _string(rng: np.random.Generator) -> Tone:
    """A plucked string: setar, oud, sitar."""
    k = np.arange(1, 25)
    shape = k ** -rng.uniform(0.3, 1.2) * 10 ** rng.normal(0, 0.15, k.size)
    return Tone(
        amplitudes=tuple(shape.tolist()),
        decay_s=rng.uniform(0.4, 1.5),
        damping=rng.uniform(0.2, 0.6),
    )


def _tone(rng: np.random.Generator) -> Tone:
    """A plucked string, or a bowed or blown tone with vibrato: kamancheh, ney, voice."""
    if rng.random() < 0.5:
        return _string(rng)
    k = np.arange(1, 17)
    shape = k ** -rng.uniform(0.7, 1.8) * 10 ** rng.normal(0, 0.2, k.size)
    return Tone(
        amplitudes=tuple(shape.tolist()),
        attack_s=rng.uniform(0.02, 0.08),
        vibrato_cents=rng.uniform(0, 25),
        breath=rng.uniform(0, 0.1),
    )


def play(piece: Melody, *, sr: int, shift_cents: float = 0.0, noise_db: float = -45) -> np.ndarray:
    """Render a melody, all of it moved by ``shift_cents``.

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
    """
    rng = np.random.default_rng([piece.seed, 20_001])
    tonic_hz = piece.tonic_hz * 2 ** (shift_cents / 1200)
    end_s = piece.notes[-1][0] + piece.notes[-1][1]
    y = np.zeros(round((end_s + 0.1) * sr), dtype=np.float32)
    parts = [(piece.tone, *note) for note in piece.notes]
    if piece.drone:
        for begin in np.arange(0, end_s - 0.5, 0.8):
            fifth = round(begin / 0.8) % 4 == 0  # a tambura: fifth, tonic, tonic, low tonic
            cents = -498 if fifth else (-1200 if round(begin / 0.8) % 4 == 3 else 0)
            cents -= 0 if piece.tonic_hz > 160 else -1200 * (cents == -1200)
            parts.append((piece.drone_tone, begin, min(2.5, end_s - begin), cents, 0.35))
    for tone, start_s, length_s, cents, gain in parts:
        begin = round(start_s * sr)
        sound = tone(tonic_hz * 2 ** (cents / 1200), length_s, sr=sr, rng=rng)[: len(y) - begin]
        y[begin : begin + len(sound)] += np.float32(gain) * sound
    y *= np.float32(0.3 / np.abs(y).max())
    y += np.float32(0.3 * 10 ** (noise_db / 20)) * rng.standard_normal(len(y), dtype=np.float32)
    return y
