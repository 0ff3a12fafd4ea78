"""The loader: published data sets through the package mirdata, their checksums included.

``corpus.loader`` names the data set, and its version after a colon where that is not mirdata's
first choice: ``gtzan_genre:mini``. mirdata's index says which files belong to it; one that lies in
the corpus' folder goes before the one that mirdata has fetched.
"""

import difflib
import json
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from genrenet.corpus.groups import together
from genrenet.corpus.listing import Listing
from genrenet.corpus.manifest import named_columns, track_of
from genrenet.corpus.tracks import Track
from genrenet.errors import DataError, ParamsError
from genrenet.sections.corpus import Corpus

ATTRIBUTES = {"path": "audio_path", "genre": "genre"}
"""What most of mirdata's tracks call these; ``corpus.columns`` may say otherwise."""
COLUMNS = ("path", "genre", "group", "fold", "split")
ARTIST = "artist"  # the group, where tracks have it and nobody has named another
OTHER = "its checksum is not the published one: the file is damaged, or another version of it"
N_THREADS = 8  # a network folder has more to give than one request
OF_LOADERS = (AttributeError, KeyError, OSError, TypeError, ValueError)  # what theirs raise

Index = dict[str, dict[str, list[str]]]  # track id, kind of file, path and checksum
Row = dict[str, tuple[str, ...]]  # column and words


def loaded_tracks(corpus: Corpus, folder: Path) -> Listing:
    """The tracks of a published data set; a file with another checksum has a problem.

    Raises
    ------
    DataError
        mirdata's index or a table of the data set is not there, or tracks lack what is asked for.
    ParamsError
        mirdata is not installed, or does not know the data set.
    """
    data = _data_set(_mirdata(), str(corpus.loader), folder)
    index = _index(data, folder)
    rows = _rows({i: data.track(i) for i in index}, data.name, corpus.columns)
    kept = {i: row for i, row in rows.items() if len(row["path"]) == len(row["genre"]) == 1}
    groups = together([row.get("group", ()) for row in kept.values()])
    tracks = [
        replace(_track(i, row, folder, data.name), group=group)
        for (i, row), group in zip(kept.items(), groups, strict=True)
    ]
    tracks, missing = _validated(tracks, index, folder)
    gaps = []
    if n := len(rows) - len(kept):
        gaps.append(f"{n} tracks of {data.name} have no recording or not one genre: left out")
    if missing:
        gaps.append(f"{len(missing)} files of {data.name} are not there, '{missing[0]}' for one")
    return Listing(tracks, tuple(gaps))


def _mirdata() -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # of the many packages behind it
            import mirdata
    except ImportError as error:
        raise ParamsError(
            "corpus.layout is 'mirdata', and the package mirdata is not installed: "
            "pip install 'genrenet[mirdata]'"
        ) from error
    return mirdata


def _data_set(mirdata: Any, loader: str, folder: Path) -> Any:
    """The data set as mirdata knows it."""
    name, _, version = loader.partition(":")
    known = mirdata.list_datasets()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"It has {', '.join(known)}."
        raise ParamsError(f"corpus.loader: mirdata has no data set '{name}'. {hint}")
    try:
        with warnings.catch_warnings(action="ignore"):
            return mirdata.initialize(name, data_home=str(folder), version=version or "default")
    except (ValueError, KeyError) as error:
        said = mirdata.list_dataset_versions(name)
        raise ParamsError(f"corpus.loader: '{loader}' has no such version. {said}") from error
    except ImportError as error:
        raise ParamsError(
            f"corpus.loader: {name} needs more packages: pip install 'mirdata[{name}]'"
        ) from error


def _index(data: Any, folder: Path) -> Index:
    """What belongs to the data set."""
    own = folder / Path(data.index_path).name
    if own.exists():
        data.index_path = str(own)
    try:
        index: dict[str, Index] = json.loads(Path(data.index_path).read_text("utf-8"))
        return index["tracks"]
    except FileNotFoundError as error:
        raise DataError(
            f"corpus.loader: mirdata has not fetched its index of {data.name} yet. Run python -c "
            f"\"import mirdata; mirdata.initialize('{data.name}').download(['index'])\", or put "
            f"{own.name} into '{folder}'."
        ) from error
    except (ValueError, KeyError) as error:
        raise DataError(f"{data.index_path}: is no index of tracks ({error!r}).") from error


def _rows(tracks: dict[str, Any], name: str, columns: dict[str, str]) -> dict[str, Row]:
    """What each track says of itself."""
    named = ATTRIBUTES | named_columns(columns, COLUMNS)
    if "group" not in named and tracks and ARTIST in _attributes(next(iter(tracks.values()))):
        named |= {"group": ARTIST}
    return {
        i: {column: _words(track, attribute, name) for column, attribute in named.items()}
        for i, track in tracks.items()
    }


def _words(track: Any, attribute: str, name: str) -> tuple[str, ...]:
    try:
        value = getattr(track, attribute)
    except OF_LOADERS as error:
        raise DataError(
            f"corpus.columns: the track {track.track_id} of {name} gives no '{attribute}' "
            f"({error}). Name what it has there: {', '.join(_attributes(track))}."
        ) from error
    values = value if isinstance(value, list | tuple | set) else (value,)
    words = [one for one in values if one not in (None, "")]
    if others := [one for one in words if not isinstance(one, str | int)]:
        raise DataError(
            f"corpus.columns: '{attribute}' of the track {track.track_id} of {name} is "
            f"{others[0]!r}; expected text or whole numbers. Name another attribute."
        )
    return tuple(sorted(str(one).strip() for one in words))


def _attributes(track: Any) -> list[str]:
    """What a track has, without the work of finding its values out."""
    return [
        name
        for name in dir(track)
        if not name.startswith("_") and not callable(getattr(type(track), name, None))
    ]


def _track(track_id: str, row: Row, folder: Path, name: str) -> Track:
    cells = {column: words[0] for column, words in row.items() if words and column != "group"}
    cells["path"] = os.path.relpath(cells["path"], folder)
    try:
        return track_of({**cells, "track_id": track_id}, Path())
    except ValueError as error:
        raise DataError(f"corpus.columns: the track {track_id} of {name}: {error}") from error


def _validated(tracks: list[Track], index: Index, folder: Path) -> tuple[list[Track], list[str]]:
    """The tracks, those of another checksum with a problem, and the files that are not there."""
    from mirdata.validate import validate

    def check(track: Track) -> tuple[bool, bool]:
        sums = {os.path.normpath(path): md5 for path, md5 in index[track.track_id].values() if path}
        md5 = sums.get(os.path.normpath(track.path))
        return validate(str(folder / track.path), md5) if md5 else (True, True)

    with ThreadPoolExecutor(N_THREADS) as pool:
        judged = list(zip(tracks, pool.map(check, tracks), strict=True))
    return [
        replace(track, problem=OTHER) if is_there and not is_right else track
        for track, (is_there, is_right) in judged
    ], [track.path for track, (is_there, _) in judged if not is_there]
