"""The dataset: from shards to batches, read row group by row group.

Only the windows of the tracks asked for leave this module, as what the network takes:
float32, relative to the clip's maximum.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from genrenet.errors import DataError
from genrenet.features.shards import to_numpy

BUFFER_GROUPS = 4  # row groups that are shuffled together (256 rows each, 17 MB at the defaults)


@dataclass(frozen=True, kw_only=True)
class NetworkInput:
    """How a feature becomes what the network takes, in training and in prediction.

    Attributes
    ----------
    feature : {'mel', 'mfcc'}
        Which feature.
    floor_db : float
        Levels below this, relative to the clip's maximum, are raised to it (mel only).
    n_mels : int
        Bands that the cepstrum stems from.
    """

    feature: str
    floor_db: float
    n_mels: int

    def __call__(self, values: np.ndarray, peak_db: np.ndarray) -> np.ndarray:
        """Make levels relative to the clip's maximum.

        Parameters
        ----------
        values : np.ndarray [shape=(n_windows, n_frames, n_bins), dtype=float16 or float32]
            Absolute levels in dB, or their cepstrum.
        peak_db : np.ndarray [shape=(n_windows,), dtype=float32]
            Maximum of each window's clip, in dB.

        Returns
        -------
        np.ndarray [shape=(n_windows, n_frames, n_bins), dtype=float32]
        """
        relative = values.astype(np.float32)
        if self.feature == "mfcc":  # an orthonormal DCT turns a constant level into c0 alone
            relative[..., 0] -= peak_db[:, None] * np.float32(np.sqrt(self.n_mels))
            return relative
        relative -= peak_db[:, None, None]
        return np.maximum(relative, np.float32(self.floor_db))


@dataclass(frozen=True, kw_only=True)
class _Place:
    """The wanted rows of one row group."""

    path: Path
    group: int
    rows: np.ndarray
    track: np.ndarray
    copy: np.ndarray


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
    """

    def __init__(
        self, paths: Sequence[Path], track_ids: Sequence[str], network_input: NetworkInput
    ) -> None:
        self.track_ids = list(track_ids)
        self.network_input = network_input
        numbers = {track_id: n for n, track_id in enumerate(self.track_ids)}
        self._places = [place for path in paths for place in _places(path, numbers)]
        self.n_windows = sum(len(place.rows) for place in self._places)
        if not self.n_windows:
            raise DataError(
                f"no window of the {len(self.track_ids)} tracks asked for is in the shards. "
                "Run 'dvc repro'."
            )

    @property
    def n_blocks(self) -> int:
        """How many blocks :meth:`in_order` yields."""
        return len(self._places)

    def in_order(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Windows [n, n_frames, n_bins] and their tracks' numbers [n], a row group at a time."""
        for place in self._places:
            yield self._read(place), place.track

    def shuffled(
        self, rng: np.random.Generator, *, batch_size: int, windows_per_track: int | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """One epoch's batches of windows and track numbers.

        Parameters
        ----------
        rng : np.random.Generator
            Decides the order and the choice.
        batch_size : int
            Windows a batch; the last batch holds the rest.
        windows_per_track : int or None
            At most so many windows of each track and copy, drawn anew for each epoch.
        """
        chosen = self._choose(rng, windows_per_track)
        order = rng.permutation(len(chosen))
        x, track = self._nothing()
        for begin in range(0, len(order), BUFFER_GROUPS):
            blocks = [
                (self._read(p), p.track)
                for p in (chosen[i] for i in order[begin : begin + BUFFER_GROUPS])
            ]
            x = np.concatenate([x, *(block for block, _ in blocks)])
            track = np.concatenate([track, *(numbers for _, numbers in blocks)])
            mixed = rng.permutation(len(x))
            x, track = x[mixed], track[mixed]
            n_full = len(x) // batch_size * batch_size
            for at in range(0, n_full, batch_size):
                yield x[at : at + batch_size], track[at : at + batch_size]
            x, track = x[n_full:], track[n_full:]
        if len(x):
            yield x, track

    def n_chosen(self, windows_per_track: int | None) -> int:
        """Windows in an epoch of :meth:`shuffled`."""
        if windows_per_track is None:
            return self.n_windows
        return sum(min(n, windows_per_track) for n in self._clip_sizes().values())

    def band_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each bin over all windows and frames [n_bins], float64."""
        n, total, squares = 0, 0.0, 0.0
        for x, _ in self.in_order():
            wide = x.astype(np.float64)
            n += wide.shape[0] * wide.shape[1]
            total = total + wide.sum(axis=(0, 1))
            squares = squares + (wide**2).sum(axis=(0, 1))
        mean = np.asarray(total / n)
        return mean, np.asarray(np.maximum(squares / n - mean**2, 1e-6))

    def _read(self, place: _Place) -> np.ndarray:
        feature = self.network_input.feature
        with pq.ParquetFile(place.path) as file:
            table = file.read_row_group(place.group, columns=[feature, "peak_db"])
        values = to_numpy(table[feature], table.schema.field(feature))
        return self.network_input(values[place.rows], table["peak_db"].to_numpy()[place.rows])

    def _nothing(self) -> tuple[np.ndarray, np.ndarray]:
        empty = self._read(self._places[0])[:0]
        return empty, np.empty(0, dtype=np.int64)

    def _clip_sizes(self) -> dict[tuple[int, int], int]:
        sizes: dict[tuple[int, int], int] = {}
        for place in self._places:
            for clip in zip(place.track.tolist(), place.copy.tolist(), strict=True):
                sizes[clip] = sizes.get(clip, 0) + 1
        return sizes

    def _choose(self, rng: np.random.Generator, windows_per_track: int | None) -> list[_Place]:
        if windows_per_track is None:
            return self._places
        clip = np.concatenate([place.track * 32_768 + place.copy for place in self._places])
        # rows by clip, in random order inside it; the first few of each clip are kept
        order = np.lexsort((rng.random(len(clip)), clip))
        sizes = np.unique(clip[order], return_counts=True)[1]
        rank = np.arange(len(clip)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        keep = np.zeros(len(clip), dtype=bool)
        keep[order[rank < windows_per_track]] = True
        ends = np.cumsum([len(place.rows) for place in self._places])[:-1]
        pairs = zip(self._places, np.split(keep, ends), strict=True)
        return [_kept(place, mask) for place, mask in pairs if mask.any()]


def _kept(place: _Place, mask: np.ndarray) -> _Place:
    return _Place(
        path=place.path,
        group=place.group,
        rows=place.rows[mask],
        track=place.track[mask],
        copy=place.copy[mask],
    )


def _places(path: Path, numbers: Mapping[str, int]) -> Iterator[_Place]:
    """Where the wanted rows of a shard are; only ids are read."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=["track_id", "copy"])
            track = np.array(
                [numbers.get(i, -1) for i in table["track_id"].to_pylist()], dtype=np.int64
            )
            rows = np.flatnonzero(track >= 0)
            if rows.size:
                copy = table["copy"].to_numpy()[rows].astype(np.int64)
                yield _Place(path=path, group=group, rows=rows, track=track[rows], copy=copy)
