"""The sheet: a table that people wrote, CSV or Parquet, whose cells are read as text."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from genrenet.errors import DataError

PARQUET = b"PAR1"  # how such a file begins, whatever its name


@dataclass(frozen=True)
class Sheet:
    """A table and the columns of it that were asked for.

    Attributes
    ----------
    path : Path
        The file.
    names : tuple of str
        All its columns.
    table : pa.Table
        Those that were asked for, as far as it has them.
    is_csv : bool
        Whether a row is a line of text.
    """

    path: Path
    names: tuple[str, ...]
    table: pa.Table
    is_csv: bool

    def cells(self, name: str, *, numbers: bool = False) -> list[str]:
        """A column as text, without the blanks around it; empty where nothing stands.

        Parameters
        ----------
        name : str
            The column.
        numbers : bool
            Whether fractions have a meaning in it: an id of 0.5 has none.

        Raises
        ------
        DataError
            The column holds something else than text or numbers.
        """
        column = self.table[name]
        kind = column.type.value_type if types.is_dictionary(column.type) else column.type
        if not (_is_text(kind) or types.is_integer(kind) or (numbers and _is_fraction(kind))):
            raise DataError(
                f"{self.path}: the column {name} holds {kind}; expected "
                f"{'numbers' if numbers else 'text or whole numbers'}. Write it anew as such."
            )
        texts = pc.fill_null(column.cast(pa.string()), "")
        return list(pc.utf8_trim_whitespace(texts).to_pylist())

    def place(self, index: int) -> str:
        """Where a row stands, for a message."""
        return f"{self.path}, {f'line {index + 2}' if self.is_csv else f'row {index + 1}'}"


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind))


def _is_fraction(kind: pa.DataType) -> bool:
    return bool(types.is_floating(kind) or types.is_decimal(kind))


def read_sheet(path: Path, wanted: Iterable[str]) -> Sheet:
    """Read the ``wanted`` columns of a table; which of them it has, its names tell.

    Raises
    ------
    DataError
        The file cannot be read, or is neither CSV in UTF-8 nor Parquet.
    """
    try:
        with path.open("rb") as file:
            is_parquet = file.read(len(PARQUET)) == PARQUET
        return _parquet(path, set(wanted)) if is_parquet else _csv(path, set(wanted))
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{path}: cannot be read ({reason}).") from error


def _parquet(path: Path, wanted: set[str]) -> Sheet:
    try:
        names = pq.read_schema(path).names
        table = pq.read_table(path, columns=[name for name in names if name in wanted])
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: is no whole Parquet table: {error}") from error
    return Sheet(path, tuple(names), table, is_csv=False)


def _csv(path: Path, wanted: set[str]) -> Sheet:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path}: is no CSV table in UTF-8: {error}") from error
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took the first cells for an index
        raise DataError(
            f"{path}, line 2: has more cells than the {len(frame.columns)} columns of the first "
            "line. Put names that hold a comma in quotes."
        )
    kept = frame[[name for name in frame if name in wanted]]
    return Sheet(path, tuple(frame), pa.Table.from_pandas(kept, preserve_index=False), is_csv=True)
