"""Stratification: groups shared out to places, each genre as near to its shares as they allow.

Places are sides or folds. Groups that hold the same tracks of the same genres are one *kind*, and
a plan says how many of each kind go to each place; which ones is not its business. First every
genre gets its due in every place, the scarcest genre first; the rest goes, the largest first, to
where the shares miss it most. What is computed is rounded before it is compared, so that ties are
ties on every machine.
"""

from copy import copy
from dataclasses import dataclass
from typing import Self

import numpy as np

LACKING = 100.0  # a genre that is missing in a place outweighs any shares


@dataclass(frozen=True)
class Demand:
    """What the places should hold.

    Attributes
    ----------
    shares : tuple of float
        Of each genre's tracks, one for each place; the sum is 1.
    dues : tuple of float
        How much it matters, place by place, that no genre is missing.
    """

    shares: tuple[float, ...]
    dues: tuple[float, ...]


class Stratification:
    """Groups on their way to places.

    Parameters
    ----------
    weights : np.ndarray [shape=(n_kinds, n_genres), dtype=float64]
        Share of a genre's tracks that one group of the kind holds.
    demand : Demand
        What the places should hold.
    have : np.ndarray [shape=(n_places, n_genres), dtype=float64]
        Shares that are there already.
    present : np.ndarray [shape=(n_places, n_genres), dtype=int]
        Groups that are there already.

    Attributes
    ----------
    n : np.ndarray [shape=(n_kinds, n_places), dtype=int]
        How many groups of each kind go to each place.
    """

    def __init__(
        self, weights: np.ndarray, demand: Demand, have: np.ndarray, present: np.ndarray
    ) -> None:
        self.weights, self.holds = weights, (weights > 0).astype(int)
        self.shares, self.dues = np.array(demand.shares)[:, None], np.array(demand.dues)
        self.have, self.present = have.copy(), present.copy()
        self.n = np.zeros((len(weights), len(self.dues)), int)

    @property
    def cost(self) -> float:
        """What is missing in places, then the squared deviations from the shares."""
        lacking = self.dues @ (self.present == 0).sum(axis=1)
        return round(LACKING * float(lacking) + float(((self.have - self.shares) ** 2).sum()), 9)

    def copied(self) -> Self:
        """Another plan that begins with this one's groups."""
        other = copy(self)
        other.n, other.have, other.present = self.n.copy(), self.have.copy(), self.present.copy()
        return other

    def put(self, kind: int, n: np.ndarray) -> None:
        """Give ``n[place]`` more groups of the kind to each place."""
        self.n[kind] += n
        self.have += np.outer(n, self.weights[kind])
        self.present += np.outer(n, self.holds[kind])

    def fill(self, n_left: np.ndarray, rng: np.random.Generator) -> None:
        """Place ``n_left[kind]`` groups."""
        n_left = n_left.copy()
        for genre in np.argsort(n_left @ self.holds, kind="stable"):
            for place in np.argsort(-self.dues, kind="stable"):
                if not self.present[place, genre]:
                    self._secure(int(place), int(genre), n_left)
        sizes = np.linalg.norm(self.weights, axis=1) * rng.uniform(0.5, 1, len(self.weights))
        for kind in np.argsort(-sizes.round(9), kind="stable"):
            if n_left[kind]:
                self._spread(int(kind), int(n_left[kind]))

    def _secure(self, place: int, genre: int, n_left: np.ndarray) -> None:
        """Give the place the group of the genre that is nearest to its share, if one is left."""
        free = np.flatnonzero((n_left > 0) & (self.holds[:, genre] > 0))
        if free.size:
            excess = np.abs(self.weights[free, genre] - self.shares[place]).round(9)
            kind = int(free[np.argmin(excess)])
            n_left[kind] -= 1
            self.put(kind, np.eye(len(self.dues), dtype=int)[place])

    def _spread(self, kind: int, n: int) -> None:
        """Place ``n`` equal groups one after the other, each where the shares miss it most."""
        weights = self.weights[kind]
        missed = (self.shares - self.have) @ weights  # least squares, each genre alike
        gains = missed[:, None] - (weights @ weights) * np.arange(n)  # of the first, the second, …
        best = np.argsort(-gains.ravel().round(9), kind="stable")[:n]
        self.put(kind, np.bincount(best // n, minlength=len(self.dues)))
