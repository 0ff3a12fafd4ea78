"""Bring a folder of shards up to date: build what is stale, keep what is not, remove the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from genrenet.errors import DataError
from genrenet.features.shards import ShardPlan, Source, is_current, read_footer
from genrenet.params import Compute
from tasks.fanout import absolute, fan_out
from tasks.shards import ShardReport, build_shard

EXTRACT_S = 1 / 700  # core-seconds a second of audio, MP3 (measured: 700-2,300 x real time)
RENDER_S = 1 / 100  # the same for a rendered copy: pitch, tempo, noise (30 s in 0.24 s)


def sources(catalog: pd.DataFrame, folder: Path) -> list[Source]:
    """Catalog rows as what a shard is made from."""
    return [
        Source(
            track_id=row.track_id,
            path=str(absolute(folder / row.path)),
            content_hash=row.content_hash,
            start_s=row.start_s,
            end_s=None if pd.isna(row.end_s) else row.end_s,
        )
        for row in catalog.itertuples()
    ]


def estimate_s(plans: list[ShardPlan], durations_s: dict[str, float]) -> float:
    """Work in core-seconds, from the tracks' durations."""
    audio_s = sum(durations_s[source.track_id] for plan in plans for source in plan.sources)
    copies = plans[0].augment.copies if plans and plans[0].augment else 0
    return audio_s * (EXTRACT_S + copies * RENDER_S)


def refresh_shards(
    plans: list[ShardPlan],
    folder: Path,
    durations_s: dict[str, float],
    compute: Compute,
    *,
    advance: Callable[[int], Any],
) -> tuple[list[ShardReport], dict[str, str]]:
    """Make ``folder`` hold exactly the planned shards.

    Parameters
    ----------
    plans : list of ShardPlan
        All shards that there are to be.
    folder : Path
        Where they are; whatever else lies there is removed.
    durations_s : dict
        Track id and length, in s.
    compute : Compute
        Where the work runs.
    advance : callable
        Told of each finished shard's number of tracks.

    Returns
    -------
    reports : list of ShardReport
        Of the shards that were built; the others were kept.
    quarantine : dict
        Track id and reason, over all shards.

    Raises
    ------
    DataError
        A file is no longer the one that the catalog saw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stale, reports = [], []
    for plan in plans:
        if is_current(plan):
            advance(len(plan.sources))
        else:
            stale.append(plan)
    work = estimate_s(stale, durations_s)
    for report in fan_out(build_shard, stale, compute=compute, estimate_s=work):
        reports.append(report)
        advance(report.n_tracks)
    changed = sorted(track for report in reports for track in report.changed)
    if changed:
        raise DataError(
            f"{len(changed)} files are gone or not the ones that the catalog saw: "
            f"{', '.join(changed[:5])}. Run 'dvc repro' again, which makes the catalog anew; "
            "the other shards are kept."
        )
    _remove_strays(plans, folder)
    quarantine = {}
    for plan in plans:
        quarantine.update(read_footer(plan.path)["quarantine"])
    return sorted(reports, key=lambda report: report.name), quarantine


def _remove_strays(plans: list[ShardPlan], folder: Path) -> None:
    planned = {plan.path.name for plan in plans}
    for path in folder.iterdir():
        if path.name not in planned and path.is_file():
            path.unlink()
