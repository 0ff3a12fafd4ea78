"""Bring a folder of shards up to date: build what is stale, keep what is not, remove the rest."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from genrenet.corpus.patience import patiently
from genrenet.errors import DataError
from genrenet.features.effort import decode_s, work_s
from genrenet.features.plans import ShardPlan, Source
from genrenet.features.shards import is_current, read_footer
from genrenet.sections.compute import Compute
from tasks.contents import content_hash
from tasks.fanout import absolute, fan_out

if TYPE_CHECKING:
    from tasks.shards import ShardReport

COLUMNS = "track_id path content_hash start_s end_s duration_s format sr channels".split()


def sources(catalog: pd.DataFrame, folder: Path) -> list[Source]:
    """Catalog rows as what a shard is made from."""
    base = str(absolute(folder))
    columns = (catalog[name].tolist() for name in COLUMNS)  # rows one by one take ten times as long
    return [
        Source(
            track_id=track_id,
            path=os.path.join(base, path),  # as text: Paths take ten times as long
            content_hash=content_hash,
            start_s=start_s,
            end_s=None if pd.isna(end_s) else end_s,
            audio_s=(duration_s if pd.isna(end_s) else min(end_s, duration_s)) - start_s,
            decode_s=decode_s(kind, sr, channels),
        )
        for track_id, path, content_hash, start_s, end_s, duration_s, kind, sr, channels in zip(
            *columns, strict=True
        )
    ]


def refresh_shards(
    plans: list[ShardPlan], folder: Path, compute: Compute, *, advance: Callable[..., Any]
) -> "tuple[list[ShardReport], dict[str, str]]":
    """Make ``folder`` hold exactly the planned shards.

    Parameters
    ----------
    plans : list of ShardPlan
        All shards that there are to be.
    folder : Path
        Where they are; whatever else lies there is removed.
    compute : Compute
        Where the work runs.
    advance : callable
        Told of each shard's number of tracks, its ``audio_s``, and whether it is ``new``.

    Returns
    -------
    reports : list of ShardReport
        Of the shards that were built; the others were kept.
    quarantine : dict
        Track id and reason, over all shards.

    Raises
    ------
    DataError
        A file is no longer the one that the catalog saw, or cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stale = []
    for plan in plans:
        if is_current(plan):
            advance(len(plan.sources), audio_s=audio_s([plan]), new=False)
        else:
            stale.append(plan)
    try:
        reports = _build(stale, compute, advance) if stale else []
    except BaseException:
        for half in folder.glob("*.tmp"):  # of workers that were cancelled while they wrote
            half.unlink(missing_ok=True)
        raise
    _refuse_changed({track for report in reports for track in report.changed}, plans)
    _remove_strays(plans, folder)
    quarantine = {}
    for plan in plans:
        quarantine.update(read_footer(plan.path)["quarantine"])
    return sorted(reports, key=lambda report: report.name), quarantine


def _refuse_changed(changed: set[str], plans: list[ShardPlan]) -> None:
    if not changed:
        return
    files = [source for plan in plans for source in plan.sources if source.track_id in changed]
    first = sorted(files, key=lambda source: source.track_id)[:5]
    raise DataError(
        f"{len(files)} files are gone or not the ones that the catalog saw, or cannot be read: "
        f"{', '.join(map(_told, first))}. Run 'dvc repro --force --single-item catalog', which "
        "makes the catalog anew, then 'dvc repro'; the other shards are kept."
    )


def _told(source: Source) -> str:
    """The track, with the disk's reason where its file cannot be read."""
    try:
        found = patiently(content_hash, Path(source.path))
    except OSError as error:
        return f"{source.track_id} ({error.strerror})"
    unread = " (here it can be read, by the worker it could not)"
    return source.track_id + (unread if found == source.content_hash else "")


def audio_s(plans: list[ShardPlan]) -> float:
    """Sound that shards are made from, in s."""
    return sum(source.audio_s for plan in plans for source in plan.sources)


def _build(
    stale: list[ShardPlan], compute: Compute, advance: Callable[..., Any]
) -> "list[ShardReport]":
    from tasks.shards import build_shard  # decoders and transforms: 1 s that a rerun need not wait

    costs_s = {p.path.name: work_s(p.sources, p.spec, p.augment) for p in stale}
    lengths_s = {plan.path.name: audio_s([plan]) for plan in stale}
    jobs = sorted(stale, key=lambda plan: -costs_s[plan.path.name])  # no long one comes last, alone
    work = fan_out(build_shard, jobs, compute=compute, estimate_s=sum(costs_s.values()))
    advance(0)  # Ray has started: from here on the pace is the work's
    reports = []
    for report in work:
        reports.append(report)
        advance(report.n_tracks, audio_s=lengths_s[report.name], new=True)
    return reports


def _remove_strays(plans: list[ShardPlan], folder: Path) -> None:
    planned = {plan.path.name for plan in plans}
    for path in folder.iterdir():
        if path.name not in planned and path.is_file():
            path.unlink()
