"""Memory: what reading holds does not grow with the corpus."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genrenet.features.augment import ORIGINAL
from genrenet.features.plans import Source, plan_shards
from genrenet.features.preprocessing import Windows
from genrenet.features.shards import writing
from genrenet.params import Preprocessing

SPEC = Preprocessing(dtype="float32", n_mfcc=2)
N_TRACKS, N_WINDOWS = 1_800, 18  # 1.1 GB of mel; lz4 makes 8 MB of it
MOST = 300e6  # bytes; measured 150-210 MB, half of it libraries that reading loads

READ = """
import json, sys
from pathlib import Path
import numpy as np
from genrenet.features.shards import shard_paths
from genrenet.learning.dataset import WindowSet
from genrenet.learning.network_input import NetworkInput

def held(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(key)).split()[1])

folder, way = Path(sys.argv[1]), sys.argv[2]
before = held("VmRSS")
ids = json.loads((folder / "ids.json").read_text())
prepare = NetworkInput(feature="mel", floor_db=-80.0, n_mels=64)
windows = WindowSet(shard_paths(folder), ids, prepare)
n = windows.n_windows
if way == "statistics":
    windows.band_statistics()
else:
    n = sum(len(x) for x, _ in windows.shuffled(np.random.default_rng(0), batch_size=32))
print(json.dumps({"n": n, "grown": held("VmHWM") - before}))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A corpus of silence, in shards of the real writer."""
    folder = tmp_path_factory.mktemp("large")
    sources = [Source(track_id=f"{n:04d}", path="", content_hash="") for n in range(N_TRACKS)]
    shape = (N_WINDOWS, SPEC.window_frames)
    clip = Windows(
        start_s=1.5 * np.arange(N_WINDOWS),
        peak_db=np.float32(-20),
        features={name: np.zeros((*shape, n), np.float32) for name, n in SPEC.bins.items()},
    )
    for plan in plan_shards(sources, folder, SPEC, n_shards=2):
        with writing(plan) as shard:
            for source in plan.sources:
                shard.add(source.track_id, 0, ORIGINAL, clip)
    (folder / "ids.json").write_text(json.dumps([source.track_id for source in sources]))
    return folder


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("way", ["statistics", "shuffled"])
def test_a_corpus_larger_than_memory_is_read(large, way):
    """1.1 GB go through a process that never grows by 0.3 GB."""
    command = [sys.executable, "-c", READ, str(large), way]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    assert told["n"] == N_TRACKS * N_WINDOWS
    assert told["n"] * SPEC.window_frames * SPEC.n_mels * 4 > 3 * MOST
    assert told["grown"] < MOST
