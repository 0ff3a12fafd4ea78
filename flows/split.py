"""Stage ``split``: which side each track is on, and the proof that nothing crosses."""

import json
import sys
from pathlib import Path

import pandas as pd

from flows.stage import main, say, step, table
from genrenet.corpus.audit import Certificate, audit
from genrenet.corpus.quarantine import without_quarantined
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA, split_tracks
from genrenet.corpus.tracks import read_catalog, write_table
from genrenet.params import Params

AUDIT = Path("reports/audit.json")


def split(params: Params) -> None:
    """Place every usable track on a side and audit the result."""
    tracks = without_quarantined(step(read_catalog)())
    placement = step(split_tracks)(tracks, params.split)
    for warning in placement.warnings:
        say(f"split: warning: {warning}")
    certificate = step(audit)(placement.table, params.corpus.group_level)
    write_table(placement.table, SPLITS, SPLITS_SCHEMA)
    _write_audit(certificate, placement.warnings)
    counts = pd.crosstab(placement.table["genre"], placement.table["split"]).reset_index()
    table("split", counts.to_dict("records"), description="Tracks of each genre on each side")
    sides = ", ".join(f"{sum(n.values())} {side}" for side, n in certificate.counts.items())
    say(f"split: {sides}; audit passed, groups known as: {certificate.level}")


def _write_audit(certificate: Certificate, warnings: tuple[str, ...]) -> None:
    content = {**certificate.to_json(), "warnings": list(warnings)}
    AUDIT.write_text(
        json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8"
    )


if __name__ == "__main__":
    sys.exit(main(split))
