"""Styles of the demo corpus: what is typical of each, and pieces composed from it.

They are sketches by rule, named after the music whose rhythm and mode they borrow; none stands
for the real thing. Each is a distribution over modes of playing: instruments are shared between
styles, and an ensemble may play without drums.

Rhythm is written in steps. A pattern is one bar, a character a step; ``.`` is silence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

import numpy as np

from genrenet.corpus import instruments as i
from genrenet.corpus.instruments import Drum, Samples, Tone

_T = TypeVar("_T")

MAJOR = (0, 200, 400, 500, 700, 900, 1100)
MINOR = (0, 200, 300, 500, 700, 800, 1000)
MIXOLYDIAN = (0, 200, 400, 500, 700, 900, 1000)
BHAIRAV = (0, 100, 400, 500, 700, 800, 1100)
# In Vaziri's quarter-tone notation, whose koron lowers a degree by 50 cents; players' own
# intervals vary around it.
SHUR = (0, 150, 300, 500, 700, 800, 1000)
SEGAH = (0, 150, 350, 500, 700, 850, 1050)

DRUMS: dict[str, tuple[Drum, float]] = {
    "k": (i.KICK, 50.0),
    "s": (i.SNARE, 180.0),
    "h": (i.HAT, 6_000.0),
    "d": (i.GOBLET_BASS, 95.0),
    "t": (i.GOBLET_RIM, 400.0),
}
"""Letters of the drum patterns: the drum, and the pitch to which it is tuned, in Hz."""

CHORDS: dict[str, tuple[int, ...]] = {"r": (-7,), "f": (-3,), "c": (0, 2, 4), "d": (-7, -3, 0)}
"""Letters of the accompaniment: root, fifth, chord and drone, in degrees above the bar's root."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """What pieces of one style have in common, and what they choose from.

    Attributes
    ----------
    mode : tuple of int
        Seven degrees, in cents above the tonic.
    tempo : tuple of float
        Slowest and fastest, in beats per minute.
    steps_per_beat : int > 0
        Steps of the patterns in a beat.
    rhythms : tuple of tuple of int
        Bars of melody: how many steps each note lasts.
    harmony : tuple of int
        Degree on which each bar's chord stands, in turn.
    accompaniments : tuple of str
        Patterns of `CHORDS`.
    grooves : tuple of tuple of str
        Drum parts, each of patterns of `DRUMS` that sound together.
    leads, backings : tuple of Tone
        Instruments of the melody and of the accompaniment.
    """

    mode: tuple[int, ...]
    tempo: tuple[float, float]
    steps_per_beat: int
    rhythms: tuple[tuple[int, ...], ...]
    harmony: tuple[int, ...]
    accompaniments: tuple[str, ...]
    grooves: tuple[tuple[str, ...], ...]
    leads: tuple[Tone, ...]
    backings: tuple[Tone, ...]

    def cents(self, degree: int) -> int:
        """Height of a degree of the mode above the tonic; 7 is the octave."""
        octave, step = divmod(degree, len(self.mode))
        return 1200 * octave + self.mode[step]


STYLES: dict[str, Style] = {
    "shur": Style(
        mode=SHUR,
        tempo=(60, 84),
        steps_per_beat=6,
        rhythms=((2, 1, 2, 1, 3, 3), (3, 1, 1, 1, 6), (1, 1, 1, 1, 2, 2, 1, 3), (6, 3, 3)),
        harmony=(0, 0, 0, 3),
        accompaniments=("d.....d.....", "d..r..f..r..", "d..........."),
        grooves=(("d..t.td.tt..",), ("d.tt..d.t.t.",)),
        leads=(i.LUTE, i.LUTE, i.ZITHER),
        backings=(i.LUTE,),
    ),
    "segah": Style(
        mode=SEGAH,
        tempo=(92, 120),
        steps_per_beat=4,
        rhythms=((2, 2, 4), (4, 2, 2), (1, 1, 2, 2, 2), (6, 2)),
        harmony=(0, 0, 2, 0),
        accompaniments=("d.......", "d...f...", "r.r.f.r."),
        grooves=(("d.t.d.tt",), ("d..td.t.",)),
        leads=(i.FLUTE, i.FLUTE, i.LUTE),
        backings=(i.ZITHER, i.ZITHER, i.LUTE),
    ),
    "waltz": Style(
        mode=MAJOR,
        tempo=(138, 186),
        steps_per_beat=2,
        rhythms=((2, 2, 2), (4, 2), (2, 1, 1, 2), (6,)),
        harmony=(0, 0, 4, 0, 3, 0, 4, 0),
        accompaniments=("r.c.c.", "r.c.cc"),
        grooves=(("k.....", "..h.h."), ("k.....", "..s.s.")),
        leads=(i.REED, i.REED, i.BELL),
        backings=(i.REED, i.GUITAR),
    ),
    "march": Style(
        mode=MAJOR,
        tempo=(104, 124),
        steps_per_beat=4,
        rhythms=((3, 1, 4), (4, 2, 2), (2, 2, 3, 1), (8,)),
        harmony=(0, 4, 0, 3, 0, 4, 4, 0),
        accompaniments=("r.c.f.c.", "r...c..."),
        grooves=(("k...k...", "..s.s.ss"), ("k.......", "s.sss.s."), ("k...k...", "h...h...")),
        leads=(i.CLARINET, i.CLARINET, i.FLUTE),
        backings=(i.CLARINET, i.ORGAN),
    ),
    "techno": Style(
        mode=MINOR,
        tempo=(122, 138),
        steps_per_beat=4,
        rhythms=((2, 1, 1, 2, 2, 3, 3, 2), (2, 2, 4, 2, 2, 4), (4, 4, 8), (1,) * 16),
        harmony=(0, 0, 5, 0),
        accompaniments=("..r...r...r...r.", "..rr..rr..rr..rf", "..c...c...c.c.c."),
        grooves=(
            ("k...k...k...k...", "..h...h...h...h."),
            ("k...k...k...k...", "....s.......s...", "hhhhhhhhhhhhhhhh"),
            ("k...k...k...k...", "...t..t....t..t."),
        ),
        leads=(i.SYNTH, i.SYNTH, i.BELL),
        backings=(i.SYNTH, i.ORGAN),
    ),
    "raga-drone": Style(
        mode=BHAIRAV,
        tempo=(54, 76),
        steps_per_beat=4,
        rhythms=((8, 4, 4), (6, 2, 8), (3, 1, 2, 2, 8), (16,)),
        harmony=(0,),
        accompaniments=("d...f...d...r...", "d.......d......."),
        grooves=((), ("d.......d...t...",)),
        leads=(i.FLUTE, i.ZITHER, i.ZITHER),
        backings=(i.ZITHER,),
    ),
    "blues-shuffle": Style(
        mode=MIXOLYDIAN,
        tempo=(96, 132),
        steps_per_beat=3,
        rhythms=((2, 1, 2, 1, 3, 3), (3, 2, 1, 6), (2, 1, 3, 2, 1, 3), (5, 1, 6)),
        harmony=(0, 3, 0, 0, 3, 0, 4, 0),
        accompaniments=("r.rf.fr.rf.f", "r..c..r..c..", "r.cr.cr.cr.c"),
        grooves=(("k.....k.....", "...s.....s..", "h.hh.hh.hh.h"), ("h..h.hh..h.h",)),
        leads=(i.GUITAR, i.GUITAR, i.ORGAN),
        backings=(i.ORGAN, i.GUITAR),
    ),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One sound of a piece.

    Attributes
    ----------
    instrument : Tone or Drum
    hz, start_s, duration_s : float
        Pitch, and when it sounds.
    gain : float
        Factor on the amplitude.
    """

    instrument: Tone | Drum
    hz: float
    start_s: float
    duration_s: float
    gain: float


def compose(
    style: Style,
    *,
    ensemble: tuple[Tone, Tone],
    tempo: float,
    tonic_hz: float,
    duration_s: float,
    rng: np.random.Generator,
) -> tuple[list[Note], list[Note], list[Note]]:
    """Compose a piece: its melody, its accompaniment and its drums.

    Parameters
    ----------
    style : Style
        What to choose from.
    ensemble : tuple of Tone
        Instruments of the melody and of the accompaniment.
    tempo : float > 0
        Beats per minute.
    tonic_hz : float > 0
        Pitch of degree 0.
    duration_s : float > 0
        How long it has to last; it ends with a whole bar.
    rng : np.random.Generator
        Makes every choice.

    Returns
    -------
    melody, accompaniment, drums : list of Note
    """
    lead, backing = ensemble
    pattern, groove = pick(style.accompaniments, rng), pick(style.grooves, rng)
    step_s = 60 / tempo / style.steps_per_beat
    n_bars = ceil(duration_s / (len(pattern) * step_s))

    def note(step: int, n_steps: int, instrument: Tone | Drum, hz: float, gain: float) -> Note:
        # 4 ms and 2 dB (0.1 decades): uneven enough to be no machine, even enough to keep time.
        start_s = max(0.0, step * step_s + rng.normal(0, 0.004))
        return Note(instrument, hz, start_s, n_steps * step_s, gain * 10 ** rng.normal(0, 0.1))

    def hz(degree: int) -> float:
        return float(tonic_hz * 2 ** (style.cents(degree) / 1200))

    # The gains leave the melody in front of up to three accompanying notes at a time.
    melody = [note(s, n, lead, hz(d), 1.0) for s, n, d in _melody(style, n_bars, rng)]
    chords = [note(s, n, backing, hz(d), 0.4) for s, n, d in _chords(style, pattern, n_bars)]
    drums = [note(s, 4, *DRUMS[letter], 0.9) for s, letter in _strokes(groove, n_bars)]
    return melody, chords, drums


def _melody(style: Style, n_bars: int, rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """Step, length and degree of each note, in two-bar phrases of the form A A B A."""
    a, b = _phrase(style, rng), _phrase(style, rng)
    step = 0
    for k in range(ceil(n_bars / 2)):
        for n_steps, degree in (a, a, b, a)[k % 4]:
            yield step, n_steps, degree
            step += n_steps


def _phrase(style: Style, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Length and degree of each note of two bars: a walk by small steps, closing 1, 0."""
    lengths = pick(style.rhythms, rng) + pick(style.rhythms, rng)
    walk = rng.choice((0, 2, 4, 7)) + np.cumsum(rng.choice((-2, -1, -1, 1, 1, 2), len(lengths)))
    degrees = [abs(int(degree)) for degree in np.minimum(walk, 16 - walk)]
    return list(zip(lengths, [*degrees[:-2], 1, 0], strict=True))


def _chords(style: Style, pattern: str, n_bars: int) -> Iterator[tuple[int, int, int]]:
    """Step, length and degree of each accompanying note; it lasts until the next letter."""
    onsets = [k for k, letter in enumerate(pattern) if letter != "."]
    for bar in range(n_bars):
        root = style.harmony[bar % len(style.harmony)]
        for onset, following in zip(onsets, [*onsets[1:], len(pattern)], strict=True):
            for degree in CHORDS[pattern[onset]]:
                yield bar * len(pattern) + onset, following - onset, root + degree


def _strokes(groove: Sequence[str], n_bars: int) -> Iterator[tuple[int, str]]:
    """Step and letter of each stroke on a drum."""
    for pattern in groove:
        for step, letter in enumerate(pattern * n_bars):
            if letter != ".":
                yield step, letter


def pick(choices: Sequence[_T], rng: np.random.Generator) -> _T:
    """One of `choices`, all equally likely."""
    return choices[int(rng.integers(len(choices)))]


def perform(notes: list[Note], n_samples: int, *, sr: int, rng: np.random.Generator) -> Samples:
    """Play those of `notes` that begin in time; a sound that recurs is made once.

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
    """
    y = np.zeros(n_samples, dtype=np.float32)
    sounds: dict[tuple[Tone | Drum, float, float], Samples] = {}
    for note in (note for note in notes if round(note.start_s * sr) < n_samples):
        key = (note.instrument, note.hz, note.duration_s)
        if key not in sounds:
            sounds[key] = note.instrument(note.hz, note.duration_s, sr=sr, rng=rng)
        start = round(note.start_s * sr)
        sound = sounds[key][: n_samples - start]
        y[start : start + sound.size] += note.gain * sound
    return y
