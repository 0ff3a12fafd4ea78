"""The shard: a Parquet file of windows, the unit of work, of caching and of versioning.

A row is one window: whose it is, where it begins, which copy (0 is the original), what was drawn
for the copy, and its features as raw bytes (``FixedSizeBinary``: read without copying). What is
said of a whole clip, its fingerprint among it, stands in the first row of an original alone. The
schema's key ``genrenet`` is JSON: the specification, the augmentation, each track with the hash
of what it was made from. The footer's key ``quarantine`` names the tracks that could not be used,
with the reason. Genre, group and split are joined from the catalog, so that another label rewrites
no shard.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genrenet.atomic import replacing
from genrenet.corpus.clips import CLIPS_SCHEMA
from genrenet.errors import DataError
from genrenet.features.clip import Clip
from genrenet.features.plans import ShardPlan
from genrenet.sections.features import Preprocessing

if TYPE_CHECKING:  # a rerun that finds every shard in place imports no signal processing
    from genrenet.features.augment import Draw
    from genrenet.features.preprocessing import Windows

WHOLE_CLIP = [*list(CLIPS_SCHEMA)[1:], pa.field("fingerprint", pa.binary())]
ROW_GROUP = 256  # rows; measured: 10.5 of at most 11.5 GB/s, and 4 MB in memory at the defaults


class ShardWriter:
    """A shard in the making: rows go to the disk in groups of 256, no more are held.

    Made by :func:`writing`.
    """

    def __init__(self, file: pq.ParquetWriter, spec: Preprocessing) -> None:
        self._file, self._schema = file, shard_schema(spec)
        self._pending: list[pa.Table] = []
        self.n_rows = 0
        self.quarantine: dict[str, str] = {}
        """Track id and reason of what cannot be used."""

    def add(self, track_id: str, copy: int, what: "Draw", windows: "Windows") -> None:
        """Append a clip's windows."""
        n = len(windows)
        given = {"track_id": track_id, "copy": copy, "peak_db": windows.peak_db, **asdict(what)}
        columns = {name: pa.repeat(_scalar(given[name], self._schema, name), n) for name in given}
        columns["start_s"] = pa.array(windows.start_s)
        columns |= {name: self._once(name, value, n) for name, value in _said(windows.clip).items()}
        for name, values in windows.features.items():
            block = pa.py_buffer(np.ascontiguousarray(values))
            kind = self._schema.field(name).type
            columns[name] = pa.FixedSizeBinaryArray.from_buffers(kind, n, [None, block])
        arrays = [columns[name] for name in self._schema.names]
        self._pending.append(pa.Table.from_arrays(arrays, schema=self._schema))
        self.n_rows += n
        if sum(map(len, self._pending)) >= ROW_GROUP:
            self._write(whole_groups=True)

    def _once(self, name: str, value: Any, n: int) -> pa.Array:
        """What is said of a clip stands in its first row."""
        return pa.array([value, *[None] * (n - 1)], self._schema.field(name).type)

    def finish(self) -> None:
        """Write what is left, and the quarantine."""
        self._write(whole_groups=False)
        reasons = json.dumps(self.quarantine, sort_keys=True, ensure_ascii=False)
        self._file.add_key_value_metadata({"quarantine": reasons})

    def _write(self, *, whole_groups: bool) -> None:
        if not self._pending:
            return
        # in one piece, so that the bytes depend on the rows and not on how they came
        table = pa.concat_tables(self._pending).combine_chunks()
        n = len(table) // ROW_GROUP * ROW_GROUP if whole_groups else len(table)
        self._file.write_table(table.slice(0, n), row_group_size=ROW_GROUP)
        self._pending = [table.slice(n)] if n < len(table) else []


@contextmanager
def writing(plan: ShardPlan) -> Iterator[ShardWriter]:
    """Write a shard whole or not at all; equal plans give equal bytes.

    It comes to its place by a rename: DVC may have hard-linked the old file to its cache.
    """
    about = json.dumps(plan.identity, sort_keys=True, ensure_ascii=False)
    schema = shard_schema(plan.spec).with_metadata({"genrenet": about})
    with (
        replacing(plan.path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="lz4",
            use_dictionary=["track_id"],
            write_statistics=["track_id", "start_s"],
        ) as file,
    ):
        shard = ShardWriter(file, plan.spec)
        yield shard
        shard.finish()


def shard_schema(spec: Preprocessing) -> pa.Schema:
    """A shard's columns; a feature's shape and dtype stand in its field's metadata."""
    itemsize = np.dtype(spec.dtype).itemsize
    features = []
    for name, n_bins in spec.bins.items():
        shape = (spec.window_frames, n_bins)
        about = {"shape": json.dumps(shape), "dtype": spec.dtype}
        features.append(pa.field(name, pa.binary(shape[0] * shape[1] * itemsize), metadata=about))
    return pa.schema(
        [
            ("track_id", pa.string()),
            ("copy", pa.int16()),  # 0: the original
            ("start_s", pa.float64()),  # in the file (in the copy, for a copy)
            ("pitch_semitones", pa.float32()),  # null: not drawn
            ("stretch_rate", pa.float32()),
            ("snr_db", pa.float32()),
            ("transforms", pa.string()),  # JSON {name: {parameter: value}}; null: none
            ("peak_db", pa.float32()),  # maximum of the clip's log-mel, not of the window's
            *WHOLE_CLIP,  # in the first row of an original, null elsewhere
            *features,
        ]
    )


def read_footer(path: Path) -> dict[str, Any]:
    """What a shard says of itself.

    Raises
    ------
    DataError
        The file is no shard.
    """
    try:
        about = pq.read_metadata(path).metadata or {}
        quarantine = json.loads(about[b"quarantine"])
        return {**json.loads(about[b"genrenet"]), "quarantine": quarantine}
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise DataError(
            f"{path}: is no shard of genrenet. Delete it and run 'dvc repro'."
        ) from error


def is_current(plan: ShardPlan) -> bool:
    """Whether the shard on disk is the one that the plan describes."""
    if not plan.path.exists():
        return False
    try:
        footer = read_footer(plan.path)
    except DataError:
        return False
    footer.pop("quarantine")
    return bool(footer == plan.identity)


def shard_paths(folder: Path) -> list[Path]:
    """The shards in a folder, in order.

    Raises
    ------
    DataError
        There is none.
    """
    paths = sorted(folder.glob("shard-*.parquet"))
    if not paths:
        raise DataError(f"{folder} holds no shards. Run 'dvc repro', which makes them.")
    return paths


def to_numpy(column: pa.ChunkedArray, field: pa.Field) -> np.ndarray:
    """A feature column as an array [shape=(n_rows, window_frames, n_bins)]; one chunk is a view."""
    shape, dtype = json.loads(field.metadata[b"shape"]), np.dtype(field.metadata[b"dtype"].decode())
    chunks = list(_chunks(column, tuple(shape), dtype))
    if not chunks:
        return np.empty((0, *shape), dtype)
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)


def _chunks(
    column: pa.ChunkedArray, shape: tuple[int, ...], dtype: np.dtype
) -> Iterator[np.ndarray]:
    for chunk in column.chunks:
        values = np.frombuffer(chunk.buffers()[1], dtype).reshape(-1, *shape)
        yield values[chunk.offset : chunk.offset + len(chunk)]


def _said(clip: Clip | None) -> dict[str, Any]:
    if clip is None:
        return dict.fromkeys(field.name for field in WHOLE_CLIP)
    return {**vars(clip), "fingerprint": clip.fingerprint.astype("<u4").tobytes()}


def _scalar(value: Any, schema: pa.Schema, name: str) -> pa.Scalar:
    return pa.scalar(value, schema.field(name).type)
