"""Stage ``features``: from recordings to shards of windows."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.stage import main, progress, say, step, table
from genrenet.corpus.clips import CLIPS, CLIPS_SCHEMA, gathered
from genrenet.corpus.layouts import corpus_folder
from genrenet.corpus.quarantine import QUARANTINE, check_share, read_quarantine, write_quarantine
from genrenet.corpus.tracks import read_catalog, usable, write_table
from genrenet.features.plans import ShardPlan, plan_shards
from genrenet.params import Params
from tasks.extraction import audio_s, refresh_shards, sources
from tasks.fanout import absolute

if TYPE_CHECKING:  # a rerun that finds every shard in place imports no decoder
    from tasks.shards import ShardReport

FEATURES = Path("data/features")


def features(params: Params) -> None:
    """Extract mel and MFCC windows of every readable track into shards."""
    catalog = step(read_catalog)()
    most = params.corpus.max_bad_share
    n_bad = write_quarantine(catalog, {})
    check_share(n_bad, len(catalog), most)  # before the work, if the headers alone say no
    good = usable(catalog)
    plans = plan_shards(
        sources(good, corpus_folder(params.corpus)),
        absolute(FEATURES),
        params.features.specification,
        n_shards=params.features.n_shards,
    )
    reports, quarantine = step(build)("features", FEATURES, plans, params)
    write_clips(plans)
    n_bad = write_quarantine(catalog, quarantine)
    check_share(n_bad, len(catalog), most)
    show_shards("features", reports, plans)
    if n_bad:
        say(f"features: {n_bad} tracks quarantined, reasons in {QUARANTINE}")
    rows = read_quarantine().to_dict("records")
    about = "What cannot be used, and why" if rows else "Nothing is quarantined"
    table("quarantine", rows, description=about)


def build(
    name: str, folder: Path, plans: list[ShardPlan], params: Params
) -> "tuple[list[ShardReport], dict[str, str]]":
    """Build the shards that are stale."""
    n_tracks = sum(len(plan.sources) for plan in plans)
    with progress(name, total=n_tracks, unit="tracks", audio_s=audio_s(plans)) as advance:
        return refresh_shards(plans, folder, params.compute, advance=advance)


def write_clips(plans: list[ShardPlan]) -> None:
    """Write what the audio says of each track, from all shards."""
    clips = gathered(plan.path for plan in plans)
    write_table(clips, CLIPS, CLIPS_SCHEMA)


def show_shards(name: str, reports: "list[ShardReport]", plans: list[ShardPlan]) -> None:
    """Tell what was built and what was kept."""
    read_s, wall_s = sum(r.audio_s for r in reports), sum(r.wall_s for r in reports)
    speed = f", {read_s / wall_s:,.0f} x real time a core" if wall_s else ""
    windows = sum(report.n_windows for report in reports)
    say(
        f"{name}: {len(reports)} shards built ({windows:,} windows{speed}), "
        f"{len(plans) - len(reports)} kept"
    )
    rows = [_row(report) for report in reports]
    built = {report.name for report in reports}
    rows += [_kept(plan) for plan in plans if plan.path.name not in built]
    about = "All shards; audio_s is the sound that was read, wall_s the time that it took"
    table("shards" if name == "features" else f"shards-{name}", rows, description=about)


def _row(report: "ShardReport") -> dict[str, Any]:
    row = asdict(report)
    row["quarantine"] = len(report.quarantine)
    row.pop("changed")
    return {"name": row.pop("name"), "was": "built", **row}


def _kept(plan: ShardPlan) -> dict[str, Any]:
    size = plan.path.stat().st_size
    return {"name": plan.path.name, "was": "kept", "n_tracks": len(plan.sources), "n_bytes": size}


if __name__ == "__main__":
    sys.exit(main(features))
