"""The manifest: a table that names each track's file, its label and what else is known."""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from genrenet.corpus.listing import Listing
from genrenet.corpus.names import composed
from genrenet.corpus.sheets import Sheet, read_sheet
from genrenet.corpus.sides import SPELLINGS
from genrenet.corpus.tracks import Track
from genrenet.errors import DataError, ParamsError
from genrenet.sections.corpus import Corpus

TEXTS = ("path", "genre", "track_id", "group", "split")
NUMBERS = ("fold", "start_s", "end_s")
COLUMNS = (*TEXTS, *NUMBERS)
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: c:// is a disk


def manifest_tracks(corpus: Corpus, path: Path, *, folder: Path) -> Listing:
    """The tracks that a table names, their paths relative to ``folder``.

    Raises
    ------
    DataError
        It lacks a column, or a row does not hold together.
    ParamsError
        ``corpus.columns`` names something that no manifest has.
    """
    named = named_columns(corpus.columns, COLUMNS)
    sheet = read_sheet(path, {*COLUMNS, *named.values()})
    names = _names(sheet, named)
    columns = {ours: sheet.cells(name, numbers=ours in NUMBERS) for ours, name in names.items()}
    prefix = Path(os.path.relpath(path.parent, folder))
    tracks = []
    for index, cells in enumerate(zip(*columns.values(), strict=True)):
        try:
            tracks.append(track_of(dict(zip(columns, cells, strict=True)), prefix))
        except ValueError as error:
            raise DataError(f"{sheet.place(index)}: {error}") from error
    return Listing(tracks)


def named_columns(columns: dict[str, str], known: tuple[str, ...]) -> dict[str, str]:
    """``corpus.columns``, if it names columns that exist.

    Raises
    ------
    ParamsError
        It does not: a misspelt key would map nothing.
    """
    unknown = sorted(set(columns) - set(known))
    if unknown:
        raise ParamsError(
            f"corpus.columns: {', '.join(unknown)} is no column that can be named. "
            f"There are: {', '.join(known)}."
        )
    return columns


def _names(sheet: Sheet, named: dict[str, str]) -> dict[str, str]:
    """Our columns and the table's names for them; what the settings name has no second meaning."""
    left = [name for name in COLUMNS if name in sheet.names and name not in named.values()]
    names = {name: name for name in left} | named
    missing = [column for column in ("path", "genre") if column not in names]
    missing += sorted(set(names.values()) - set(sheet.names))
    if missing:
        raise DataError(
            f"{sheet.path}: no column {', '.join(missing)}; it has {', '.join(sheet.names)}. "
            "Name the columns in corpus.columns, for example {path: file, genre: label}."
        )
    return names


def track_of(row: Mapping[str, str], prefix: Path) -> Track:
    """One track from the texts of its cells; empty ones mean that nothing is known.

    Parameters
    ----------
    row : mapping
        Some of ``COLUMNS``, ``path`` and ``genre`` among them.
    prefix : Path
        To which the path is relative, unless it is absolute.

    Raises
    ------
    ValueError
        The cells do not hold together.
    """
    if not row["path"] or not row["genre"]:
        raise ValueError("path and genre must not be empty.")
    path = (prefix / _on_disk(row["path"])).as_posix()
    start_s, end_s = _seconds(row.get("start_s"), 0.0), _seconds(row.get("end_s"), math.inf)
    if not 0 <= start_s < end_s:
        raise ValueError(f"the segment {start_s}–{end_s} s is empty.")
    segment = f"#{start_s:g}-{end_s:g}" if start_s > 0 or end_s < math.inf else ""
    return Track(
        track_id=composed(row.get("track_id") or path + segment),
        path=path,
        genre=composed(row["genre"]),
        group=composed(row.get("group", "")) or None,
        fold=_fold(row.get("fold")),
        split=_side(row.get("split")),
        start_s=start_s,
        end_s=end_s if end_s < math.inf else None,
    )


def _on_disk(path: str) -> str:
    """The path, or the one that a ``file://`` address stands for."""
    if "://" not in path or not (found := URI.match(path)):
        return path
    if found[0].lower() != "file://":
        raise ValueError(
            f"the recording '{path}' is at an address, and recordings are read from a disk. "
            "Mount the store or copy it, and give paths, or file:// addresses."
        )
    return unquote("/" + path[found.end() :].removeprefix("localhost").lstrip("/"))


def _seconds(text: str | None, otherwise: float) -> float:
    try:
        return float(text) if text else otherwise
    except ValueError as error:
        raise ValueError(f"{text!r} is no number; times are seconds.") from error


def _fold(text: str | None) -> int | None:
    """The fold; tables with gaps often write 1.0 for 1."""
    if not text:
        return None
    try:
        if (number := float(text)).is_integer():
            return int(number)
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no fold; a fold is a whole number.")


def _side(text: str | None) -> str | None:
    side = (text or "").lower()
    if side and side not in SPELLINGS:
        raise ValueError(f"split is {side!r}; expected one of {', '.join(SPELLINGS)}.")
    return SPELLINGS.get(side)
