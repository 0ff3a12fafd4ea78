"""Fingerprints: from the shards into one file, in the order of the ids; it is not held whole."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genrenet.corpus.prints import Prints, starts_of
from genrenet.features.fingerprint import reach
from genrenet.sections.features import Preprocessing


@contextmanager
def stored_prints(shards: Sequence[Path], spec: Preprocessing) -> Iterator[Prints]:
    """The fingerprints that shards hold, in a nameless file beside them while they are in use."""
    about = pd.concat([_about(path) for path in shards]).sort_values("track_id")
    starts = starts_of(about["n_words"].to_numpy())
    place = dict(zip(about["track_id"], starts, strict=False))
    with tempfile.TemporaryFile(dir=shards[0].parent.parent) as file:
        words = np.memmap(file, np.uint32, "w+", shape=max(1, int(starts[-1])))
        for path in shards:
            for track_id, stored in _stored(path):
                own = np.frombuffer(stored, "<u4")
                words[place[track_id] : place[track_id] + len(own)] = own
        yield Prints(
            track_ids=about["track_id"].tolist(),
            words=np.asarray(words),  # a plain view of the file: indexing a memmap is slow
            starts=starts,
            begin_s=about["start_s"].to_numpy(),
            frame_s=spec.hop_length / spec.sr,
            reach=reach(spec),
        )


def _about(path: Path) -> pd.DataFrame:
    """Whose fingerprints a shard holds, where they begin and how many words they have."""
    table = pq.read_table(path, columns=["track_id", "start_s", "fingerprint"])
    table = table.filter(pc.is_valid(table["fingerprint"]))
    n_words = pc.divide(pc.binary_length(table["fingerprint"]), 4)
    frame: pd.DataFrame = table.select(["track_id", "start_s"]).to_pandas()
    return frame.assign(n_words=n_words.to_numpy())


def _stored(path: Path) -> Iterator[tuple[str, bytes]]:
    table = pq.read_table(path, columns=["track_id", "fingerprint"])
    table = table.filter(pc.is_valid(table["fingerprint"]))
    yield from zip(table["track_id"].to_pylist(), table["fingerprint"].to_pylist(), strict=True)
