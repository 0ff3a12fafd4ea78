"""Open every recording's header and hash its bytes: from tracks to the catalog.

A file that cannot be used has a reason in its row. A corpus that goes away meanwhile, a network
folder for one, ends the work: else each of its files would seem to be bad.
"""

import errno
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrenet.atomic import replacing
from genrenet.corpus.patience import PAUSES_S, TRANSIENT, patiently
from genrenet.corpus.tracks import CATALOG_SCHEMA, Track
from genrenet.errors import AudioError, DataError
from genrenet.features import header
from genrenet.sections.features import MIN_DURATION_S
from tasks.contents import content_hash

N_THREADS = 8  # probing waits for the disk; a network folder has more to give than one request
BATCH = 1_000  # tracks that are in the air at once
HASHES_SCHEMA = pa.schema(
    [("path", pa.string()), ("size", pa.int64()), ("mtime_ns", pa.int64()), ("hash", pa.string())]
)


class Hashes:
    """Content hashes that are reused while a file's size and time of change stay the same.

    A cache, not an output: the times in it differ from checkout to checkout.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, tuple[int, int, str]] = {}
        self.seen: dict[str, tuple[int, int, str]] = {}
        if path.exists():
            columns = pq.read_table(path, schema=HASHES_SCHEMA).to_pydict()
            rows = zip(*(columns[name] for name in ("size", "mtime_ns", "hash")), strict=True)
            self.known = dict(zip(columns["path"], rows, strict=True))

    def of(self, path: Path) -> str:
        """The content hash of a file."""
        stat = path.stat()
        earlier = self.seen.get(str(path)) or self.known.get(str(path))  # seen: its other segments
        size, mtime_ns, known = earlier or (0, 0, "")
        fresh = known and (size, mtime_ns) == (stat.st_size, stat.st_mtime_ns)
        value = known if fresh else content_hash(path)
        self.seen[str(path)] = (stat.st_size, stat.st_mtime_ns, value)
        return value

    def save(self, *, whole: bool = True) -> None:
        """Keep the hashes of the files that were seen, and without ``whole`` the others too."""
        kept = self.seen if whole else self.known | self.seen
        rows = [(path, *kept[path]) for path in sorted(kept)]
        columns = list(zip(*rows, strict=True)) or [()] * len(HASHES_SCHEMA)
        with replacing(self.path) as temporary:
            pq.write_table(pa.table([*map(list, columns)], schema=HASHES_SCHEMA), temporary)


def probe_tracks(
    tracks: list[Track], folder: Path, hashes: Hashes, *, advance: Callable[[int], Any]
) -> pd.DataFrame:
    """The catalog: one row a track, what is unreadable with the reason in ``problem``.

    Whatever ends the work early, what was hashed before is kept for the next run.

    Raises
    ------
    DataError
        The corpus went away.
    """
    guard = _Guard(folder)
    columns: dict[str, list[Any]] = {name: [] for name in CATALOG_SCHEMA.names}
    try:
        with ThreadPoolExecutor(N_THREADS) as pool:
            for begin in range(0, len(tracks), BATCH):
                batch = tracks[begin : begin + BATCH]
                seen = pool.map(lambda track: _probe(track, guard, hashes), batch)
                for track, found in zip(batch, seen, strict=True):
                    row = {**vars(track), **found}
                    for name, column in columns.items():  # a million rows as dicts are a gigabyte
                        column.append(row.get(name))
                    advance(1)
    except BaseException:
        hashes.save(whole=False)
        raise
    hashes.save()
    return pd.DataFrame(columns)


class _Guard:
    """The corpus' folder, and whether it is still the one in which the work began."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._was = self._identity()

    def check(self) -> None:
        """Refuse to go on where the folder is gone, or another one lies under its name.

        Raises
        ------
        DataError
            It is: a disk was taken out, a network folder lost.
        """
        try:
            is_same = self._identity() == self._was
        except OSError as error:
            raise self._gone(error.strerror) from error
        if not is_same:
            raise self._gone("another folder is in its place")

    def _identity(self) -> tuple[int, int]:
        about = patiently(os.stat, self.folder)
        return about.st_dev, about.st_ino

    def _gone(self, reason: str | None) -> DataError:
        return DataError(
            f"corpus.path: '{self.folder}' went away while it was read ({reason}). Connect the "
            "disk or the network folder again and run 'dvc repro'; what was read is kept."
        )


def _probe(track: Track, guard: _Guard, hashes: Hashes) -> dict[str, Any]:
    """What a track's file says; a file that cannot be used gets a problem, never an exception."""
    known = {"group": track.kept_together, "group_known": track.group is not None}
    if track.problem:
        return known
    try:
        path = _as_on_disk(track.path, guard.folder)
        info = patiently(header.probe, guard.folder / path)
        length_s = min(track.end_s or info.duration_s, info.duration_s) - track.start_s
        if length_s < MIN_DURATION_S:
            raise AudioError(
                f"too short: the segment {track.start_s:g}–{track.end_s or info.duration_s:g} s "
                f"has {max(0.0, length_s):.2f} s of the file's {info.duration_s:.2f} s"
            )
        content_hash = patiently(hashes.of, guard.folder / path)
        n_bytes = hashes.seen[str(guard.folder / path)][0]
    except AudioError as error:
        return {**known, "problem": str(error)}
    except OSError as error:
        guard.check()
        return {**known, "problem": _reason(guard.folder / track.path, error)}
    found = {"path": path, "n_bytes": n_bytes, "content_hash": content_hash, "problem": None}
    return {**known, **vars(info), **found}


def _as_on_disk(path: str, folder: Path) -> str:
    """A path as the disk spells it: a table may have another Unicode form of its letters."""
    if path.isascii() or (folder / path).exists():
        return path
    forms = (unicodedata.normalize(form, path) for form in ("NFC", "NFD"))
    return next((form for form in forms if (folder / form).exists()), path)


def _reason(path: Path, error: OSError) -> str:
    """Why a file cannot be opened."""
    if path.is_symlink() and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return f"a link that leads nowhere: '{path.readlink()}' is not there"
    tried = f", {len(PAUSES_S) + 1} times" if error.errno in TRANSIENT else ""
    return f"cannot be opened: {error.strerror}{tried}"
