"""The portion: which windows a trial learns from, is stopped by and is tested on.

A table of windows has one row each: ``track_id, genre, group, start_s``, and once it is divided
``split``. Altered copies are none of them: they belong to one split's train tracks.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genrenet.corpus.sides import SIDES
from genrenet.errors import DataError

PORTIONS_SCHEMA = pa.schema(
    [
        ("track_id", pa.string()),
        ("genre", pa.string()),
        ("group", pa.string()),
        ("start_s", pa.float64()),
        ("split", pa.string()),
    ]
)


def list_windows(shards: Sequence[Path], tracks: pd.DataFrame) -> pd.DataFrame:
    """Every window of the tracks' originals, by track and time.

    Parameters
    ----------
    shards : sequence of Path
        Where the windows lie.
    tracks : pd.DataFrame
        ``track_id, genre, group`` of the tracks that are wanted.

    Raises
    ------
    DataError
        A track has no window.
    """
    found = pa.concat_tables(_originals(path) for path in shards).to_pandas()
    windows = tracks[["track_id", "genre", "group"]].merge(found, "left", "track_id")
    without = windows.loc[windows["start_s"].isna(), "track_id"]
    if len(without):
        raise DataError(
            f"{len(without)} tracks have no window in the shards, for example {without.iloc[0]}. "
            "Run 'dvc repro'."
        )
    return windows.sort_values(["track_id", "start_s"], ignore_index=True)


def _originals(path: Path) -> pa.Table:
    table = pq.read_table(path, columns=["track_id", "start_s", "copy"])
    return table.filter(pc.equal(table["copy"], 0)).drop_columns("copy")


def divided(windows: pd.DataFrame, sides: Sequence[str | None] | pd.Series) -> pd.DataFrame:
    """The windows with the side of each; those without one are left out."""
    return windows.assign(split=np.asarray(sides, object)).dropna(subset="split")


def equalised(portions: Mapping[str, pd.DataFrame], *, seed: int) -> dict[str, pd.DataFrame]:
    """The same portions with as many train windows of each genre in every one.

    Which are left out is drawn; whoever has fewest gives none away.
    """
    counts = {
        name: table.loc[table["split"] == "train", "genre"].value_counts()
        for name, table in portions.items()
    }
    least = pd.DataFrame(counts).fillna(0).min(axis=1)
    return {
        name: _thinned(table, least, np.random.default_rng(seed))
        for name, table in portions.items()
    }


def _thinned(table: pd.DataFrame, most: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """At most so many train windows of each genre."""
    order = rng.permutation(len(table))
    rank = table.iloc[order].groupby(["genre", "split"]).cumcount().reindex(table.index)
    too_many = rank >= table["genre"].map(most)
    return table[(table["split"] != "train") | ~too_many]


def starts(windows: pd.DataFrame) -> dict[str, frozenset[float]]:
    """When the windows of each track begin, as a window set takes it."""
    return {
        str(track_id): frozenset(rows.tolist())
        for track_id, rows in windows.groupby("track_id")["start_s"]
    }


def counts(portion: pd.DataFrame) -> dict[str, int]:
    """How many windows and tracks are on each side."""
    sides = portion.groupby("split")["track_id"]
    sizes = {"windows": sides.size(), "tracks": sides.nunique()}
    return {
        f"n_{side}_{unit}": int(of.get(side, 0)) for side in SIDES for unit, of in sizes.items()
    }
