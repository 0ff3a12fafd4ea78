"""Build one shard: decode, prepare, extract, write. Runs in a Ray worker or in this process."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from genrenet.corpus.patience import patiently
from genrenet.errors import AudioError
from genrenet.features.augment import ORIGINAL, Draw
from genrenet.features.plans import ShardPlan, Source
from genrenet.features.preprocessing import Windows, extract, extract_copies
from genrenet.features.shards import writing
from tasks.contents import content_hash


@dataclass(frozen=True, kw_only=True)
class ShardReport:
    """What came of a shard; small enough to travel.

    Attributes
    ----------
    name : str
        File name.
    n_tracks, n_windows, n_bytes : int
        What it holds.
    audio_s, wall_s : float
        Audio read and time taken, in s.
    worker : str
        Which process did the work.
    quarantine : dict
        Track id and reason of what could not be used.
    changed : tuple of str
        Tracks whose file is not the one that the catalog saw; then nothing was written.
    """

    name: str
    n_tracks: int
    n_windows: int = 0
    n_bytes: int = 0
    audio_s: float = 0.0
    wall_s: float = 0.0
    worker: str = ""
    quarantine: dict[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()


def build_shard(plan: ShardPlan) -> ShardReport:
    """Extract every track of ``plan`` and write one shard.

    Safe to retry: the same plan writes the same bytes to the same path.
    """
    begin = time.perf_counter()
    hashes = {path: _hash_now(path) for path in {source.path for source in plan.sources}}
    changed = tuple(s.track_id for s in plan.sources if hashes[s.path] != s.content_hash)
    if changed:
        return ShardReport(name=plan.path.name, n_tracks=len(plan.sources), changed=changed)
    audio_s = 0.0
    with writing(plan) as shard:
        for source in plan.sources:
            try:
                for copy, what, windows in _versions(source, plan):
                    shard.add(source.track_id, copy, what, windows)
                    audio_s += float(windows.start_s[-1] - windows.start_s[0]) + plan.spec.window_s
            except AudioError as error:
                shard.quarantine[source.track_id] = str(error)
    return ShardReport(
        name=plan.path.name,
        n_tracks=len(plan.sources),
        n_windows=shard.n_rows,
        n_bytes=plan.path.stat().st_size,
        audio_s=audio_s,
        wall_s=time.perf_counter() - begin,
        worker=f"{os.uname().nodename}:{os.getpid()}",
        quarantine=shard.quarantine,
    )


def _hash_now(path: str) -> str | None:
    try:
        return patiently(content_hash, Path(path))
    except OSError:
        return None


def _versions(source: Source, plan: ShardPlan) -> list[tuple[int, Draw, Windows]]:
    """The windows of the original, or of each augmented copy, from one decoding."""
    path, spec, start_s, end_s = Path(source.path), plan.spec, source.start_s, source.end_s
    if plan.augment is None:
        return [(0, ORIGINAL, extract(path, spec, start_s=start_s, end_s=end_s, clip=True))]
    copies = extract_copies(path, spec, plan.augment, source.track_id, start_s=start_s, end_s=end_s)
    return [(number, what, windows) for number, (what, windows) in enumerate(copies, start=1)]
