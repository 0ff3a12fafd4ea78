"""The file's properties: numbers of what is known, and of what is not."""

import numpy as np
import pandas as pd
import pytest

from genrenet.corpus.properties import PROPERTIES, file_properties

TRACKS = pd.DataFrame(
    {
        "track_id": ["a", "b"],
        "start_s": [0.0, 10.0],
        "end_s": [np.nan, 99.0],
        "duration_s": [20.0, 30.0],
        "sr": [44_100, 22_050],
        "channels": [2, 1],
        "format": ["WAV PCM_16", "MP3 MPEG_LAYER_III"],
        "n_bytes": [40_000, 240_000],
    },
    index=[7, 3],
)
CLIPS = pd.DataFrame({"track_id": ["b"], "level_db": [-20.0], "noise_floor_db": [-60.0]})


def test_a_segment_has_its_own_length_and_its_file_s_bit_rate():
    """The segment ends with the file, whatever its label says."""
    found = file_properties(TRACKS, CLIPS)

    assert list(found) == list(PROPERTIES)
    assert found["duration_s"].tolist() == [20.0, 20.0]
    assert found["bit_rate"].tolist() == [16_000.0, 64_000.0]
    assert found["format"].tolist() == [1.0, 0.0]


def test_what_nobody_has_measured_is_no_number():
    """A track without a clip keeps its row and its place."""
    found = file_properties(TRACKS, CLIPS)

    assert found.index.tolist() == [7, 3]
    assert found["level_db"].tolist() == pytest.approx([np.nan, -20.0], nan_ok=True)
