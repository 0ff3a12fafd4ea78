"""Stage ``duplicates``: which tracks are the same recording."""

import sys
from pathlib import Path

import pandas as pd

from flows.features import FEATURES
from flows.stage import main, progress, say, step, table
from genrenet.atomic import replacing
from genrenet.corpus.duplicates import (
    DUPLICATES,
    DUPLICATES_SCHEMA,
    KINDS,
    found,
    labelled,
)
from genrenet.corpus.overlaps import overlaps
from genrenet.corpus.tracks import read_catalog, usable, write_table
from genrenet.features.shards import shard_paths
from genrenet.params import Params
from tasks.fingerprints import stored_prints

REPORT = Path("reports/duplicates.csv")
FIRST = 5  # conflicts that are named in the warning
MOST_ROWS = 200  # of the table in Prefect


def duplicates(params: Params) -> None:
    """Find the same bytes, parts of one file and the same sound in the usable tracks."""
    tracks = usable(step(read_catalog)())
    pairs = step(find)(tracks, params)
    write_table(pairs, DUPLICATES, DUPLICATES_SCHEMA)
    told = labelled(pairs, tracks)
    write_report(told)
    show(told)


def find(tracks: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Every pair, from the catalog and from the fingerprints."""
    spec, total = params.features.specification, len(tracks)
    with (
        stored_prints(shard_paths(FEATURES), spec) as prints,
        progress("duplicates", total=total, unit="tracks") as advance,
    ):
        return found(tracks, prints, overlaps(prints, params.duplicates, advance=advance))


def write_report(told: pd.DataFrame) -> None:
    """Write the pairs for people: what is in conflict first."""
    ids = ["conflict", "kind", "track_id", "genre", "other_id", "other_genre"]
    where = ["start_s", "other_start_s", "overlap_s", "bit_error"]
    rows = told[[*ids, *where]].sort_values("conflict", ascending=False, kind="stable")
    with replacing(REPORT) as temporary:
        rows.round(dict.fromkeys(where, 3)).to_csv(temporary, index=False)


def show(told: pd.DataFrame) -> None:
    """Count the kinds, and name what is in conflict."""
    counts = told["kind"].value_counts()
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if kind in counts)
    say(f"duplicates: {len(told)} pairs{f' ({kinds})' if kinds else ''}")
    rows = told.head(MOST_ROWS).astype(object).where(told.notna(), None).to_dict("records")
    table("duplicates", rows, description="Tracks that hold the same recording")
    conflicts = told[told["conflict"]]
    if len(conflicts):
        named = "; ".join(
            f"{row.track_id} ({row.genre}) and {row.other_id} ({row.other_genre})"
            for row in conflicts.head(FIRST).itertuples()
        )
        say(
            f"duplicates: warning: {len(conflicts)} pairs hold one recording under two genres: "
            f"{named}. Correct one in the table of corpus.labels, or leave it out; all are in "
            f"{REPORT}."
        )


if __name__ == "__main__":
    sys.exit(main(duplicates))
