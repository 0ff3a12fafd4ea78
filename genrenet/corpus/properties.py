"""The file's properties: what is known of a recording whatever is played in it."""

import numpy as np
import pandas as pd

PROPERTIES = {
    "sr": "sampling rate",
    "channels": "channels",
    "format": "format",
    "bit_rate": "bit rate",
    "duration_s": "duration",
    "level_db": "level",
    "noise_floor_db": "noise floor",
}
"""Columns of :func:`file_properties`, and how they are called."""


def file_properties(tracks: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """The properties of each track as numbers; not a number where nobody knows.

    Parameters
    ----------
    tracks : pd.DataFrame
        Rows of the catalog.
    clips : pd.DataFrame
        What the audio says of them: ``track_id, level_db, noise_floor_db``.
    """
    rows = tracks.merge(clips, on="track_id", how="left").set_index(tracks.index)
    end_s = rows["end_s"].fillna(np.inf).clip(upper=rows["duration_s"])
    n_bits = 8.0 * rows["n_bytes"].astype(float)
    formats, _ = pd.factorize(rows["format"], sort=True)
    found = rows.assign(
        format=formats,
        bit_rate=n_bits / rows["duration_s"].where(rows["duration_s"] > 0),
        duration_s=end_s - rows["start_s"].fillna(0.0),
    )
    return found[list(PROPERTIES)].astype(float)
