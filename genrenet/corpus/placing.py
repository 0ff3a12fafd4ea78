"""The place of a group: decided by what its tracks are, and by a keyed digest of its name.

Groups that have a place keep it. The order of the table decides nothing; of groups that hold as
many tracks of the same genre, the digest of seed and name says which one goes where.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from genrenet.corpus.exchange import improved
from genrenet.corpus.stratification import Demand, Stratification
from genrenet.errors import DataError


def place_groups(
    tracks: pd.DataFrame, demand: Demand, *, seed: int, kept: pd.Series | None = None
) -> pd.Series:
    """Place every group, so that each genre has its share in each place as far as groups allow.

    Parameters
    ----------
    tracks : pd.DataFrame
        ``genre, group``.
    demand : Demand
        What the places should hold.
    seed : int
        Another seed, another of the good placements.
    kept : pd.Series, optional
        Name and place of the groups that have one.

    Returns
    -------
    pd.Series
        Place of each group, by its name.
    """
    holdings = _holdings(tracks)
    place = np.full(len(holdings.names), -1)
    if kept is not None:
        place = kept.reindex(holdings.names, fill_value=-1).to_numpy(int, copy=True)
    free = np.flatnonzero(place < 0)
    if free.size:
        kind, weights = holdings.kinds(free)
        plan = Stratification(weights, demand, *holdings.standing(place, len(demand.shares)))
        rng = np.random.default_rng(seed)
        plan.fill(np.bincount(kind), rng)
        plan = improved(plan, rng)
        turn = np.lexsort((keyed_digests(holdings.names[free], seed), kind))
        places = np.tile(np.arange(len(demand.shares)), len(weights))
        place[free[turn]] = np.repeat(places, plan.n.ravel())
    return pd.Series(place, index=holdings.names)


def refuse_single_groups(tracks: pd.DataFrame) -> None:
    """Refuse genres that cannot be both learned and tested.

    Raises
    ------
    DataError
        With all their names.
    """
    n_groups = tracks.groupby("genre")["group"].nunique()
    single = list(n_groups[n_groups < 2].index)
    if single:
        raise DataError(
            f"{len(single)} genres have one group each: {', '.join(single)}. With one artist, "
            "album or recording a genre cannot be both learned and tested: add recordings of "
            "another group (3 for train, validation and test), or leave the genre out."
        )


def keyed_digests(names: pd.Index, seed: int) -> np.ndarray:
    """A number for each name, decided by seed and name alone [dtype=uint64]."""
    key = seed.to_bytes(8, "little")
    digests = [hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in names]
    return np.frombuffer(b"".join(digests), "<u8")


@dataclass(frozen=True)
class _Holdings:
    """How many tracks of which genre each group holds, an entry for each genre of a group.

    Attributes
    ----------
    names : pd.Index
        Of the groups, sorted.
    group, genre, n : np.ndarray [shape=(n_entries,), dtype=int]
        Sorted by group.
    weight : np.ndarray [shape=(n_entries,), dtype=float64]
        ``n`` as share of the genre's tracks.
    n_genres : int
        Of all groups together.
    """

    names: pd.Index
    group: np.ndarray
    genre: np.ndarray
    n: np.ndarray
    weight: np.ndarray
    n_genres: int

    def standing(self, place: np.ndarray, n_places: int) -> tuple[np.ndarray, np.ndarray]:
        """Shares and groups of each genre that are in each place [place, genre]."""
        stays = place[self.group] >= 0
        at = (place[self.group[stays]], self.genre[stays])
        have = np.zeros((n_places, self.n_genres))
        present = np.zeros(have.shape, int)
        np.add.at(have, at, self.weight[stays])
        np.add.at(present, at, 1)
        return have, present

    def kinds(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The kind of each free group, and the weights of the kinds [kind, genre].

        Groups of several genres are a kind each: few of them are equal.
        """
        n_genres = np.bincount(self.group)
        first = np.cumsum(n_genres) - n_genres
        alike = self.genre[first] * (self.n.max() + 1) + self.n[first]
        own = alike.max() + 1 + np.arange(len(self.names))
        _, kind = np.unique(np.where(n_genres == 1, alike, own)[free], return_inverse=True)
        kind_of = np.full(len(self.names), -1)
        kind_of[free] = kind
        weights = np.zeros((kind.max() + 1, self.n_genres))
        is_free = kind_of[self.group] >= 0
        weights[kind_of[self.group[is_free]], self.genre[is_free]] = self.weight[is_free]
        return kind, weights


def _holdings(tracks: pd.DataFrame) -> _Holdings:
    groups, names = pd.factorize(tracks["group"], sort=True)
    genres, labels = pd.factorize(tracks["genre"], sort=True)
    held, n = np.unique(groups * len(labels) + genres, return_counts=True)
    group, genre = np.divmod(held, len(labels))
    weight = n / np.bincount(genres)[genre]
    return _Holdings(names, group, genre, n, weight, len(labels))
