"""The track: one labelled recording, or one labelled segment of a recording.

The catalog is a table of tracks. Paths are POSIX paths relative to the corpus' folder (absolute
ones stay as they are), times are seconds from the start of the file.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrenet.atomic import replacing
from genrenet.corpus.names import composed
from genrenet.errors import DataError

CATALOG = Path("data/catalog.parquet")
READ_BYTES = 1 << 16

CATALOG_SCHEMA = pa.schema(
    [
        ("track_id", pa.string()),
        ("path", pa.string()),
        ("genre", pa.string()),
        ("group", pa.string()),  # recordings that must stay on one side
        ("group_known", pa.bool_()),  # False: a segment's recording, else the track itself
        ("fold", pa.int32()),  # official fold, null where there is none
        ("split", pa.string()),  # official side, null where there is none
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),  # null: to the end of the file
        ("duration_s", pa.float64()),  # of the file
        ("sr", pa.int32()),
        ("channels", pa.int16()),
        ("format", pa.string()),
        ("n_bytes", pa.int64()),  # of the file
        ("content_hash", pa.string()),
        ("problem", pa.string()),  # why the track cannot be used, null where it can
    ]
)


@dataclass(frozen=True, kw_only=True)
class Track:
    """What a layout knows of a track before its audio is opened.

    Attributes
    ----------
    track_id : str
        Unique in the corpus.
    path : str
        POSIX path, relative to the corpus' folder, or absolute.
    genre : str
        The label.
    group : str or None
        Artist, performer, album or source recording; None where nobody has said.
    fold : int or None
        Official fold.
    split : {'train', 'validation', 'test'} or None
        Official side.
    start_s, end_s : float
        The segment, in seconds; ``end_s`` None means the end of the file.
    problem : str or None
        Why the file must not be used, where the layout knows it.
    """

    track_id: str
    path: str
    genre: str
    group: str | None = None
    fold: int | None = None
    split: str | None = None
    start_s: float = 0.0
    end_s: float | None = None
    problem: str | None = None

    @property
    def kept_together(self) -> str:
        """The group; where nobody has said, a segment's recording, else the track itself."""
        is_segment = self.start_s > 0 or self.end_s is not None
        return self.group or (composed(self.path) if is_segment else self.track_id)


def write_table(frame: pd.DataFrame, path: Path, schema: pa.Schema) -> None:
    """Write a table whole or not at all; equal rows give equal bytes."""
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    table = table.replace_schema_metadata(schema.metadata)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_table(path: Path, schema: pa.Schema) -> pd.DataFrame:
    """Read a table that :func:`write_table` wrote.

    Raises
    ------
    DataError
        The file is missing or has other columns.
    """
    if not path.exists():
        raise DataError(f"{path} is missing. Run 'dvc repro', which makes it.")
    # by one thread and in small reads: a million rows in 1 GB, where the defaults take half more
    table = pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False).read(use_threads=False)
    if not table.schema.equals(schema):
        raise DataError(f"{path} has other columns than this version writes. Run 'dvc repro'.")
    frame = table.to_pandas()
    pa.default_memory_pool().release_unused()
    return frame


def read_catalog(path: Path = CATALOG) -> pd.DataFrame:
    """The catalog: one row a track, sorted by ``track_id``, quarantined ones included."""
    return read_table(path, CATALOG_SCHEMA)


def usable(catalog: pd.DataFrame) -> pd.DataFrame:
    """The catalog's tracks that could be opened."""
    return catalog[catalog["problem"].isna()]
