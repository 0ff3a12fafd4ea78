"""The folder: genres, artists and albums from the places where the files lie."""

from pathlib import Path

from genrenet.corpus.listing import Listing
from genrenet.corpus.names import composed, ids_of
from genrenet.corpus.recordings import recordings
from genrenet.corpus.tracks import Track


def genre_folders(folder: Path) -> Listing:
    """The tracks of ``genre/[artist]/[album]/file``; files beside the genres are of none."""
    ids = ids_of(path for path in recordings(folder) if "/" in path)
    return Listing([_of_genre(path, track_id) for path, track_id in ids.items()])


def _of_genre(path: str, track_id: str) -> Track:
    genre, *between = _folders(path)
    return Track(track_id=track_id, path=path, genre=genre, group=between[0] if between else None)


def album_folders(folder: Path) -> Listing:
    """The tracks of ``album/genre/file``: the album is the group."""
    ids = ids_of(path for path in recordings(folder) if "/" in path)
    tracks = [_of_album(path, i) for path, i in ids.items() if path.count("/") > 1]
    loose = [path for path in ids if path.count("/") == 1]
    if not loose:
        return Listing(tracks)
    return Listing(
        tracks,
        (
            f"{len(loose)} files lie in an album and in no genre, '{loose[0]}' for one, and are "
            "left out: layout albums reads album/genre/file.",
        ),
    )


def _of_album(path: str, track_id: str) -> Track:
    album, genre, *_ = _folders(path)
    return Track(track_id=track_id, path=path, genre=genre, group=album)


def _folders(path: str) -> list[str]:
    """The names of the folders on the way to a file."""
    return [composed(part) for part in path.split("/")[:-1]]
