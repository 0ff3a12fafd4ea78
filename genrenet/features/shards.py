"""The shard: a Parquet file of windows, the unit of work, of caching and of versioning.

A row is one window: whose it is, where it begins, which copy (0 is the original), what was drawn
for the copy, and its features as raw bytes (``FixedSizeBinary``: read without copying). The
footer's key ``genrenet`` is JSON: the specification, the augmentation, each track with the hash
of what it was made from, and the tracks that could not be used, with the reason. Genre, group and
split are joined from the catalog, so that another label rewrites no shard.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genrenet.errors import DataError
from genrenet.features.augment import Draw
from genrenet.features.preprocessing import Windows
from genrenet.params import Augment, Preprocessing

ROW_GROUP = 256  # rows; measured: 10.5 of at most 11.5 GB/s, and 4 MB in memory at the defaults
FEATURES = ("mel", "mfcc")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A track as a shard sees it: where the audio is, and the hash that it must have."""

    track_id: str
    path: str
    content_hash: str
    start_s: float = 0.0
    end_s: float | None = None

    @property
    def fingerprint(self) -> str:
        """What the rows of this track depend on, besides the settings."""
        end = "" if self.end_s is None else repr(self.end_s)
        return f"{self.content_hash} {self.start_s!r}-{end}"


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """Everything that decides a shard's bytes.

    Attributes
    ----------
    path : Path
        Where the shard is to be.
    sources : tuple of Source
        Its tracks.
    spec : Preprocessing
        The specification.
    augment : Augment or None
        None for originals; else the shard holds this augmentation's copies and no original.
    """

    path: Path
    sources: tuple[Source, ...]
    spec: Preprocessing
    augment: Augment | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """What the footer must say for the shard to be kept."""
        return {
            "specification": self.spec.model_dump(mode="json"),
            "specification_hash": self.spec.hash,
            "augmentation": self.augment and self.augment.model_dump(mode="json"),
            "tracks": {source.track_id: source.fingerprint for source in self.sources},
        }


@dataclass
class Rows:
    """Rows on their way into a shard."""

    spec: Preprocessing
    _columns: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, track_id: str, copy: int, draw: Draw, windows: Windows) -> None:
        """Append a clip's windows."""
        n = len(windows)
        for name, value in {"track_id": track_id, "copy": copy, **asdict(draw)}.items():
            self._columns.setdefault(name, []).extend([value] * n)
        self._columns.setdefault("start_s", []).extend(windows.start_s)
        self._columns.setdefault("peak_db", []).extend([windows.peak_db] * n)
        for feature in FEATURES:
            self._columns.setdefault(feature, []).append(getattr(windows, feature))

    def table(self) -> pa.Table:
        """The rows as a table of the shard's schema."""
        schema = shard_schema(self.spec)
        columns = [self._array(field) for field in schema]
        return pa.Table.from_arrays(columns, schema=schema)

    def _array(self, field: pa.Field) -> pa.Array:
        values = self._columns.get(field.name, [])
        if field.name not in FEATURES:
            return pa.array(values, field.type)
        block = np.concatenate(values) if values else np.empty((0,))
        return pa.FixedSizeBinaryArray.from_buffers(
            field.type, len(block), [None, pa.py_buffer(np.ascontiguousarray(block))]
        )


def shard_schema(spec: Preprocessing) -> pa.Schema:
    """A shard's columns; a feature's shape and dtype stand in its field's metadata."""
    itemsize = np.dtype(spec.dtype).itemsize
    features = []
    for name in FEATURES:
        shape = (spec.window_frames, spec.bins[name])
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
            ("peak_db", pa.float32()),  # maximum of the clip's log-mel, not of the window's
            *features,
        ]
    )


def shard_of(track_id: str, n_shards: int) -> int:
    """The shard of a track: decided by its id alone, so that adding one moves no other."""
    key = hashlib.blake2b(track_id.encode(), digest_size=8, key=b"genrenet shard").digest()
    return int.from_bytes(key, "little") % n_shards


def plan_shards(
    sources: Sequence[Source],
    folder: Path,
    spec: Preprocessing,
    *,
    n_shards: int,
    augment: Augment | None = None,
) -> list[ShardPlan]:
    """Distribute tracks over shards; shards without a track are left out."""
    members: dict[int, list[Source]] = {}
    for source in sorted(sources, key=lambda source: source.track_id):
        members.setdefault(shard_of(source.track_id, n_shards), []).append(source)
    return [
        ShardPlan(
            path=folder / f"shard-{index:05d}-of-{n_shards:05d}.parquet",
            sources=tuple(members[index]),
            spec=spec,
            augment=augment,
        )
        for index in sorted(members)
    ]


def write_shard(plan: ShardPlan, rows: Rows, quarantine: dict[str, str]) -> None:
    """Write a shard whole or not at all; equal plans give equal bytes."""
    about = json.dumps(
        {**plan.identity, "quarantine": quarantine}, sort_keys=True, ensure_ascii=False
    )
    table = rows.table().replace_schema_metadata({"genrenet": about})
    plan.path.parent.mkdir(parents=True, exist_ok=True)
    temporary = plan.path.with_name(plan.path.name + ".tmp")
    pq.write_table(
        table,
        temporary,
        compression="lz4",
        row_group_size=ROW_GROUP,
        use_dictionary=["track_id"],
        write_statistics=["track_id", "start_s"],
    )
    temporary.replace(plan.path)  # a rename: DVC may have hard-linked the old file to its cache


def read_footer(path: Path) -> dict[str, Any]:
    """What a shard says of itself.

    Raises
    ------
    DataError
        The file is no shard.
    """
    try:
        about = pq.read_schema(path).metadata or {}
        return dict(json.loads(about[b"genrenet"]))
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
