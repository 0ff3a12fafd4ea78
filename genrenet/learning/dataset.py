"""The dataset: from shards to batches, read row group by row group.

Only the windows of the tracks asked for leave this module. What is held at a time does not grow
with the corpus: some rows of one row group, a buffer of rows as they are stored, and of all others
where they lie.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genrenet.errors import DataError
from genrenet.features.shards import to_numpy
from genrenet.learning import places
from genrenet.learning.network_input import NetworkInput, block_size

BUFFER_BYTES = 64 * 2**20  # rows that are shuffled together: 4,000 windows of 64 bands, 250 of stft

Draw = Callable[[Sequence[places.Place], np.random.Generator], Sequence[places.Place]]


class _Rows(NamedTuple):
    """Rows as they are stored, and their tracks' numbers."""

    values: np.ndarray
    peak_db: np.ndarray
    track: np.ndarray

    def at(self, where: np.ndarray) -> Self:
        return self._replace(**{name: column[where] for name, column in self._asdict().items()})


class WindowSet:
    """The windows of some tracks, wherever they lie in the shards.

    Parameters
    ----------
    paths : sequence of Path
        Shards.
    track_ids : sequence of str
        The tracks that are wanted; they are numbered in this order.
    network_input : NetworkInput
        What becomes of a row.
    starts : mapping of str to set of float, optional
        When the windows begin that are wanted of each track, in s; without it all are.

    Attributes
    ----------
    n_windows : int
        How many there are.
    shape : (int, int)
        Frames and bins of a window.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        track_ids: Sequence[str],
        network_input: NetworkInput,
        *,
        starts: Mapping[str, Set[float]] | None = None,
    ) -> None:
        self.track_ids = list(track_ids)
        self.network_input = network_input
        numbers = {track_id: n for n, track_id in enumerate(self.track_ids)}
        self._places = [place for path in paths for place in places.find(path, numbers, starts)]
        self.n_windows = sum(len(place.rows) for place in self._places)
        if not self.n_windows:
            raise DataError(
                f"no window of the {len(self.track_ids)} tracks asked for is in the shards. "
                "Run 'dvc repro'."
            )
        self.shape, self._row_bytes = _window(self._places[0].path, network_input.feature)

    @property
    def n_blocks(self) -> int:
        """How many blocks :meth:`in_order` yields."""
        return sum(len(np.unique(place.rows // self._block)) for place in self._places)

    def in_order(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Windows [n, n_frames, n_bins] and their tracks' numbers [n], some megabytes at a time."""
        for place in self._places:
            for rows in self._read(place):
                yield self._taken(rows)

    def shuffled(
        self,
        rng: np.random.Generator,
        *,
        batch_size: int,
        windows_per_track: int | None = None,
        balanced: Draw | None = None,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """One epoch's batches of windows and track numbers.

        Rows are read from all over the corpus into a buffer, which is shuffled when it is full.

        Parameters
        ----------
        rng : np.random.Generator
            Decides the order and the choice.
        batch_size : int
            Windows a batch; the last batch holds the rest.
        windows_per_track : int or None
            At most so many windows of each track and copy, drawn anew for each epoch.
        balanced : callable or None
            Which of these rows come, and how often.
        """
        chosen: Sequence[places.Place] = self._places
        if windows_per_track is not None:
            chosen = places.draw(chosen, rng, windows_per_track)
        if balanced is not None:
            chosen = balanced(chosen, rng)
        part = max(1, BUFFER_BYTES // places.N_STRATA // self._row_bytes)
        waiting: list[_Rows] = []
        for place in places.spread(chosen, rng, part):
            for rows in self._read(place):
                waiting.append(rows)
                if sum(some.values.nbytes for some in waiting) >= BUFFER_BYTES:
                    rest = yield from self._mixed(waiting, rng, batch_size)
                    waiting.append(rest)
        rest = yield from self._mixed(waiting, rng, batch_size)
        if rest.track.size:
            yield self._taken(rest)

    def n_chosen(self, windows_per_track: int | None) -> np.ndarray:
        """Windows of each track [n_tracks] in an epoch of :meth:`shuffled`, unbalanced."""
        n_windows = np.zeros(len(self.track_ids), dtype=int)
        most = windows_per_track or self.n_windows
        for tracks, sizes in places.clip_sizes(self._places):
            np.add.at(n_windows, tracks, np.minimum(sizes, most))
        return n_windows

    def band_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each bin over all windows and frames [n_bins], float64."""
        n, total, squares = 0, 0.0, 0.0
        for x, _ in self.in_order():
            frames = x.reshape(-1, self.shape[1]).astype(np.float64)
            n += len(frames)
            total = total + frames.sum(axis=0)
            squares = squares + np.einsum("ij,ij->j", frames, frames)  # 10 x sum(frames**2)
        mean = np.asarray(total / n)
        return mean, np.asarray(np.maximum(squares / n - mean**2, 1e-6))

    @property
    def _block(self) -> int:
        """Windows that go through a network at once."""
        return block_size(self.shape)

    def _read(self, place: places.Place) -> Iterator[_Rows]:
        """The wanted rows, a few at a time: a row group of ``stft`` is 68 MB."""
        feature, begin = self.network_input.feature, 0
        with pq.ParquetFile(place.path) as file:
            for batch in file.iter_batches(
                self._block,
                row_groups=[place.group],
                columns=[feature, "peak_db"],
                use_threads=False,  # two columns: threads cost more than they save
            ):
                table = pa.Table.from_batches([batch])
                there = slice(*np.searchsorted(place.rows, (begin, begin + len(batch))))
                rows = place.rows[there] - begin
                begin += len(batch)
                if rows.size:
                    values = to_numpy(table[feature], table.schema.field(feature))
                    peak_db = table["peak_db"].to_numpy()
                    yield _Rows(values[rows], peak_db[rows], place.track[there])

    def _mixed(
        self, waiting: list[_Rows], rng: np.random.Generator, batch_size: int
    ) -> Generator[tuple[np.ndarray, np.ndarray], None, _Rows]:
        """Full batches of the rows that wait, in random order; what is left over is returned."""
        buffer = _Rows(*map(np.concatenate, zip(*waiting, strict=True)))
        waiting.clear()
        order = rng.permutation(len(buffer.track))
        n_full = len(order) // batch_size * batch_size
        for begin in range(0, n_full, batch_size):
            yield self._taken(buffer.at(order[begin : begin + batch_size]))
        return buffer.at(order[n_full:])

    def _taken(self, rows: _Rows) -> tuple[np.ndarray, np.ndarray]:
        """Rows as the network takes them."""
        return self.network_input(rows.values, rows.peak_db), rows.track


def _window(path: Path, feature: str) -> tuple[tuple[int, int], int]:
    """A window's frames and bins, and its bytes.

    Raises
    ------
    DataError
        The shard holds no such feature.
    """
    schema = pq.read_schema(path)
    if feature not in schema.names:
        raise DataError(f"{path} holds no {feature}. Run 'dvc repro', which makes the shards anew.")
    field = schema.field(feature)
    n_frames, n_bins = json.loads(field.metadata[b"shape"])
    return (n_frames, n_bins), field.type.byte_width
