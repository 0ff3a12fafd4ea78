"""Open every recording's header and hash its bytes: from tracks to the catalog."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrenet.corpus.tracks import CATALOG_SCHEMA, Track
from genrenet.errors import AudioError
from genrenet.features import header
from genrenet.params import MIN_DURATION_S
from tasks.shards import content_hash

N_THREADS = 8  # probing waits for the disk; a network folder has more to give than one request
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

    def save(self) -> None:
        """Keep the hashes of the files that were seen."""
        rows = [(path, *self.seen[path]) for path in sorted(self.seen)]
        columns = list(zip(*rows, strict=True)) or [()] * len(HASHES_SCHEMA)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(self.path.name + ".tmp")
        pq.write_table(pa.table([*map(list, columns)], schema=HASHES_SCHEMA), temporary)
        temporary.replace(self.path)


def probe_tracks(
    tracks: list[Track], folder: Path, hashes: Hashes, *, advance: Callable[[int], Any]
) -> pd.DataFrame:
    """The catalog: one row a track, what is unreadable with the reason in ``problem``."""
    rows = []
    with ThreadPoolExecutor(N_THREADS) as pool:
        seen = pool.map(lambda track: _probe(track, folder / track.path, hashes), tracks)
        for track, found in zip(tracks, seen, strict=True):
            rows.append({**vars(track), **found})
            advance(1)
    hashes.save()
    return pd.DataFrame(rows, columns=CATALOG_SCHEMA.names)


def _probe(track: Track, path: Path, hashes: Hashes) -> dict[str, Any]:
    """What a track's file says; a file that cannot be used gets a problem, never an exception."""
    known = {"group": track.group or track.track_id, "group_known": track.group is not None}
    try:
        info = header.probe(path)
        length_s = min(track.end_s or info.duration_s, info.duration_s) - track.start_s
        if length_s < MIN_DURATION_S:
            raise AudioError(
                f"too short: the segment {track.start_s:g}–{track.end_s or info.duration_s:g} s "
                f"has {max(0.0, length_s):.2f} s of the file's {info.duration_s:.2f} s"
            )
        return {**known, **vars(info), "content_hash": hashes.of(path), "problem": None}
    except AudioError as error:
        return {**known, "problem": str(error)}
    except OSError as error:
        return {**known, "problem": f"cannot be opened: {error.strerror}"}
