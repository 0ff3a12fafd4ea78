"""Instruments for the demo corpus: each turns a pitch and a length into a sound.

An instrument is a frozen settings object that is called with ``(hz, duration_s, sr=, rng=)`` and
returns mono samples of about unit peak. Every sound stays below `TOP_HZ`, so that one note
has the same spectrum at every sampling rate.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft
from scipy.signal import butter, lfilter

Samples = npt.NDArray[np.float32]

TOP_HZ = 10_000
"""Below the Nyquist frequency of 22.05 kHz, the lowest rate in the corpus."""
TABLE_SIZE = 512
"""Samples in one stored period: over ten for each cycle of the 48th harmonic, the highest."""


@dataclass(frozen=True, kw_only=True)
class Tone:
    """A pitched instrument: a stored period whose harmonics fade at their own rates.

    With `damping` this is a plucked string in the manner of Karplus and Strong ("Digital
    Synthesis of Plucked-String and Drum Timbres", Computer Music Journal 7(2), 1983): each period
    is the one before, low-passed. All periods are computed at once, in the frequency domain.

    Attributes
    ----------
    amplitudes : tuple of float
        Amplitude of each harmonic, the lowest first.
    fundamental : int > 0
        Which harmonic carries the pitch; above 1, the spectrum may be that of a bell.
    decay_s : float > 0
        Time constant of the whole tone.
    damping : float >= 0
        Loss of harmonic k beyond that: it decays by ``exp(-damping * k)`` in a second.
    attack_s : float > 0
        Length of the rise.
    vibrato_cents : float >= 0
        Depth of a 5.5 Hz vibrato, the rate common among singers and players.
    breath : float >= 0
        Amplitude of the noise that sounds along.
    """

    amplitudes: tuple[float, ...]
    fundamental: int = 1
    decay_s: float = inf
    damping: float = 0.0
    attack_s: float = 0.004
    vibrato_cents: float = 0.0
    breath: float = 0.0

    def __call__(
        self, hz: float, duration_s: float, *, sr: int, rng: np.random.Generator
    ) -> Samples:
        """Sound one note of `hz` for `duration_s`, release included.

        Returns
        -------
        np.ndarray [shape=(n_samples,), dtype=float32]
        """
        t = np.arange(round(duration_s * sr)) / sr
        period_s = self.fundamental / hz
        table = self._periods(1 / period_s, n_periods=int(duration_s / period_s) + 2, rng=rng)
        # Frequency hz * (1 + depth * cos(2 pi 5.5 t)), integrated: the position in the table.
        depth = 2 ** (self.vibrato_cents / 1200) - 1
        place = t + depth * np.sin(2 * np.pi * 5.5 * t) / (2 * np.pi * 5.5)
        y = np.interp(place * (TABLE_SIZE / period_s), np.arange(table.size), table.ravel())
        if self.breath:
            y += self.breath * _band(rng.standard_normal(t.size), low=hz, high=4 * hz, sr=sr)
        return (y * self._envelope(t, duration_s)).astype(np.float32)

    def _periods(self, hz: float, *, n_periods: int, rng: np.random.Generator) -> Samples:
        """One row of `TABLE_SIZE` samples for each period of the lowest harmonic."""
        k = np.arange(1, len(self.amplitudes) + 1)
        phases = np.exp(2j * np.pi * rng.random(k.size))  # in phase they would make one sharp peak
        strike = np.where(k * hz < TOP_HZ, np.array(self.amplitudes), 0) * phases
        fading = np.exp(-self.damping * k / hz * np.arange(n_periods)[:, np.newaxis])
        spectrum = np.pad(strike * fading, ((0, 0), (1, 0))).astype(np.complex64)
        table: Samples = irfft(spectrum, n=TABLE_SIZE, axis=1)
        table /= np.abs(table[0]).max()
        return table

    def _envelope(self, t: npt.NDArray[np.float64], duration_s: float) -> npt.NDArray[np.float64]:
        release_s = min(0.05, duration_s / 4)  # 50 ms: no click, and no gap between notes
        rise = np.minimum(1, t / self.attack_s)
        fall = np.minimum(1, (duration_s - t) / release_s)
        return rise * fall * np.exp(-t / self.decay_s)


@dataclass(frozen=True, kw_only=True)
class Drum:
    """A drum: a membrane whose pitch falls to `hz` as it calms, and a burst of noise.

    Attributes
    ----------
    skin, noise : float >= 0
        Amplitudes of the membrane and of the noise.
    decay_s : float > 0
        Time constant of the membrane; the noise takes half of it.
    bend : float >= 0
        By how many times `hz` the pitch begins higher.
    band : tuple of float
        Edges of the noise, as multiples of `hz`.
    """

    skin: float
    noise: float
    decay_s: float
    bend: float = 0.0
    band: tuple[float, float] = (1.0, 20.0)

    def __call__(
        self, hz: float, duration_s: float, *, sr: int, rng: np.random.Generator
    ) -> Samples:
        """Sound one stroke; it rings for five time constants, `duration_s` at most.

        Returns
        -------
        np.ndarray [shape=(n_samples,), dtype=float32]
        """
        t = np.arange(round(min(duration_s, 5 * self.decay_s) * sr)) / sr
        bend_s = 0.02  # the pitch of a struck skin settles within some 20 ms
        cycles = hz * (t + self.bend * bend_s * (1 - np.exp(-t / bend_s)))
        y = self.skin * np.sin(2 * np.pi * cycles) * np.exp(-t / self.decay_s)
        low, high = (edge * hz for edge in self.band)
        burst = _band(rng.standard_normal(t.size), low=low, high=high, sr=sr)
        y += self.noise * burst * np.exp(-2 * t / self.decay_s)
        y *= np.minimum(1, (t[-1] - t) / 0.005)  # a fall of 5 ms: no click
        return y.astype(np.float32)


def _band(
    noise: npt.NDArray[np.float64], *, low: float, high: float, sr: int
) -> npt.NDArray[np.float64]:
    """`noise` between two frequencies, at unit standard deviation."""
    edges = [low, min(high, TOP_HZ)]
    filtered: npt.NDArray[np.float64] = lfilter(*butter(1, edges, btype="bandpass", fs=sr), noise)
    filtered /= filtered.std()
    return filtered


def _falling(n: int, power: float, *, step: int = 1) -> tuple[float, ...]:
    """`n` harmonics with amplitude ``k ** -power``; `step` 2 leaves out the even ones."""
    return tuple(k**-power if (k - 1) % step == 0 else 0.0 for k in range(1, n + 1))


def _bell() -> tuple[float, ...]:
    """Hum, prime, tierce, quint and nominal, as tenths of the prime's frequency.

    The ratios 0.5, 1, 1.2, 1.5, 2, 2.5 and 3 are those to which founders tune a minor-third bell
    (Fletcher and Rossing, "The Physics of Musical Instruments", 2nd ed., chapter 21).
    """
    partials = {5: 0.3, 10: 1.0, 12: 0.6, 15: 0.3, 20: 0.8, 25: 0.2, 30: 0.2}
    return tuple(partials.get(k, 0.0) for k in range(1, 31))


# Set by ear and by eye: spectra such as textbooks show for the family, not one instrument's.
LUTE = Tone(amplitudes=_falling(32, 0.8), decay_s=0.5, damping=0.5)
ZITHER = Tone(amplitudes=_falling(48, 0.5), decay_s=0.9, damping=0.25)
GUITAR = Tone(amplitudes=_falling(24, 1.2), decay_s=0.8, damping=0.4)
FLUTE = Tone(amplitudes=_falling(6, 1.8), attack_s=0.05, vibrato_cents=8, breath=0.1)
REED = Tone(amplitudes=_falling(24, 0.9), attack_s=0.03, vibrato_cents=4)
CLARINET = Tone(amplitudes=_falling(15, 1.0, step=2), attack_s=0.03, breath=0.02)
ORGAN = Tone(amplitudes=(1, 0.8, 0.5, 0.5, 0, 0.3, 0, 0.3), attack_s=0.015)
BELL = Tone(amplitudes=_bell(), fundamental=10, decay_s=0.6, damping=0.1)
SYNTH = Tone(amplitudes=_falling(40, 1.0), decay_s=0.25, damping=0.5)

KICK = Drum(skin=1.0, noise=0.03, decay_s=0.12, bend=3.0, band=(4, 40))
SNARE = Drum(skin=0.4, noise=0.3, decay_s=0.12, bend=0.5, band=(6, 30))
HAT = Drum(skin=0.0, noise=0.35, decay_s=0.06, band=(1, 1.5))
GOBLET_BASS = Drum(skin=0.9, noise=0.05, decay_s=0.15, bend=0.4, band=(2, 8))
GOBLET_RIM = Drum(skin=0.3, noise=0.25, decay_s=0.05, bend=0.2, band=(2, 6))
