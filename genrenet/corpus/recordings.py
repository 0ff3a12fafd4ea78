"""Recordings: which files below a folder are sound, whatever else lies there.

Links are followed, to files and to folders alike; a folder is not entered again from within
itself, so that a circle of links ends. Hidden files and what macOS, Windows and network drives
leave behind are passed over. Nothing is opened here, and nothing written.
"""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import PurePath

from genrenet.corpus.patience import patiently
from genrenet.errors import DataError

AUDIO = frozenset(
    ".wav .wave .bwf .rf64 .w64 .flac .mp3 .mp2 .ogg .oga .opus .aif .aiff .aifc .caf .au "
    ".snd".split()
)
"""What libsndfile reads."""
CLOSED = frozenset(
    ".m4a .m4b .m4p .m4r .aac .alac .ac3 .eac3 .dts .wma .asf .mka .ape .wv .mpc .tta .amr .ra .rm "
    ".spx .dsf .dff .mp4 .m4v .mov .3gp .webm .mkv .avi .wmv .flv .mpg .mpeg .ts .mts .m2ts .vob "
    ".ogv".split()
)
"""Sound and video that libsndfile does not read: quarantined with the way out, not passed over."""
DROPPINGS = frozenset(
    ["__macosx", "@eadir", "#recycle", "$recycle.bin", "lost+found", "system volume information"]
)
"""Folders that other systems leave behind; their hidden files begin with a point."""
SUFFIX = re.compile(r"\.\w{1,5}")  # ". Germain" ends the name of a folder, not of a file

Folder = tuple[int, int]  # device and inode: what a folder is, by whichever path it is reached


def recordings(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Relative POSIX paths of the recordings below a folder, at any depth, sorted in each folder.

    A link to nowhere is listed where its suffix is that of a recording: it has its place in the
    quarantine. A sound that is not read is passed over where a readable one of the same name
    lies beside it: it has been converted.

    Raises
    ------
    DataError
        A folder cannot be listed, a link to a folder leads nowhere, or a name is no valid text:
        what is missing then cannot be told.
    """
    root = os.fspath(folder)
    try:
        yield from _walk(root, "", frozenset({_identity(patiently(os.stat, root))}))
    except OSError as error:
        raise DataError(
            f"'{error.filename}' cannot be listed ({error.strerror}). Allow it to be "
            "read, or take it out of the corpus."
        ) from error


def _walk(folder: str, within: str, above: frozenset[Folder]) -> Iterator[str]:
    entries = [entry for entry in patiently(_entries, folder) if not _is_dropping(entry.name)]
    names = {_with_small_suffix(entry.name) for entry in entries}
    for entry in sorted(entries, key=lambda entry: entry.name):
        suffix = PurePath(entry.name).suffix.lower()
        if _is_folder(entry):
            here = _identity(patiently(entry.stat))
            if here not in above:
                yield from _walk(entry.path, f"{within}{entry.name}/", above | {here})
        elif suffix in AUDIO or (suffix in CLOSED and not _is_converted(entry.name, names)):
            if entry.is_symlink() or entry.is_file():  # no pipe, no device
                yield _encodable(within + entry.name)
        elif not SUFFIX.fullmatch(suffix) and entry.is_symlink() and not os.path.exists(entry):
            raise DataError(
                f"the link '{entry.path}' leads nowhere; '{os.readlink(entry)}' is "
                "not there. Bring it back, or remove the link."
            )


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def _identity(stat: os.stat_result) -> Folder:
    return stat.st_dev, stat.st_ino


def _is_dropping(name: str) -> bool:
    return name.startswith(".") or name.lower() in DROPPINGS


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or leads to one; a link to itself leads nowhere."""
    try:
        return patiently(entry.is_dir)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EACCES) and entry.is_symlink():
            return False
        raise


def _with_small_suffix(name: str) -> str:
    """The name with its suffix in lower case: recorders write .WAV."""
    path = PurePath(name)
    return path.stem + path.suffix.lower()


def _is_converted(name: str, names: set[str]) -> bool:
    stem = PurePath(name).stem
    return any(stem + suffix in names for suffix in AUDIO)


def _encodable(path: str) -> str:
    """The path, if it is text: other names cannot stand in a table."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(f"the name {path!a} is not valid UTF-8. Rename the file.") from error
    return path
