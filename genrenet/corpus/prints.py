"""Prints: the fingerprints of a whole corpus, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

STRIDE = 4  # words: tracks begin at its multiples, where the index looks


@dataclass(frozen=True, kw_only=True)
class Prints:
    """The fingerprints of a corpus.

    Attributes
    ----------
    track_ids : sequence of str
        In ascending order.
    words : np.ndarray [shape=(n_words,), dtype=uint32]
        In memory or in a file. 0 says nothing.
    starts : np.ndarray [shape=(n_tracks + 1,), dtype=int64]
        Where each track's words begin, and where the last ones end; see :func:`starts_of`.
    begin_s : np.ndarray [shape=(n_tracks,), dtype=float64]
        Where each track's first word is in its file, in s.
    frame_s, reach : float, int
        From one word to the next, in s, and how many frames a word hears.
    """

    track_ids: Sequence[str]
    words: np.ndarray
    starts: np.ndarray
    begin_s: np.ndarray
    frame_s: float
    reach: int

    def of(self, track: int) -> np.ndarray:
        """The words of a track, filled up with zeros."""
        return np.asarray(self.words[self.starts[track] : self.starts[track + 1]])

    def track_at(self, place: np.ndarray) -> np.ndarray:
        """The number of the track whose word stands at a place."""
        return np.searchsorted(self.starts, place, "right") - 1

    def n_words(self, duration_s: float) -> float:
        """Words of so much sound."""
        return duration_s / self.frame_s - self.reach + 1

    def duration_s(self, n_words: int) -> float:
        """Sound that so many words hear."""
        return (n_words + self.reach - 1) * self.frame_s


def starts_of(n_words: Sequence[int] | np.ndarray) -> np.ndarray:
    """Where tracks of so many words begin, each at a multiple of ``STRIDE``, and the end."""
    rooms = -(-np.asarray(n_words, np.int64) // STRIDE) * STRIDE
    return np.concatenate([[0], np.cumsum(rooms)])
