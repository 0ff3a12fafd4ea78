"""The tonic of a clip: the pitch class on which modal music rests, estimated from its spectra.

In each frame the peaks of the spectrum between 100 and 800 Hz are candidates for a note; a
candidate's salience is the sum of its harmonics (Salamon, Gulati and Serra, "A multipitch approach
to tonic identification in Indian classical music", ISMIR 2012, from which the lower limit, too).
Of these, histograms over the pitch class are made, in steps of 5 cents, from four signs:

1. the lower half of the melody's register, where the tonic and a drone lie;
2. its lower third;
3. the last second that sounds, since a melody ends on its tonic (Bozkurt, "An automatic pitch
   analysis method for Turkish maqam music", Journal of New Music Research 37(1), 2008), by half:
   excerpts are cut anywhere;
4. the fifth above it (Chordia and Şentürk, "Joint recognition of raag and tonic in North Indian
   music", Computer Music Journal 37(3), 2013), by half: marwa and saba have none.

Their weighted sum has its maximum at the tonic. The weights were set on other melodies than those
on which the error is stated. Only ratios of frequencies enter: a transposed clip has its tonic
transposed.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

LOWEST_HZ, HIGHEST_HZ = 100.0, 800.0
"""Where the notes are. Under 100 Hz are the skins of drums; their pitch is no note of the mode."""
N_HARMONICS, DECLINE = 6, 0.8
"""Harmonics whose amplitudes add up to a salience, and each one's weight relative to the last's."""
LEAST_SALIENCE = 0.3
"""Of the weakest candidate, relative to the frame's most salient one."""
STEPS = 240
"""Steps of a histogram in an octave: 5 cents."""
SMOOTH_CENTS = 12.0
"""Standard deviation of the histograms' smoothing: players vary by as much."""
NEAR_CENTS = 35.0
"""Notes this near to the histogram's maximum are the tonic; their mean refines it."""
END_S, AUDIBLE = 1.0, 0.25
"""Length of the end, and the salience, relative to the clip's most, up to which it has ended."""
FIFTH = 140  # steps: 700 cents, within the smoothing of 702


@dataclass(frozen=True, kw_only=True)
class Notes:
    """Candidates for the notes that sound in each frame, ordered by frame and pitch.

    Attributes
    ----------
    frame : np.ndarray [shape=(n_notes,), dtype=int32]
        Number of the frame.
    pitch : np.ndarray [shape=(n_notes,), dtype=float32]
        Height above C0 (16.35 Hz), in octaves.
    salience : np.ndarray [shape=(n_notes,), dtype=float32]
        Sum of the harmonics' amplitudes, each compressed by a square root.
    """

    frame: np.ndarray
    pitch: np.ndarray
    salience: np.ndarray

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """The notes of consecutive blocks of frames."""
        names = ("frame", "pitch", "salience")
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})

    def kept(self, which: np.ndarray) -> "Notes":
        """The notes that a mask [shape=(n_notes,)] selects."""
        return Notes(
            frame=self.frame[which], pitch=self.pitch[which], salience=self.salience[which]
        )


def salience(power: np.ndarray, frame: np.ndarray, place: np.ndarray) -> np.ndarray:
    """How much each candidate sounds: the amplitudes of its harmonics, compressed and summed.

    The fourth root of the power keeps a note with a weak fundamental beside a loud one.

    Parameters
    ----------
    power : np.ndarray [shape=(n_frames, 1 + n_fft // 2), dtype=float32]
        Spectra.
    frame : np.ndarray [shape=(n_notes,), dtype=int]
        Spectrum of each candidate.
    place : np.ndarray [shape=(n_notes,), dtype=float32]
        Frequency of each candidate, in bins.

    Returns
    -------
    np.ndarray [shape=(n_notes,), dtype=float32]
    """
    n_bins = power.shape[1]
    harmonics = np.arange(1, N_HARMONICS + 1)[:, np.newaxis]
    lower = (harmonics * place).astype(np.intp)
    inside = lower + 1 < n_bins
    at = frame * n_bins + np.where(inside, lower, 0)
    flat = power.ravel()
    amplitude = np.sqrt(np.sqrt(np.maximum(flat[at], flat[at + 1])))
    weight = np.where(inside, DECLINE ** (harmonics - 1), 0).astype(np.float32)
    return np.asarray((weight * amplitude).sum(axis=0))


def estimate(notes: Notes, *, frames_per_s: float) -> float:
    """Pitch class of the tonic.

    Returns
    -------
    float in [0, 1)
        Height above C, in octaves; 0 where there are no notes.
    """
    if len(notes.frame) == 0:
        return 0.0
    begins = np.flatnonzero(np.diff(notes.frame, prepend=-1))
    loudest = np.maximum.reduceat(notes.salience, begins)  # of each frame that has notes
    counts = np.diff(begins, append=len(notes.frame))
    share = notes.salience / np.repeat(loudest, counts)
    third, half = np.quantile(notes.pitch[share == 1], (1 / 3, 1 / 2))
    audible = notes.frame[begins[loudest > AUDIBLE * loudest.max()]][-1]
    ending = (notes.frame <= audible) & (notes.frame > audible - END_S * frames_per_s)
    lower = histogram(notes.pitch, share * (notes.pitch <= half))
    score = (
        lower
        + histogram(notes.pitch, share * (notes.pitch <= third))
        + 0.5 * histogram(notes.pitch, notes.salience * ending)
        + 0.5 * np.sqrt(lower * np.roll(lower, -FIFTH))
    )
    return _refined(notes, float(np.argmax(score) / STEPS))


def histogram(pitch: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight of each pitch class, smoothed, relative to the largest.

    Returns
    -------
    np.ndarray [shape=(STEPS,), dtype=float64]
        Class k is ``k / STEPS`` octaves above C.
    """
    nearest = np.rint(pitch * STEPS).astype(np.intp) % STEPS
    raw = np.bincount(nearest, weight, minlength=STEPS)
    away = np.arange(STEPS)
    cents = np.minimum(away, STEPS - away) * (1200 / STEPS)
    bell = np.exp(-0.5 * (cents / SMOOTH_CENTS) ** 2)
    smooth = np.maximum(0, np.fft.irfft(np.fft.rfft(raw) * np.fft.rfft(bell), STEPS))
    return np.asarray(smooth / max(smooth.max(), 1e-30))


def _refined(notes: Notes, tonic: float) -> float:
    """The mean of the notes near to a pitch class: free of the histogram's steps."""
    away = (notes.pitch - tonic + 0.5) % 1 - 0.5
    weight = notes.salience * (np.abs(away) * 1200 < NEAR_CENTS)
    if not weight.any():
        return tonic
    return float((tonic + np.average(away, weights=weight)) % 1)
