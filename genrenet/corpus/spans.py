"""The span: what a track is of its file, and the tracks that one file holds.

A file is known by its content: two names for the same bytes are one recording. All is told from
the catalog, by sorting; a file with many tracks does not take the square of their number.
"""

import numpy as np
import pandas as pd

from genrenet.corpus.overlaps import MOST

TOUCH_S = 1e-3  # of overlap: segments that follow on each other meet, but for rounding


def pairs_of_one_file(tracks: pd.DataFrame) -> pd.DataFrame:
    """Tracks that are of one file and overlap, or that have different groups.

    Each is paired with the next ones, in order of time, and with the one before it that ends
    last: what overlaps is connected, also where not every pair is told.

    Parameters
    ----------
    tracks : pd.DataFrame
        Usable rows of the catalog.

    Returns
    -------
    pd.DataFrame
        Columns of ``DUPLICATES_SCHEMA``; kinds ``content``, ``span`` and ``file``.
    """
    rows = tracks[tracks.duplicated("content_hash", keep=False)]
    ends = rows["end_s"].fillna(rows["duration_s"]).clip(upper=rows["duration_s"])
    rows = rows.assign(end_s=ends).sort_values(["content_hash", "start_s", "track_id"])
    places = np.arange(len(rows))
    with_next = [(places[:-k], places[k:]) for k in range(1, min(MOST + 1, len(rows)))]
    links = np.hstack([*with_next, (_last_to_end(rows), places)])
    return _told(rows, *np.unique(links, axis=1))


def _last_to_end(rows: pd.DataFrame) -> np.ndarray:
    """Of each row the place of the one before it, or itself, that ends last in its file."""
    latest = rows.groupby("content_hash")["end_s"].cummax()
    before = latest.groupby(rows["content_hash"]).shift(fill_value=-np.inf)
    return np.maximum.accumulate(np.where(rows["end_s"] > before, np.arange(len(rows)), 0))


def _told(rows: pd.DataFrame, one: np.ndarray, other: np.ndarray) -> pd.DataFrame:
    """Those of the pairs that count, with what they share."""
    a, b = rows.iloc[one].reset_index(drop=True), rows.iloc[other].reset_index(drop=True)
    begin, end = np.maximum(a["start_s"], b["start_s"]), np.minimum(a["end_s"], b["end_s"])
    overlap = (end - begin).clip(lower=0)
    shared = overlap > TOUCH_S
    same = (a["start_s"] == b["start_s"]) & (a["end_s"] == b["end_s"])
    pairs = pd.DataFrame(
        {
            "track_id": np.minimum(a["track_id"], b["track_id"]),
            "other_id": np.maximum(a["track_id"], b["track_id"]),
            "kind": np.select([same, shared], ["content", "span"], "file"),
            "start_s": begin.where(shared),
            "other_start_s": begin.where(shared),
            "overlap_s": overlap,
            "bit_error": pd.Series(0.0, index=a.index).where(shared),
        }
    )
    one_file = (a["content_hash"] == b["content_hash"]) & (a["track_id"] != b["track_id"])
    return pairs[one_file & (shared | (a["group"] != b["group"]))]
