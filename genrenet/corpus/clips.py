"""The clip: what the audio itself says of a track, beside its windows."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:  # workers that extract have no use for tables
    import pandas as pd

CLIPS = Path("data/clips.parquet")
CLIPS_SCHEMA = pa.schema(
    [
        ("track_id", pa.string()),
        ("used_s", pa.float32()),  # s of sound that became windows
        ("level_db", pa.float32()),  # root mean square, dB of full scale
        ("noise_floor_db", pa.float32()),  # a twentieth of the clip is quieter, dB of full scale
    ]
)


def gathered(shards: Iterable[Path]) -> "pd.DataFrame":
    """The clips of shards, as in ``CLIPS_SCHEMA``, by id: they stand in first rows alone."""
    read = [pq.read_table(path, columns=CLIPS_SCHEMA.names) for path in shards]
    clips = [table.filter(pc.is_valid(table["used_s"])) for table in read]
    every = pa.concat_tables([CLIPS_SCHEMA.empty_table(), *clips])
    return every.sort_by("track_id").to_pandas()
