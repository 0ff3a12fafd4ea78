"""Balance: in training each class counts alike, however many windows of it there are.

It concerns an epoch's draw of train windows alone; what validates, calibrates and tests stays as
frequent as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genrenet.learning.places import Place


@dataclass(frozen=True, eq=False)
class Balance:
    """How an epoch is balanced.

    Parameters
    ----------
    method : {'none', 'weights', 'oversample', 'undersample'}
        ``weights`` multiplies each window's loss by a factor inverse to its class's share. The
        others draw as many windows of each class as there are of the most frequent one, or of
        the rarest.
    classes : np.ndarray [shape=(n_tracks,), dtype=int]
        Each track's class, from 0.
    n_windows : np.ndarray [shape=(n_tracks,), dtype=int]
        Windows of each track that an epoch has without balance. A class without any has none
        with it.
    """

    method: Literal["none", "weights", "oversample", "undersample"]
    classes: np.ndarray
    n_windows: np.ndarray

    @property
    def weights(self) -> dict[int, float] | None:
        """Factors of the loss by class; their mean over an epoch's windows is 1."""
        if self.method != "weights":
            return None
        sizes = self._sizes
        return {c: sum(sizes.values()) / (len(sizes) * size) for c, size in sizes.items()}

    @property
    def n_each(self) -> int | None:
        """Windows of each class in an epoch; None where they are as many as there are."""
        if self.method == "oversample":
            return max(self._sizes.values())
        return min(self._sizes.values()) if self.method == "undersample" else None

    @property
    def n_drawn(self) -> int:
        """Windows in an epoch."""
        n_each = self.n_each
        return int(self.n_windows.sum()) if n_each is None else n_each * len(self._sizes)

    def drawn(self, places: Sequence[Place], rng: np.random.Generator) -> list[Place]:
        """An epoch's rows in balance: whole rounds of a class's rows, and some at random."""
        n_each = self.n_each
        if n_each is None:
            return list(places)
        of_row = self.classes[np.concatenate([place.track for place in places])]
        times = np.zeros(len(of_row), np.int32)
        for c in self._sizes:
            rows = np.flatnonzero(of_row == c)
            rounds, rest = divmod(n_each, len(rows))
            times[rows] = rounds
            times[rng.choice(rows, rest, replace=False, shuffle=False)] += 1
        ends = np.cumsum([len(place.rows) for place in places])[:-1]
        parts = zip(places, np.split(times, ends), strict=True)
        return [place.repeated(part) for place, part in parts if part.any()]

    @property
    def _sizes(self) -> dict[int, int]:
        """Windows of each class that has any."""
        sizes = np.bincount(self.classes, self.n_windows).astype(int)
        return {c: size for c, size in enumerate(sizes.tolist()) if size}
