"""Examples: the beginnings of a few tracks of each genre and of their altered copies."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from genrenet.features.augment import Draw
from genrenet.features.preview import in_words
from genrenet.features.shards import to_numpy
from genrenet.sections.features import Preprocessing

SHOWN_S = 10.0  # of a clip: single notes can be seen
MOST_COPIES = 2  # beside the original there is no room for more
DRAWN = ("pitch_semitones", "stretch_rate", "snr_db", "transforms")


@dataclass(frozen=True, kw_only=True)
class Example:
    """The original of a track, or a copy.

    Attributes
    ----------
    words : str
        What was done to it.
    mel : np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        Its beginning, in dB over the maximum of the original.
    """

    words: str
    mel: np.ndarray


def choose(tracks: pd.DataFrame, n_each: int) -> pd.Series:
    """Ids of ``n_each`` tracks of each genre, by genre: of several groups, and of the train side.

    Parameters
    ----------
    tracks : pd.DataFrame
        ``track_id, genre, group, side``, sorted by ``track_id``.
    n_each : int
        How many; fewer where there are fewer.
    """
    turn = tracks.groupby(["genre", "group"], observed=True).cumcount()
    rows = tracks.assign(has_no_copy=tracks["side"] != "train", turn=turn)
    rows = rows.sort_values(["genre", "has_no_copy", "turn", "track_id"])
    return rows.groupby("genre", observed=True).head(n_each).set_index("genre")["track_id"]


def read_examples(
    track_ids: Collection[str], spec: Preprocessing, features: Path, augmented: Path
) -> dict[str, list[Example]]:
    """The original of each track, and what there is of its copies.

    Parameters
    ----------
    track_ids : collection of str
        Which tracks.
    spec : Preprocessing
        How the shards were made.
    features, augmented : Path
        Folders of the shards of originals and of copies.
    """
    clips = {**_clips(features, track_ids), **_clips(augmented, track_ids)}
    peak_db = {track_id: clip.peak_db for (track_id, copy), clip in clips.items() if copy == 0}
    examples: dict[str, list[Example]] = {}
    for (track_id, _), clip in sorted(clips.items()):
        mel = clip.beginning(spec) - peak_db[track_id]
        examples.setdefault(track_id, []).append(Example(words=clip.words, mel=mel))
    return examples


@dataclass(kw_only=True)
class _Clip:
    """A clip on its way out of a shard: its first windows, and where they begin."""

    words: str
    peak_db: float
    starts_s: list[float] = field(default_factory=list)
    windows: list[np.ndarray] = field(default_factory=list)

    def add(self, start_s: float, window: np.ndarray) -> None:
        if not self.starts_s or start_s < self.starts_s[0] + SHOWN_S:
            self.starts_s.append(start_s)
            self.windows.append(window.astype(np.float32))

    def beginning(self, spec: Preprocessing) -> np.ndarray:
        """The windows joined [n_frames, n_mels]: neighbours share frames."""
        frames_a_s = spec.sr / spec.hop_length
        starts = np.rint((np.array(self.starts_s) - self.starts_s[0]) * frames_a_s).astype(int)
        mel = np.empty((starts[-1] + spec.window_frames, spec.n_mels), np.float32)
        for start, window in zip(starts, self.windows, strict=True):
            mel[start : start + len(window)] = window
        return mel[: round(SHOWN_S * frames_a_s)]


def _clips(folder: Path, track_ids: Collection[str]) -> dict[tuple[str, int], _Clip]:
    """By track and copy."""
    clips: dict[tuple[str, int], _Clip] = {}
    for row, window in _rows(folder, track_ids):
        key = (row["track_id"], row["copy"])
        if key not in clips:
            words = in_words(Draw(**{name: row[name] for name in DRAWN}))
            clips[key] = _Clip(words=words, peak_db=row["peak_db"])
        clips[key].add(row["start_s"], window)
    return clips


def _rows(folder: Path, track_ids: Collection[str]) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
    """The tracks' windows and what is said of each, in order; none where no copies are made.

    Statistics tell which row groups may hold the tracks: of a large shard little is read.
    """
    for path in sorted(folder.glob("shard-*.parquet")):
        batches = ds.dataset(path).to_batches(
            columns=["track_id", "copy", "start_s", "peak_db", *DRAWN, "mel"],
            filter=ds.field("track_id").isin(list(track_ids)) & (ds.field("copy") <= MOST_COPIES),
            use_threads=False,
        )
        for batch in batches:
            about = batch.schema.field("mel")
            windows = to_numpy(pa.chunked_array([batch["mel"]]), about)
            yield from zip(batch.drop_columns(["mel"]).to_pylist(), windows, strict=True)
