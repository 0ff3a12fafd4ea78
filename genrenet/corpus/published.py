"""Published lists: sides that others decided, and our own in the form in which they are shared.

A list is a text file in UTF-8 with one track a line: its path, suffix or not, or its id. Which
side it lists is said by the beginning of its name: ``train*.txt``, ``valid*.txt``, ``test*.txt``.
"""

from pathlib import Path, PurePosixPath

import pandas as pd

from genrenet.atomic import replacing
from genrenet.corpus.names import composed
from genrenet.corpus.recordings import AUDIO, CLOSED
from genrenet.corpus.sides import SIDES, SPELLINGS
from genrenet.errors import DataError

LISTS = Path("reports/splits")
SHOWN = 3  # listed strangers in a warning: enough to see how their names differ


def listed_sides(tracks: pd.DataFrame, folder: Path) -> tuple[list[str | None], list[str]]:
    """Published sides: the manifest's column ``split``, else the text files in ``folder``.

    Parameters
    ----------
    tracks : pd.DataFrame
        ``track_id, path, genre, split``.
    folder : Path
        Where the lists are; not looked into where the column holds a side.

    Returns
    -------
    list, list
        The side of each track, None where no list names it, and what a reader should know.

    Raises
    ------
    DataError
        No track is listed, one stands on two lists, or train or test has no list.
    """
    if tracks["split"].notna().any():
        sides = [None if pd.isna(side) else str(side) for side in tracks["split"]]
        return sides, _unused(tracks, sides)
    paths, ids = tracks["path"].map(composed), tracks["track_id"].map(composed)
    lists = _read_lists(folder, known={*paths, *ids})
    named = [_listed(lists, path, i) for path, i in zip(paths, ids, strict=True)]
    if not any(named):
        raise DataError(
            f"split.lists: none of the {len(lists)} tracks on the lists in '{folder}' is in the "
            f"corpus. They name '{next(iter(lists))}', the corpus has '{tracks['path'].iloc[0]}': "
            "the paths, without their suffixes, must be equal, or the track ids."
        )
    sides = [lists[name] if name else None for name in named]
    strangers = sorted(set(lists).difference(named))
    return sides, _unused(tracks, sides) + _missing(strangers, len(lists), folder)


def write_lists(table: pd.DataFrame, tracks: pd.DataFrame, folder: Path = LISTS) -> None:
    """Write ``train.txt``, ``validation.txt`` and ``test.txt``, sorted, one track a line.

    Parameters
    ----------
    table : pd.DataFrame
        The split: ``track_id, split``.
    tracks : pd.DataFrame
        The catalog's rows of these tracks: ``track_id, path``. A track is named by its path, or
        by its id where several tracks share a file.
    folder : Path
        Where the lists go; that of a side without tracks is empty.
    """
    paths = tracks.set_index("track_id")["path"].reindex(table["track_id"]).reset_index()
    names = paths["path"].mask(paths["path"].duplicated(keep=False), paths["track_id"])
    for side in SIDES:
        lines = sorted(names[(table["split"] == side).to_numpy()])
        with replacing(folder / f"{side}.txt") as temporary:
            temporary.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")


def _listed(lists: dict[str, str], path: str, track_id: str) -> str | None:
    """The name under which a track is listed."""
    names = (path, track_id, _stem(path), _stem(track_id))
    return next((name for name in names if name in lists), None)


def _unused(tracks: pd.DataFrame, sides: list[str | None]) -> list[str]:
    """What to say of tracks and genres without a side."""
    warnings = []
    if unused := sides.count(None):
        warnings.append(f"{unused} tracks are on no list and stay unused")
    used = tracks["genre"][[side is not None for side in sides]]
    if idle := sorted(set(tracks["genre"]) - set(used)):
        warnings.append(f"no track of {', '.join(idle)} is on a list: the model will not know them")
    return warnings


def _missing(strangers: list[str], n_listed: int, folder: Path) -> list[str]:
    """What to say of listed tracks that are not in the corpus."""
    if not strangers:
        return []
    first = ", ".join(strangers[:SHOWN]) + (", …" if len(strangers) > SHOWN else "")
    return [
        f"{len(strangers)} of {n_listed} listed tracks are not in the corpus: {first}. Complete "
        "the corpus (reports/quarantine.csv names unusable files), or tell that the lists in "
        f"'{folder}' were not used whole"
    ]


def list_files(folder: Path) -> dict[Path, str]:
    """The lists in a folder, and the side of each.

    Raises
    ------
    DataError
        There is none for train, or none for test.
    """
    named = {
        path: side
        for path in sorted(folder.glob("*.txt"))
        for name, side in SPELLINGS.items()
        if path.name.lower().startswith(name)
    }
    _check_sides(set(named.values()), folder)
    return named


def _read_lists(folder: Path, known: set[str]) -> dict[str, str]:
    """Name and side of the listed tracks; a file's name begins with the side's.

    A name that is not among the ``known`` ones of the corpus loses its suffix.
    """
    lists: dict[str, str] = {}
    for path, side in list_files(folder).items():
        for line in _lines(path):
            other = lists.setdefault(line if line in known else _stem(line), side)
            if other != side:
                raise DataError(
                    f"split.lists: {line} is on the lists of {other} and of {side}. "
                    "Strike it from one."
                )
    _check_sides(set(lists.values()), folder)
    return lists


def _check_sides(sides: set[str], folder: Path) -> None:
    if not {"train", "test"} <= sides:
        raise DataError(
            f"split.lists: '{folder}' needs train*.txt and test*.txt (and valid*.txt), with one "
            "relative path a line."
        )


def _lines(path: Path) -> list[str]:
    """The lines of a list that hold something; signs that only some programs break at are kept."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"split.lists: {path} is no text in UTF-8: {error}") from error
    return [composed(line.strip("\r")) for line in text.split("\n") if line.strip()]


def _stem(path: str) -> str:
    """A path without its suffix: lists say .wav or .au, copies are .flac or .mp3.

    Only a suffix of sound is one: ``blues.00029`` is whole.
    """
    whole = PurePosixPath(path.strip())
    return str(whole.with_suffix("") if whole.suffix.lower() in AUDIO | CLOSED else whole)
