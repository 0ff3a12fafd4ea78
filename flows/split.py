"""Stage ``split``: which side each track is on, and the proof that nothing crosses.

``python -m flows.split --audit FILE`` audits a split table that was made anywhere.
"""

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from flows.stage import conclude, run, say, step, table
from genrenet.atomic import replacing
from genrenet.corpus.audit import AUDIT, AUDIT_PAGE, Certificate, audit
from genrenet.corpus.audit_page import audit_page
from genrenet.corpus.clips import CLIPS, CLIPS_SCHEMA
from genrenet.corpus.confounds import find_confounds
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA, joined, labelled
from genrenet.corpus.properties import file_properties
from genrenet.corpus.published import write_lists
from genrenet.corpus.quarantine import without_quarantined
from genrenet.corpus.splits import Placement, former_splits, split_tracks, write_splits
from genrenet.corpus.tracks import read_catalog, read_table
from genrenet.learning.shortcuts import Shortcut, shortcut_score
from genrenet.params import Params, read_params
from genrenet.serving.bundle import write_json

ORIGINS = ["track_id", "path", "content_hash", "start_s", "end_s"]


def split(params: Params, anew: bool = False) -> None:
    """Place every usable track on a side and audit the result.

    Parameters
    ----------
    params : Params
        The settings.
    anew : bool
        Whether former places are forgotten.
    """
    tracks = without_quarantined(step(read_catalog)())
    pairs = read_table(DUPLICATES, DUPLICATES_SCHEMA)
    former = None if anew else former_splits(params.split)
    placement = step(split_tracks)(joined(tracks, pairs), params.split, placed=former)
    for warning in placement.warnings:
        say(f"split: warning: {warning}")
    rows = with_origins(placement.table, tracks)
    certificate = step(audit)(rows, params.corpus.group_level, pairs=pairs)
    shortcut = step(measure_shortcut)(placement.table, tracks)
    write_splits(placement.table, params.split)
    write_lists(placement.table, tracks)
    step(write_audit)(about(certificate, placement, labelled(pairs, tracks), shortcut))
    _show(placement, certificate, shortcut)


def with_origins(splits: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """The split with what the catalog says of each track: its file, its span, its own group."""
    groups = tracks[[*ORIGINS, "group"]].rename(columns={"group": "catalog_group"})
    return splits.merge(groups, on="track_id", how="left", validate="one_to_one")


def measure_shortcut(splits: pd.DataFrame, tracks: pd.DataFrame) -> Shortcut | None:
    """How well the files alone tell the genre."""
    rows = splits.merge(tracks.drop(columns=["genre", "group", "group_known", "split"]))
    properties = file_properties(rows, read_table(CLIPS, CLIPS_SCHEMA))
    return shortcut_score(properties, rows["genre"], rows["group"], rows["track_id"])


def about(
    certificate: Certificate,
    placement: Placement,
    pairs: pd.DataFrame,
    shortcut: Shortcut | None,
) -> dict[str, Any]:
    """What ``audit.json`` holds."""
    conflicts = pairs.loc[pairs["conflict"], ["track_id", "genre", "other_id", "other_genre"]]
    return {
        **certificate.to_json(),
        "warnings": list(placement.warnings),
        "imbalance": placement.imbalance.to_json(),
        "places": placement.groups,
        "duplicates": {
            "n": len(pairs),
            "kinds": pairs["kind"].value_counts().sort_index().to_dict(),
            "conflicts": conflicts.to_numpy().tolist(),
        },
        "shortcut": shortcut.to_json() if shortcut else None,
        "confounds": find_confounds(placement.table).to_json(),
    }


def write_audit(found: dict[str, Any]) -> None:
    """Write what was found, for programs and for people."""
    write_json(found, AUDIT)
    with replacing(AUDIT_PAGE) as temporary:
        temporary.write_text(audit_page(found), "utf-8")


def _show(placement: Placement, certificate: Certificate, shortcut: Shortcut | None) -> None:
    counts = pd.crosstab(placement.table["genre"], placement.table["split"]).reset_index()
    rows = counts[["genre", *certificate.counts]].to_dict("records")
    table("split", rows, description="Tracks of each genre on each side")
    sides = ", ".join(f"{sum(n.values())} {side}" for side, n in certificate.counts.items())
    say(f"split: {sides}; audit passed, groups known as: {certificate.level}")
    if shortcut:
        say(
            f"split: files alone tell the genre of {shortcut.accuracy:.1%} of the tracks, the most "
            f"common genre {shortcut.majority:.1%}; see {AUDIT_PAGE}"
        )


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def command(
    audit_file: Annotated[
        Path | None,
        typer.Option("--audit", metavar="FILE", help="Only audit this split table."),
    ] = None,
    columns: Annotated[
        str, typer.Option(metavar="OURS=THEIRS,…", help="What the table calls its columns.")
    ] = "",
    level: Annotated[
        str, typer.Option(help="What its groups are: performer, album or recording.")
    ] = "recording",
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the verdict as JSON.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Forget which side each group was on.")
    ] = False,
) -> None:
    """Place every track on a side, or audit a table that was made elsewhere."""
    if audit_file is None:
        raise typer.Exit(conclude(lambda: run(split, read_params(), anew=anew)))
    from flows.audit import audit_table

    code = conclude(lambda: audit_table(audit_file, columns, level=level, as_json=as_json, out=out))
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
