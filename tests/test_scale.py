"""Scale: a catalog of any length is planned in memory that is foreseen."""

import subprocess
import sys

import pytest

N_TRACKS = 200_000
MOST_BYTES_PER_TRACK = 1_600  # a million in 1.6 GB, the program itself included in 2 GB

PLAN = """
import resource, sys
from pathlib import Path

import pandas as pd

from genrenet.corpus.tracks import CATALOG_SCHEMA, read_catalog, usable, write_table
from genrenet.features.effort import heavier_stage
from genrenet.features.plans import plan_shards
from genrenet.params import Augment, Features
from tasks.extraction import sources

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

path, n = Path(sys.argv[1]), int(sys.argv[2])
if not path.exists():
    names = "genre {}/artist {}/album {}/{:07d} - title.mp3"
    ids = [names.format(i % 20, i // 100, i // 10, i) for i in range(n)]
    known = {"genre": "x", "group": "y", "group_known": True, "start_s": 0.0, "duration_s": 300.0}
    about = {"sr": 44100, "channels": 2, "format": "MP3 MPEG_LAYER_III"}
    frame = pd.DataFrame({"track_id": ids, "path": ids, **known, **about})
    frame["content_hash"] = [f"{i:032x}" for i in range(n)]
    write_table(frame.reindex(columns=CATALOG_SCHEMA.names), path, CATALOG_SCHEMA)
else:
    before = peak()
    tracks = sources(usable(read_catalog(path)), Path("corpus"))
    plans = plan_shards(tracks, Path("shards"), Features().specification, n_shards=2_000)
    better = heavier_stage(tracks, Features(), Augment(), train_share=0.55).better
    print(len(plans), sum(len(plan.sources) for plan in plans), better, peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count peak memory otherwise")
def test_planning_takes_so_many_bytes_a_track(tmp_path):
    """A fifth of a million rows, from the file to the plans and the advice on their number."""
    for _ in range(2):  # made by one process, read by another
        command = [sys.executable, "-c", PLAN, str(tmp_path / "catalog.parquet"), str(N_TRACKS)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)

    n_plans, n_tracks, better, taken = map(int, done.stdout.split())
    assert (n_plans, n_tracks) == (2_000, N_TRACKS)
    assert better == pytest.approx(N_TRACKS * 300 * 7_235 / 192e6, rel=0.01)
    assert taken < MOST_BYTES_PER_TRACK * N_TRACKS
