"""Tables of a corpus of which there is no recording, as the stages would write them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from genrenet.corpus.census import census
from genrenet.corpus.clips import CLIPS_SCHEMA
from genrenet.corpus.duplicates import DUPLICATES_SCHEMA
from genrenet.corpus.sides import SIDES
from genrenet.corpus.tracks import CATALOG_SCHEMA

NO_PAIRS = DUPLICATES_SCHEMA.empty_table().to_pandas()
CODINGS = (("WAV PCM_16", 22_050, 1), ("MP3 MPEG_LAYER_III", 44_100, 2), ("FLAC PCM_24", 96_000, 6))


def catalog(groups: Mapping[str, Sequence[int]], **columns: object) -> pd.DataFrame:
    """Tracks of so many groups of so many tracks, by genre, in three formats by turns."""
    rows = [
        {"genre": genre, "group": f"{genre}-{g}", "track_id": f"{genre}/{g}/{t}"}
        for genre, sizes in groups.items()
        for g, n_tracks in enumerate(sizes)
        for t in range(n_tracks)
    ]
    table = pd.DataFrame(rows).reindex(columns=CATALOG_SCHEMA.names)
    codings = [CODINGS[n % len(CODINGS)] for n in range(len(table))]
    table[["format", "sr", "channels"]] = pd.DataFrame(codings, index=table.index)
    given = {
        "path": table["track_id"],
        "group_known": True,
        "start_s": 0.0,
        "end_s": np.nan,
        "duration_s": 10.0 + np.arange(len(table)) % 7,
        "n_bytes": 80_000,
    }
    return table.assign(**given | columns)


def clips(tracks: pd.DataFrame) -> pd.DataFrame:
    """What the audio would say of the tracks."""
    n = np.arange(len(tracks))
    table = tracks[["track_id"]].reindex(columns=CLIPS_SCHEMA.names)
    return table.assign(used_s=10.0, level_db=-20.0 - n % 5, noise_floor_db=-60.0 + n % 11)


def splits(tracks: pd.DataFrame) -> pd.DataFrame:
    """Sides by turns, a group on each."""
    group = pd.factorize(tracks["group"])[0]
    sides = np.array(SIDES, object)[group % len(SIDES)]
    return tracks[["track_id", "genre", "group", "group_known"]].assign(split=sides)


def pair(track_id: str, other_id: str, kind: str = "audio") -> dict[str, object]:
    """A row of the duplicates."""
    where = {"start_s": 0.0, "other_start_s": 0.0, "overlap_s": 8.0, "bit_error": 0.1}
    return {"track_id": track_id, "other_id": other_id, "kind": kind, **where}


def counted(tracks: pd.DataFrame, pairs: pd.DataFrame = NO_PAIRS) -> pd.DataFrame:
    """The census of the tracks."""
    return census(tracks, clips(tracks), pairs, splits(tracks))
