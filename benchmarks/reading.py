"""Reading: from a shard to an array, against the two usual ways to keep tensors in Parquet."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.clips import music
from benchmarks.features import COMPARABLE
from benchmarks.rows import Contest, Row, agree
from genrenet.features.augment import ORIGINAL
from genrenet.features.plans import ShardPlan
from genrenet.features.preprocessing import from_signal
from genrenet.features.shards import to_numpy, writing

N_CLIPS, N_DIFFERENT = 50, 5  # 950 windows: four row groups, 32 MB as float16
N_READS = 5  # by ours in a turn: one takes milliseconds, most of which finds the memory cold


def rows(folder: Path) -> list[Row]:
    """The rows of this module; shards are written to ``folder``."""
    same: dict[str, Any] = {"ours": "shard to array", "unit": "1,000 windows"}
    return [
        Row(
            **same,
            name="read_pylist",
            theirs="lists of floats, to_pylist",
            target=150,
            prepare=partial(_against_lists, folder),
        ),
        Row(
            **same,
            name="read_tensor",
            theirs="FixedShapeTensor",
            target=12,
            prepare=partial(_against_tensors, folder),
        ),
    ]


def read_mel(path: Path) -> list[np.ndarray]:
    """A shard's mel windows, row group by row group, without a copy."""
    with pq.ParquetFile(path, memory_map=True) as file:
        field = file.schema_arrow.field("mel")
        groups = (file.read_row_group(i, columns=["mel"]) for i in range(file.num_row_groups))
        return [to_numpy(group["mel"], field) for group in groups]


def write_mel(folder: Path) -> Path:
    """A shard of 50 clips, about 1,000 windows of 130 frames and 128 bands."""
    plan = ShardPlan(path=folder / "shard.parquet", sources=(), spec=COMPARABLE)
    with writing(plan) as shard:
        for seed in range(N_CLIPS):
            y = np.roll(music(seed % N_DIFFERENT, sr=COMPARABLE.sr), 7_919 * seed)
            windows = from_signal(y, COMPARABLE.sr, COMPARABLE)
            shard.add(f"clip-{seed:02d}", 0, ORIGINAL, windows)
    return plan.path


def _against_lists(folder: Path) -> Contest:
    shard, other = write_mel(folder), folder / "lists.parquet"
    windows = np.concatenate(read_mel(shard)).astype(np.float32)
    pq.write_table(pa.table({"mel": [window.tolist() for window in windows]}), other)

    def theirs() -> np.ndarray:
        return np.array(pq.read_table(other)["mel"].to_pylist(), dtype=np.float32)

    return _contest(lambda: read_mel(shard), theirs, len(windows), n_rounds=3)


def _against_tensors(folder: Path) -> Contest:
    shard, other = write_mel(folder), folder / "tensors.parquet"
    windows = np.concatenate(read_mel(shard))
    array = pa.FixedShapeTensorArray.from_numpy_ndarray(windows)
    pq.write_table(pa.table({"mel": array}), other, compression="lz4")

    def theirs() -> np.ndarray:
        column = pq.read_table(other)["mel"].combine_chunks()
        return np.asarray(column.to_numpy_ndarray())

    return _contest(lambda: read_mel(shard), theirs, len(windows), n_rounds=15)


def _contest(
    ours: Callable[[], list[np.ndarray]],
    theirs: Callable[[], np.ndarray],
    n_windows: int,
    *,
    n_rounds: int,
) -> Contest:
    def check() -> None:
        difference = np.concatenate(ours()).astype(np.float32) - theirs().astype(np.float32)
        agree("the windows", float(np.abs(difference).max()), at_most=0)

    def several() -> None:
        for _ in range(N_READS):
            ours()

    n = n_windows / 1_000
    return Contest(
        ours=several,
        theirs=theirs,
        check=check,
        n_ours=N_READS * n,
        n_theirs=n,
        n_rounds=n_rounds,
    )
