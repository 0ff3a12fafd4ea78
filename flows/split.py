"""Stage ``split``: which side each track is on, and the proof that nothing crosses."""

import sys
from pathlib import Path

import pandas as pd

from flows.stage import main, say, step, table
from genrenet.corpus.audit import audit
from genrenet.corpus.quarantine import without_quarantined
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA, split_tracks
from genrenet.corpus.tracks import read_catalog, write_table
from genrenet.params import Params
from genrenet.serving.bundle import write_json

AUDIT = Path("reports/audit.json")


def split(params: Params) -> None:
    """Place every usable track on a side and audit the result."""
    tracks = without_quarantined(step(read_catalog)())
    placement = step(split_tracks)(tracks, params.split)
    for warning in placement.warnings:
        say(f"split: warning: {warning}")
    certificate = step(audit)(placement.table, params.corpus.group_level)
    write_table(placement.table, SPLITS, SPLITS_SCHEMA)
    write_json({**certificate.to_json(), "warnings": list(placement.warnings)}, AUDIT)
    counts = pd.crosstab(placement.table["genre"], placement.table["split"]).reset_index()
    table("split", counts.to_dict("records"), description="Tracks of each genre on each side")
    sides = ", ".join(f"{sum(n.values())} {side}" for side, n in certificate.counts.items())
    say(f"split: {sides}; audit passed, groups known as: {certificate.level}")


if __name__ == "__main__":
    sys.exit(main(split))
