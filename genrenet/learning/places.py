"""Places: where the wanted rows lie in the shards, and in what order to fetch them.

Only ids are read. A row costs ten bytes, so that ten million windows are 100 MB.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow.parquet as pq

N_STRATA = 16  # parts of the alphabet that are read in turn
MOST_COPIES = 2**15  # of a track, the original among them: int16


@dataclass(frozen=True, kw_only=True)
class Place:
    """The wanted rows of one row group.

    Attributes
    ----------
    path : Path
        The shard.
    group : int
        Which row group of it.
    position : float
        Where in the shard the group begins, from 0 to 1. Rows are sorted by track id.
    rows : np.ndarray [shape=(n_rows,), dtype=int32]
        Which of the group's rows, ascending.
    track : np.ndarray [shape=(n_rows,), dtype=int32]
        Their tracks' numbers.
    copy : np.ndarray [shape=(n_rows,), dtype=int16]
        Which copy of the track each is of; 0 is the original.
    """

    path: Path
    group: int
    position: float
    rows: np.ndarray
    track: np.ndarray
    copy: np.ndarray

    def only(self, mask: np.ndarray) -> Self:
        """Some of the rows."""
        return replace(self, rows=self.rows[mask], track=self.track[mask], copy=self.copy[mask])

    def repeated(self, times: np.ndarray) -> Self:
        """Each row so many times [shape=(n_rows,), dtype=int], which may be none."""
        return self.only(np.repeat(np.arange(len(self.rows)), times))


def find(
    path: Path, numbers: Mapping[str, int], starts: Mapping[str, Set[float]] | None = None
) -> Iterator[Place]:
    """Where the rows of tracks are in a shard, given each track's number.

    With ``starts`` only its windows that begin then, in s.
    """
    columns = ["track_id", "copy", *(["start_s"] if starts is not None else [])]
    with pq.ParquetFile(path, read_dictionary=["track_id"]) as file:
        sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        table = file.read(columns, use_threads=False).unify_dictionaries()
    if not len(table):
        return
    ids, copies = table["track_id"].chunks, table["copy"].to_numpy()
    known = [numbers.get(track_id, -1) for track_id in ids[0].dictionary.to_pylist()]
    which = np.concatenate([part.indices.to_numpy() for part in ids])
    every = np.array(known, np.int32)[which]
    if starts is not None:
        wanted = [starts.get(track_id, set()) for track_id in ids[0].dictionary.to_pylist()]
        begins = zip(which.tolist(), table["start_s"].to_pylist(), strict=True)
        every[[start_s not in wanted[n] for n, start_s in begins]] = -1
    ends = np.cumsum(sizes)
    for group, (begin, end) in enumerate(zip(ends - sizes, ends, strict=True)):
        track = every[begin:end]
        rows = np.flatnonzero(track >= 0).astype(np.int32)
        if rows.size:
            yield Place(
                path=path,
                group=group,
                position=begin / len(every),
                rows=rows,
                track=track[rows],
                copy=copies[begin:end][rows],
            )


def clip_sizes(places: Sequence[Place]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each clip's track and how many rows it has, shard by shard.

    A clip is a track or a copy of one.
    """
    for shard in _by_shard(places):
        clips, sizes = np.unique(_clips(shard), return_counts=True)
        yield clips // MOST_COPIES, sizes


def draw(places: Sequence[Place], rng: np.random.Generator, most: int) -> list[Place]:
    """At most so many rows of each clip, at random."""
    return [place for shard in _by_shard(places) for place in _drawn(shard, rng, most)]


def spread(places: Sequence[Place], rng: np.random.Generator, most: int) -> list[Place]:
    """An order for an epoch, in parts of at most so many rows.

    Rows that lie together are of one artist and one genre. So a long place is taken in several
    parts, and parts come in turn from all sixteenths of the alphabet, at random from each: a few
    in a row have the classes of the whole, also where ids begin with the genre.
    """
    parts = [part for place in places for part in _parts(place, rng, most)]
    by_id = np.argsort([part.position for part in parts], kind="stable")
    strata = [rng.permutation(some).tolist() for some in np.array_split(by_id, N_STRATA)]
    return [parts[i] for some in zip_longest(*strata) for i in some if i is not None]


def _by_shard(places: Sequence[Place]) -> Iterator[list[Place]]:
    """A clip lies in one shard."""
    return (list(some) for _, some in groupby(places, key=lambda place: place.path))


def _clips(places: Sequence[Place]) -> np.ndarray:
    """A number for each row's track and copy."""
    tracks = (place.track.astype(np.int64) for place in places)
    return np.concatenate(
        [track * MOST_COPIES + place.copy for track, place in zip(tracks, places, strict=True)]
    )


def _drawn(places: Sequence[Place], rng: np.random.Generator, most: int) -> Iterator[Place]:
    clip = _clips(places)
    # rows by clip, in random order inside it; the first few of each clip are kept
    order = np.lexsort((rng.random(len(clip)), clip))
    sizes = np.unique(clip, return_counts=True)[1]
    rank = np.arange(len(clip)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    keep = np.zeros(len(clip), dtype=bool)
    keep[order[rank < most]] = True
    ends = np.cumsum([len(place.rows) for place in places])[:-1]
    for place, mask in zip(places, np.split(keep, ends), strict=True):
        if mask.any():
            yield place.only(mask)


def _parts(place: Place, rng: np.random.Generator, most: int) -> Iterator[Place]:
    n_parts = -(-len(place.rows) // most)
    if n_parts == 1:
        yield place
        return
    which = rng.permutation(len(place.rows)) % n_parts
    for part in range(n_parts):
        yield place.only(which == part)
