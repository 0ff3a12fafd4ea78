"""The tag: whose music a file says that it holds.

Written by whoever ripped or sold the file, in as many forms as there are formats: ID3 frames,
Vorbis comments, and the text chunks of WAV, AIFF and CAF, which libsndfile reads.
"""

import importlib.util
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from genrenet.corpus.folders import genre_folders
from genrenet.corpus.groups import together
from genrenet.corpus.listing import Listing
from genrenet.corpus.names import composed
from genrenet.errors import ParamsError

NAMED = {"performer": ("performer", "artist", "albumartist"), "album": ("album",)}
"""The tags that name a group, the most telling one first."""
FRAMES = {"artist": "TPE1", "albumartist": "TPE2", "album": "TALB"}
"""How ID3 calls them; the performers stand in TMCL, each with an instrument."""
INSTRUMENT = re.compile(r"\s*\([^()]*\)$")  # Vorbis' "Hossein Alizadeh (tar)" is a name and more
N_THREADS = 8  # a network folder has more to give than one request

Tags = dict[str, tuple[str, ...]]


def tagged_folders(folder: Path, level: str) -> Listing:
    """The tracks of ``genre/…/file``, whose groups the files' own tags name.

    Parameters
    ----------
    folder : Path
        The corpus.
    level : {'performer', 'album'}
        What a group is. Of performers the first tag counts that is there: performer, artist,
        album artist. Recordings that share one of several names are one group.

    Raises
    ------
    ParamsError
        mutagen is not installed.
    """
    if importlib.util.find_spec("mutagen") is None:
        raise ParamsError(
            "corpus.layout is 'tags', which needs the package mutagen. Install it: "
            "pip install 'genrenet[tags]'."
        )
    found = genre_folders(folder).tracks
    with ThreadPoolExecutor(N_THREADS) as pool:
        tags = pool.map(read_tags, (folder / track.path for track in found))
        names = [_first(NAMED[level], of_file) for of_file in tags]
    groups = zip(found, together(names), strict=True)
    return Listing([replace(track, group=group) for track, group in groups])


def _first(keys: Iterable[str], tags: Tags) -> tuple[str, ...]:
    return next((tags[key] for key in keys if key in tags), ())


def read_tags(path: Path) -> Tags:
    """Performer, artist, albumartist and album of a file, as far as it names them.

    A file that cannot be read names nobody: why, the quarantine will say.
    """
    import mutagen

    try:
        tags = getattr(mutagen.File(path), "tags", None)
    except mutagen.MutagenError:
        tags = None
    if not tags:
        return _named(_of_header(path))
    return _named(_of_frames(tags) if hasattr(tags, "getall") else _of_comments(tags))


def _of_frames(tags: Any) -> dict[str, list[str]]:
    """ID3."""
    found = {
        key: [str(text) for frame in tags.getall(name) for text in frame.text]
        for key, name in FRAMES.items()
    }
    return found | {"performer": [who for f in tags.getall("TMCL") for _, who in f.people]}


def _of_comments(tags: Any) -> dict[str, list[str]]:
    """Vorbis comments, in FLAC, Ogg and Opus."""
    performers = [INSTRUMENT.sub("", name) for name in tags.get("performer", [])]
    return {key: tags.get(key, []) for key in FRAMES} | {"performer": performers}


def _of_header(path: Path) -> dict[str, list[str]]:
    """Text chunks."""
    import soundfile as sf

    try:
        with sf.SoundFile(path) as file:
            return {"artist": [file.artist], "album": [file.album]}
    except (sf.SoundFileError, OSError, TypeError):  # TypeError: samples without a header
        return {}


def _named(found: dict[str, list[str]]) -> Tags:
    """The tags that say something, in one spelling of blanks and letters."""
    tags = {
        key: tuple(name for value in values if (name := " ".join(composed(value).split())))
        for key, values in found.items()
    }
    return {key: names for key, names in tags.items() if names}
