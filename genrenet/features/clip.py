"""The clip: what a track's audio says beside its windows."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What is said of a whole track.

    Attributes
    ----------
    used_s : float
        Sound that became windows, in s.
    level_db, noise_floor_db : float
        Root mean square of all of it, and the one than which a twentieth of it is quieter, in dB
        of full scale.
    fingerprint : np.ndarray [shape=(n_words,), dtype=uint32]
        See :mod:`genrenet.features.fingerprint`.
    """

    used_s: float
    level_db: float
    noise_floor_db: float
    fingerprint: np.ndarray
