"""The split table: anyone's split, made anywhere, as the audit takes it.

CSV or Parquet; ``track_id``, ``genre``, ``group`` and ``split``, and where there are ``parent``
(the id of what a row is a copy or a segment of), ``start_s`` and ``end_s``. Sides have any names,
numbers of folds too; those that mean ours become ours.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrenet.corpus.sides import SPELLINGS
from genrenet.errors import DataError

NEEDED = ("track_id", "genre", "group", "split")
TIMES = ("start_s", "end_s")
KNOWN = (*NEEDED, "parent", *TIMES)
SIDE_NAMES = {**SPELLINGS, "training": "train", "dev": "validation", "testing": "test"}
SHOWN = 5


def read_split_table(path: Path, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read a table; rows without a side are on none and are left out.

    Parameters
    ----------
    path : Path
        The file; ``.parquet`` is Parquet, anything else CSV.
    columns : mapping of str to str, optional
        Our names of columns, and the table's.

    Returns
    -------
    pd.DataFrame
        ``track_id, genre, group, group_known, split``, and ``parent``, ``start_s``, ``end_s`` as
        far as the table has them. A track without a group is its own, or its parent's.

    Raises
    ------
    DataError
        The file cannot be read, a column is missing, a value is none, or an id stands twice on
        one side.
    """
    named = _ours(_read(path), columns or {}, path)
    rows = named[named["split"] != ""].reset_index(drop=True)
    if rows.empty:
        raise DataError(f"{path}: has {len(named)} rows, and none has a side in the column split.")
    for name in ("track_id", "genre"):
        if empty := (rows[name] == "").sum():
            raise DataError(f"{path}: {empty} rows have no {name}. Give each one.")
    _refuse_repeated(rows, path)
    own = rows["track_id"]
    if "parent" in rows:
        rows["parent"] = rows["parent"].mask(rows["parent"] == "")
        own = rows["parent"].fillna(own)
    known = rows["group"] != ""
    sides = rows["split"].str.lower().map(SIDE_NAMES).fillna(rows["split"])
    return rows.assign(group=rows["group"].where(known, own), group_known=known, split=sides)


def _read(path: Path) -> pd.DataFrame:
    """The table as it is, cells of CSV as text."""
    try:
        if path.suffix.lower() == ".parquet":
            return pq.read_table(path).to_pandas()
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}). Give the path of a CSV or "
            "Parquet file."
        ) from error
    except (ValueError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: is no table: {error}. Expected CSV in UTF-8 with a line of column names, or "
            "Parquet in a file that is called .parquet."
        ) from error


def _ours(table: pd.DataFrame, columns: Mapping[str, str], path: Path) -> pd.DataFrame:
    """The columns that we know, as text without blanks at the ends, and as numbers."""
    if strange := sorted(set(columns) - set(KNOWN)):
        raise DataError(
            f"{', '.join(strange)} is no column that the audit reads. Known: {', '.join(KNOWN)}."
        )
    names = {name: columns.get(name, name) for name in KNOWN}
    asked = dict.fromkeys([*NEEDED, *columns])
    if missing := [names[name] for name in asked if names[name] not in table]:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; it has {', '.join(map(str, table))}. Say "
            "which is which, as in --columns track_id=file,group=artist. Where no group is known, "
            "let the column group be there and empty."
        )
    found = {name: table[theirs] for name, theirs in names.items() if theirs in table}
    return pd.DataFrame(
        {name: _seconds(c, path) if name in TIMES else _text(c) for name, c in found.items()}
    )


def _text(cells: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(cells):  # whole numbers beside empty cells
        cells = cells.convert_dtypes()
    return cells.astype("str").where(cells.notna(), "").str.strip()


def _seconds(cells: pd.Series, path: Path) -> pd.Series:
    known = cells.mask(_text(cells) == "")
    numbers = pd.to_numeric(known, errors="coerce").astype(float)
    wrong = known[numbers.isna() & known.notna()]
    if len(wrong):
        raise DataError(
            f"{path}: {cells.name} is {wrong.iloc[0]!r} in row {wrong.index[0] + 1}; expected "
            "seconds, or nothing."
        )
    return numbers


def _refuse_repeated(rows: pd.DataFrame, path: Path) -> None:
    """An id on two sides is a leak, twice on one is a mistake."""
    twice = rows["track_id"][rows.duplicated(["track_id", "split"])].unique()
    if len(twice):
        raise DataError(
            f"{path}: {len(twice)} ids stand more than once on one side: "
            f"{', '.join(twice[:SHOWN])}. Give each row an id of its own; rows that are segments "
            "or copies of one recording have its id in the column parent."
        )
