"""The fingerprint: 32 bits for each frame of a clip, the same in other clothes.

A bit says whether the difference between the energies of two neighbouring bands has grown from
one third of a second to the next. Coding, gain, rate and channels hardly change it: of the same
music as an MP3 of 56 kbit/s that begins half a hop elsewhere, 6 % of the bits differ (at most 9 %
of 25 clips); of other music, half.

The method is Haitsma's and Kalker's (A highly robust audio fingerprinting system, ISMIR 2002):
their 33 bands and their third of a second. They differ from frame to frame, which is 11.6 ms
there; at the hops in use here that is mostly noise (15 %), so it is from one whole third of a
second to the next. Nothing of it depends on the settings of the features but ``sr``, ``n_fft`` and
``hop_length``, which are the transform's.
"""

import functools

import numpy as np

from genrenet.sections.features import Preprocessing

REVISION = 1  # of the algorithm: raised whenever its output changes
LOWEST_HZ, HIGHEST_HZ, N_BANDS = 300.0, 2_000.0, 33  # Haitsma and Kalker's
SMOOTH_S = 0.37  # theirs as well
QUIET = 1e-6  # of the clip's loudest stretch: -60 dB, where coding noise is all that is heard
NOTHING = 0  # the word of a stretch that says nothing; music has it once in billions


class Fingerprint:
    """The fingerprint of one clip, from consecutive blocks of its spectra.

    Parameters
    ----------
    spec : Preprocessing
        ``sr``, ``n_fft`` and ``hop_length`` are used.
    """

    def __init__(self, spec: Preprocessing) -> None:
        self._first, self._bands = bands(spec.sr, spec.n_fft)
        self._smooth = reach(spec) // 2
        self._energies: list[np.ndarray] = []

    def push(self, power: np.ndarray) -> None:
        """Take the next frames' power spectra [shape=(n_frames, 1 + n_fft // 2), float32]."""
        heard = power[:, self._first : self._first + len(self._bands)]
        self._energies.append(heard @ self._bands)

    def finish(self, first: int = 0, end: int | None = None) -> np.ndarray:
        """The words of the frames from ``first`` to before ``end``.

        Returns
        -------
        np.ndarray [shape=(n_frames - reach + 1,), dtype=uint32]
            A word for each frame that ``reach(spec)`` frames follow, itself included; 0 where
            nothing is heard. A shorter clip has none.
        """
        energy = np.concatenate(self._energies)[first:end]
        n = self._smooth
        if len(energy) < 2 * n:
            return np.empty(0, np.uint32)
        slope = _smoothed(energy[:, :-1] - energy[:, 1:], n)
        bits = np.packbits(slope[n:] > slope[:-n], axis=1, bitorder="little")
        words = bits.view("<u4")[:, 0].astype(np.uint32)
        level = _smoothed(energy.sum(axis=1, keepdims=True), n)[:, 0]
        words[level[n:] + level[:-n] <= QUIET * 2 * level.max()] = NOTHING
        return words


def _smoothed(rows: np.ndarray, n: int) -> np.ndarray:
    """Sums of ``n`` consecutive rows."""
    total = np.zeros((1 + len(rows), rows.shape[1]))
    np.cumsum(rows, axis=0, out=total[1:])
    return np.asarray(total[n:] - total[:-n])


def reach(spec: Preprocessing) -> int:
    """Frames that a word hears: twice a third of a second."""
    return 2 * max(1, round(SMOOTH_S * spec.sr / spec.hop_length))


@functools.lru_cache(maxsize=8)
def bands(sr: int, n_fft: int) -> tuple[int, np.ndarray]:
    """Bands of equal width on a logarithmic scale, and the FFT bin that they begin with.

    A bin on an edge belongs to both sides, in shares.

    Returns
    -------
    first : int
        Number of the first bin.
    bands : np.ndarray [shape=(n_bins, 33), dtype=float32]
        Share of each bin in each band.
    """
    edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, sr / 2), N_BANDS + 1) * n_fft / sr
    first, last = int(edges[0]), min(n_fft // 2, int(np.ceil(edges[-1])))
    bins = np.arange(first, last + 1)[:, None]
    low, high = np.maximum(bins - 0.5, edges[:-1]), np.minimum(bins + 0.5, edges[1:])
    return first, np.maximum(high - low, 0).astype(np.float32)
