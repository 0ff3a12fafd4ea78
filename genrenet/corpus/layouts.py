"""The layouts in which corpora come: from files and tables to tracks.

``folders``
    ``genre/[artist]/[album]/file``. The folder under the genre is the group; an artist's folder
    of one name is one group, whatever the genre. Files that lie directly in the genre's folder
    have no known group. Two forms of one Unicode name are one name for ids, genres and groups.
``albums``
    ``album/genre/file``. The album is the group.
``manifest``
    A table ``path,genre[,track_id,group,fold,split,start_s,end_s]``, CSV or Parquet;
    ``corpus.columns`` maps these names to the table's own. Paths are relative to its folder.
``tags``
    ``genre/…/file``, whose groups the files' own tags name.
``mirdata``
    A published data set, through one of that package's loaders.
``gtzan``
    GTZAN, wherever its clips lie below the folder.
"""

from pathlib import Path

import pandas as pd

from genrenet.corpus.folders import album_folders, genre_folders
from genrenet.corpus.groups import group_warning
from genrenet.corpus.gtzan import gtzan_clips
from genrenet.corpus.labels import corrected, rename_warning, renamed
from genrenet.corpus.listing import Listing
from genrenet.corpus.loaders import loaded_tracks
from genrenet.corpus.manifest import manifest_tracks
from genrenet.corpus.recordings import AUDIO
from genrenet.corpus.spellings import group_spelling_warning, spelling_warning
from genrenet.corpus.tags import tagged_folders
from genrenet.corpus.tracks import Track
from genrenet.errors import DataError
from genrenet.sections.corpus import Corpus

EXPECTED = {
    "folders": "genre/file or genre/artist/file",
    "albums": "album/genre/file",
    "manifest": "a row for each",
    "tags": "genre/file",
    "mirdata": "the files of the data set",
    "gtzan": "jazz/jazz.00000.wav and its like",
}
"""What each layout looks for."""


def corpus_path(corpus: Corpus) -> Path:
    """Where the corpus is.

    Raises
    ------
    DataError
        Nothing is there, or it is at an address.
    """
    path = Path(corpus.path).expanduser()
    if path.exists():
        return path
    if "://" in corpus.path:
        raise DataError(
            f"corpus.path: '{corpus.path}' is an address, and recordings are read from a disk. "
            "Mount the store or copy it, and give the folder's path."
        )
    raise DataError(
        f"corpus.path: nothing is at '{path}'. Give a folder with a sub-folder for each "
        "genre, or a manifest, in params.yaml."
    )


def corpus_folder(corpus: Corpus) -> Path:
    """The folder to which the catalog's paths are relative."""
    path = Path(corpus.path).expanduser()
    return path if path.is_dir() else path.parent


def corpus_place(corpus: Corpus) -> tuple[str, Path]:
    """The layout, and where it looks: a folder, or a manifest's table.

    Raises
    ------
    DataError
        Nothing is there, or a file where the layout needs a folder.
    """
    path, layout = corpus_path(corpus), corpus.layout
    if layout == "auto":
        layout = "manifest" if path.is_file() else "folders"
    if layout == "manifest":
        return layout, path / corpus.manifest if path.is_dir() else path
    if not path.is_dir():
        raise DataError(f"corpus.path: '{path}' is a file; layout '{layout}' needs a folder.")
    return layout, path


def read_tracks(corpus: Corpus) -> list[Track]:
    """All tracks of the corpus, as :func:`read_corpus` finds them."""
    return read_corpus(corpus).tracks


def read_corpus(corpus: Corpus) -> Listing:
    """All tracks of the corpus, sorted by id, their labels corrected and renamed.

    Raises
    ------
    DataError
        There is nothing at ``corpus.path``, no recording in it, an id twice, or a table without
        the columns that it needs.
    ParamsError
        A setting names what the layout has not.
    """
    found = _listing(corpus)
    _refuse_duplicates(found.tracks)
    mended = corrected(found.tracks, Path(corpus.labels))
    tracks = sorted(renamed(mended, corpus.rename), key=lambda track: track.track_id)
    advice = (
        rename_warning({track.genre for track in mended}, corpus.rename),
        spelling_warning(track.genre for track in tracks),
        group_spelling_warning(track.group for track in tracks if track.group),
        group_warning(tracks, corpus.group_level),
    )
    return Listing(tracks, (*found.warnings, *filter(None, advice)))


def _listing(corpus: Corpus) -> Listing:
    """What the layout finds; to find nothing is refused."""
    layout, place = corpus_place(corpus)
    found = _found(corpus, layout, place)
    if not found.tracks:
        raise DataError(
            f"corpus.path: '{corpus_path(corpus)}' holds no recording. Expected "
            f"{EXPECTED[layout]}, with one of {' '.join(sorted(AUDIO))}."
        )
    return found


def _found(corpus: Corpus, layout: str, path: Path) -> Listing:
    match layout:
        case "albums":
            return album_folders(path)
        case "manifest":
            return manifest_tracks(corpus, path, folder=corpus_folder(corpus))
        case "tags":
            return tagged_folders(path, corpus.group_level)
        case "mirdata":
            return loaded_tracks(corpus, path)
        case "gtzan":
            return gtzan_clips(path)
        case _:
            return genre_folders(path)


def _refuse_duplicates(tracks: list[Track]) -> None:
    counts = pd.Series([track.track_id for track in tracks]).value_counts()
    twice = list(counts[counts > 1].index)
    if twice:
        raise DataError(
            f"{len(twice)} track ids occur more than once: {', '.join(twice[:5])}. Each track "
            "needs an id of its own; a manifest may give one in the column track_id."
        )
