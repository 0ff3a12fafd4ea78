"""The layouts in which corpora come: from files and tables to tracks.

``folders``
    ``genre/[artist]/[album]/file``. The folder under the genre is the group; an artist's folder
    of one name is one group, whatever the genre. Files that lie directly in the genre's folder
    have no known group. Two forms of one Unicode name are one name for ids, genres and groups.
``manifest``
    A CSV table ``path,genre[,track_id,group,fold,split,start_s,end_s]``; ``corpus.columns`` maps
    these names to the table's own. Paths are relative to the table's folder.
"""

import math
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd

from genrenet.corpus.names import composed, ids_of
from genrenet.corpus.recordings import AUDIO, recordings
from genrenet.corpus.tracks import Track
from genrenet.errors import DataError, ParamsError
from genrenet.params import Corpus

SPELLINGS = {
    "train": "train",
    "test": "test",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
}
"""How published corpora write the sides."""
COLUMNS = ("path", "genre", "track_id", "group", "fold", "split", "start_s", "end_s")


def corpus_path(corpus: Corpus) -> Path:
    """Where the corpus is.

    Raises
    ------
    DataError
        Nothing is there.
    """
    path = Path(corpus.path).expanduser()
    if not path.exists():
        raise DataError(
            f"corpus.path: nothing is at '{path}'. Give a folder with a sub-folder for each "
            "genre, or a CSV manifest, in params.yaml."
        )
    return path


def corpus_folder(corpus: Corpus) -> Path:
    """The folder to which the catalog's paths are relative."""
    path = Path(corpus.path).expanduser()
    return path if path.is_dir() else path.parent


def read_tracks(corpus: Corpus) -> list[Track]:
    """All tracks of the corpus, sorted by id, the label corrections applied.

    Raises
    ------
    DataError
        There is nothing at ``corpus.path``, no recording in it, an id twice, or a table without
        the columns that it needs.
    """
    path = corpus_path(corpus)
    tracks = _manifest_tracks(corpus) if _is_manifest(corpus, path) else _folder_tracks(path)
    if not tracks:
        raise DataError(
            f"corpus.path: '{path}' holds no recording. Expected genre/file or "
            f"genre/artist/file, with one of {' '.join(sorted(AUDIO))}."
        )
    _refuse_duplicates(tracks)
    return sorted(_corrected(tracks, Path(corpus.labels)), key=lambda track: track.track_id)


def _is_manifest(corpus: Corpus, path: Path) -> bool:
    return corpus.layout == "manifest" or (corpus.layout == "auto" and path.is_file())


def _folder_tracks(folder: Path) -> list[Track]:
    if not folder.is_dir():
        raise DataError(f"corpus.path: '{folder}' is a file; layout 'folders' needs a folder.")
    paths = [path for path in recordings(folder) if "/" in path]  # beside the genres: no genre's
    return [_folder_track(path, track_id) for path, track_id in ids_of(paths).items()]


def _folder_track(path: str, track_id: str) -> Track:
    """One file of ``genre/[artist]/[album]/file``."""
    genre, *between = (composed(part) for part in path.split("/")[:-1])
    return Track(track_id=track_id, path=path, genre=genre, group=between[0] if between else None)


def _manifest_tracks(corpus: Corpus) -> list[Track]:
    path = Path(corpus.path).expanduser()
    table_path = path / corpus.manifest if path.is_dir() else path
    table = _read_csv(table_path)
    unknown = sorted(set(corpus.columns) - set(COLUMNS))
    if unknown:
        raise ParamsError(
            f"corpus.columns: {', '.join(unknown)} is no column that a manifest can have. "
            f"Known: {', '.join(COLUMNS)}."
        )
    names = _names(table, corpus.columns)
    missing = [column for column in ("path", "genre") if column not in names]
    missing += sorted(set(names.values()) - set(table))
    if missing:
        raise DataError(
            f"{table_path}: no column {', '.join(missing)}; it has {', '.join(table)}. "
            "Name the columns in corpus.columns, for example {path: file, genre: label}."
        )
    rows = pd.DataFrame({column: table[name] for column, name in names.items()}).to_dict("records")
    prefix = Path(os.path.relpath(table_path.parent, corpus_folder(corpus)))
    return [
        _manifest_track(row, table_path, line, prefix) for line, row in enumerate(rows, start=2)
    ]


def _names(table: pd.DataFrame, named: dict[str, str]) -> dict[str, str]:
    """Our columns and the table's names for them; what the settings name has no second meaning."""
    left = [name for name in COLUMNS if name in table and name not in named.values()]
    return {name: name for name in left} | named


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path}: is no CSV table in UTF-8: {error}") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas took the first cells for an index
        raise DataError(
            f"{path}, line 2: has more cells than the {len(table.columns)} columns of the first "
            "line. Put names that hold a comma in quotes."
        )
    return table.apply(lambda column: column.str.strip())


def _manifest_track(row: dict[str, str], table: Path, line: int, prefix: Path) -> Track:
    """One line of a manifest; empty cells mean that nothing is known."""
    if not row["path"] or not row["genre"]:
        raise DataError(f"{table}, line {line}: path and genre must not be empty.")
    try:
        start_s, end_s = float(row.get("start_s") or 0), float(row.get("end_s") or math.inf)
        fold = int(row["fold"]) if row.get("fold") else None
    except ValueError as error:
        raise DataError(
            f"{table}, line {line}: {error}; fold is a whole number, times are seconds."
        ) from error
    if not 0 <= start_s < end_s:
        raise DataError(f"{table}, line {line}: the segment {start_s}–{end_s} s is empty.")
    side = row.get("split", "").lower()
    if side and side not in SPELLINGS:
        raise DataError(
            f"{table}, line {line}: split is {side!r}; expected one of {', '.join(SPELLINGS)}."
        )
    path = (prefix / row["path"]).as_posix()
    segment = f"#{start_s:g}-{end_s:g}" if start_s > 0 or end_s < math.inf else ""
    return Track(
        track_id=composed(row.get("track_id") or path + segment),
        path=path,
        genre=composed(row["genre"]),
        group=composed(row.get("group", "")) or None,
        fold=fold,
        split=SPELLINGS.get(side),
        start_s=start_s,
        end_s=end_s if end_s < math.inf else None,
    )


def _refuse_duplicates(tracks: list[Track]) -> None:
    counts = pd.Series([track.track_id for track in tracks]).value_counts()
    twice = list(counts[counts > 1].index)
    if twice:
        raise DataError(
            f"{len(twice)} track ids occur more than once: {', '.join(twice[:5])}. Each track "
            "needs an id of its own; a manifest may give one in the column track_id."
        )


def _corrected(tracks: list[Track], labels: Path) -> list[Track]:
    """Tracks with the genres and groups of the corrections' table, where it names them."""
    table = _read_csv(labels).map(composed)
    if not {"track_id", "genre"} <= set(table):
        raise DataError(
            f"{labels}: expected the columns track_id,genre[,group]; it has {', '.join(table)}."
        )
    corrections = {row["track_id"]: row for row in table.to_dict("records")}
    if len(corrections) < len(table):
        twice = table.loc[table["track_id"].duplicated(), "track_id"].iloc[0]
        raise DataError(f"{labels}: {twice} has two lines. Keep one.")
    strangers = sorted(set(corrections) - {track.track_id for track in tracks})
    if strangers:
        raise DataError(
            f"{labels}: no track has the id {', '.join(strangers[:5])}. The ids stand in "
            "data/catalog.parquet."
        )
    return [
        replace(
            track,
            genre=corrections[track.track_id]["genre"] or track.genre,
            group=corrections[track.track_id].get("group") or track.group,
        )
        if track.track_id in corrections
        else track
        for track in tracks
    ]
