"""The label: what people say of a track, mended after the layout has been read.

First the corrections, track by track, then ``corpus.rename``, which knows genres alone: so one
table of corrections serves a corpus whose dastgahs are later joined to families.
"""

import difflib
from dataclasses import replace
from pathlib import Path

from genrenet.corpus.names import composed
from genrenet.corpus.sheets import read_sheet
from genrenet.corpus.tracks import Track
from genrenet.errors import DataError

COLUMNS = ("track_id", "genre", "group")


def corrected(tracks: list[Track], table: Path) -> list[Track]:
    """Tracks with the genres and groups of the corrections' table, where it names them.

    Raises
    ------
    DataError
        The table has other columns, names a track twice, or one that is not there.
    """
    corrections = read_corrections(table)
    strangers = sorted(set(corrections) - {track.track_id for track in tracks})
    if strangers:
        raise DataError(
            f"{table}: no track has the id {', '.join(strangers[:5])}. The ids stand in "
            "data/catalog.parquet."
        )
    return [
        _with(track, *corrections[track.track_id]) if track.track_id in corrections else track
        for track in tracks
    ]


def read_corrections(path: Path) -> dict[str, tuple[str, str]]:
    """Track id, genre and group, empty where nothing is to be changed.

    Raises
    ------
    DataError
        The table cannot be read, has other columns, or names a track twice.
    """
    sheet = read_sheet(path, COLUMNS)
    if not {"track_id", "genre"} <= set(sheet.names):
        raise DataError(
            f"{path}: expected the columns track_id,genre[,group]; it has {', '.join(sheet.names)}."
        )
    ids, genres = ([composed(cell) for cell in sheet.cells(name)] for name in COLUMNS[:2])
    groups = [""] * len(ids)
    if "group" in sheet.names:
        groups = [composed(cell) for cell in sheet.cells("group")]
    found: dict[str, tuple[str, str]] = {}
    for track_id, *values in zip(ids, genres, groups, strict=True):
        if track_id in found:
            raise DataError(f"{path}: {track_id} has two lines. Keep one.")
        found[track_id] = (values[0], values[1])
    return found


def _with(track: Track, genre: str, group: str) -> Track:
    return replace(track, genre=genre or track.genre, group=group or track.group)


def renamed(tracks: list[Track], rename: dict[str, str]) -> list[Track]:
    """Tracks whose genres have the names that ``corpus.rename`` gives them, each once."""
    names = {composed(old): composed(new) for old, new in rename.items()}
    return [
        replace(track, genre=names[track.genre]) if track.genre in names else track
        for track in tracks
    ]


def rename_warning(genres: set[str], rename: dict[str, str]) -> str | None:
    """What to say of names that ``corpus.rename`` has and the corpus has not; None if all are."""
    unknown = sorted(set(map(composed, rename)) - genres)
    if not unknown:
        return None
    near = difflib.get_close_matches(unknown[0], genres, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(sorted(genres)[:20])}."
    return f"corpus.rename: no track has the genre {', '.join(unknown)}. {hint}"
