"""Stages: whole runs of ``features`` and ``augment``, as the flows make them, with Ray up.

Times are on the wall. ``stage_…`` tells how many seconds of sound a core gets through in a
second; there the other side is the sound's own length.
"""

import shutil
import time
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import usual
from benchmarks.clips import CLIP_S, many, multiplied, write_clips
from benchmarks.features import COMPARABLE
from benchmarks.rows import Contest, Row, agree, wall_s
from benchmarks.versions import COPIES, both_plans, draws, sources
from genrenet.features.plans import ShardPlan, Source
from genrenet.sections.compute import Compute
from tasks.extraction import refresh_shards
from tasks.fanout import connect

N_WORKERS = 2
N_STAGE = 240  # clips: 2 h of sound
N_GTZAN = 1_000  # as many as that data set has
N_SAMPLE = 2  # clips that the loop is timed on
WORK_S = 60.0  # core-seconds in each of three rounds
N_SHARDS = 16

Plans = list[list[ShardPlan]]


def rows(folder: Path) -> list[Row]:
    """The rows of this module; everything goes to ``folder``."""
    found = []
    for suffix in (".wav", ".mp3"):
        for end, label, n_stages in (("", "features", 1), ("_copies", "features and 3 copies", 2)):
            row = Row(
                name=f"stage_{suffix[1:]}{end}",
                ours=f"{suffix[1:].upper()} to shards, {label}",
                theirs="the sound's length, a core",
                unit="30-s clip and core",
                target=None,
                prepare=partial(_stage, folder / f"stage{suffix}{end}", suffix, n_stages),
            )
            found.append(row)
    workers = Row(
        name="workers",
        ours="both stages, 2 workers",
        theirs="1 worker",
        unit="30-s clip",
        target=1.85,
        prepare=partial(_workers, folder / "workers"),
    )
    gtzan = [
        Row(
            name=f"gtzan_size_{name}",
            ours="1,000 clips and 3 copies of each, 2 workers",
            theirs=f"librosa's loop, saved as {label}",
            unit="30-s clip",
            target=target,
            prepare=partial(_gtzan, folder / f"gtzan-{name}", save),
        )
        for name, label, target, save in (
            ("npy", "NumPy", 25, usual.save_npy),
            ("json", "JSON", 70, usual.save_json),
        )
    ]
    return [*found, workers, *gtzan]


def _stage(folder: Path, suffix: str, n_stages: int) -> Contest:
    start_ray()
    clips = write_clips(folder / "clips", 8, suffix=suffix)
    paths = multiplied(clips, folder / "tracks", N_STAGE)
    plans = _plans(_found(paths, suffix), folder)[:n_stages]
    work = partial(build, plans, N_WORKERS)
    return Contest(
        ours=work,
        theirs=1e3 * CLIP_S,
        check=partial(_check, plans, len(paths), work),
        n_ours=len(paths) / N_WORKERS,
        n_rounds=2,
        clock=wall_s,
    )


def _workers(folder: Path) -> Contest:
    start_ray()
    clips = write_clips(folder / "clips", 8, suffix=".mp3")
    n = _clips_worth(WORK_S, clips, folder / "trial")
    plans = _plans(_found(multiplied(clips, folder / "tracks", n), ".mp3"), folder)
    return Contest(
        ours=partial(build, plans, N_WORKERS),
        theirs=partial(build, plans, 1),
        check=partial(_check, plans, n, partial(build, plans, 1)),
        n_ours=n,
        n_theirs=n,
        n_rounds=3,
        clock=wall_s,
    )


def _gtzan(folder: Path, save: usual.Save) -> Contest:
    start_ray()
    paths = many(folder / "tracks", N_GTZAN)
    plans = _plans(_found(paths, ".wav", sr=22_050, channels=1), folder)
    work = partial(build, plans, N_WORKERS)

    def theirs() -> None:
        for path in paths[:N_SAMPLE]:
            save(usual.versions(path, COMPARABLE, draws(path)), folder / "loop.json")

    return Contest(
        ours=work,
        theirs=theirs,
        check=partial(_check, plans, len(paths), work),
        n_ours=len(paths),
        n_theirs=N_SAMPLE,
        n_rounds=2,
        clock=wall_s,
    )


@cache
def start_ray() -> None:
    """Start Ray with two workers, once, and wait until it can work."""
    ray: Any = connect(Compute(executor="ray", n_workers=N_WORKERS))
    ray.get(ray.remote(lambda: None).remote())


def build(plans: Plans, n_workers: int) -> None:
    """Make the shards of both stages anew, one stage after the other."""
    compute = Compute(executor="ray", n_workers=n_workers)
    for stage in plans:
        folder = stage[0].path.parent
        shutil.rmtree(folder, ignore_errors=True)
        _, quarantine = refresh_shards(stage, folder, compute, advance=_ignore)
        agree("tracks that could not be used and none", len(quarantine), at_most=0)


def _ignore(*_: object, **__: object) -> None:
    """Progress, which nobody watches here."""


def _plans(found: list[Source], folder: Path) -> Plans:
    return both_plans(found, folder / "shards", n_shards=N_SHARDS)


def _found(paths: list[Path], suffix: str, *, sr: int = 44_100, channels: int = 2) -> list[Source]:
    kind = {".wav": "WAV PCM_16", ".mp3": "MPEG"}[suffix]
    return sources(paths, kind, sr, channels)


def _check(plans: Plans, n_tracks: int, work: Any) -> None:
    """Every track has its windows, and each copy its own; warms the workers up."""
    work()
    columns = ["track_id", "copy"]
    for stage, n_versions in zip(plans, (1, COPIES.copies), strict=False):
        rows = pd.concat(pd.read_parquet(plan.path, columns=columns) for plan in stage)
        found = len(rows.drop_duplicates())
        agree("versions found and asked for", abs(found - n_versions * n_tracks), at_most=0)
        if stage is plans[0]:
            agree("windows and 20 a clip", abs(len(rows) - 20 * n_tracks), at_most=0)


def _clips_worth(work_s: float, clips: list[Path], folder: Path) -> int:
    """How many clips keep one worker busy for ``work_s``."""
    plans = _plans(_found(clips, ".mp3"), folder)
    build(plans, N_WORKERS)  # the workers' imports
    begin = time.perf_counter()
    build(plans, 1)
    return round(len(clips) * work_s / (time.perf_counter() - begin))
