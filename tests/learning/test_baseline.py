"""The classical baseline: statistics of the cepstrum, and a machine that tells them apart."""

import numpy as np
import pytest

from genrenet.features.shards import shard_paths
from genrenet.learning import network_input
from genrenet.learning.baseline import fit_baseline, track_statistics
from genrenet.learning.dataset import WindowSet
from genrenet.learning.network_input import NetworkInput

CEPSTRUM = NetworkInput(feature="mfcc", floor_db=0.0, n_mels=16)


@pytest.fixture(scope="module")
def windows(study):
    """Cepstra of all tracks."""
    return WindowSet(shard_paths(study.features), list(study.catalog["track_id"]), CEPSTRUM)


def test_statistics_are_those_of_the_track(windows):
    """Mean, deviation and percentiles of the frames, then of their differences."""
    x = np.concatenate([x[track == 3] for x, track in windows.in_order()])
    frames, change = x.reshape(-1, 8), np.diff(x, axis=1).reshape(-1, 8)

    row = track_statistics(windows)[3].reshape(2, 5, 8)

    for got, values in zip(row, (frames, change), strict=True):
        assert got[0] == pytest.approx(values.mean(axis=0), abs=1e-4)
        assert got[1] == pytest.approx(values.std(axis=0), abs=1e-4)
        assert got[2:] == pytest.approx(np.percentile(values, (10, 50, 90), axis=0), abs=1e-4)


def test_a_track_is_summed_up_whole(windows, monkeypatch):
    """Percentiles of its parts would not be those of the track."""
    whole = track_statistics(windows)
    monkeypatch.setattr(network_input, "BLOCK_VALUES", 1)  # window by window

    assert np.array_equal(track_statistics(windows), whole)


def test_one_row_a_track_in_the_order_of_the_tracks(windows, study):
    """Whatever the order of the shards."""
    order = [7, 2, 5]
    names = list(study.catalog["track_id"])
    some = WindowSet(shard_paths(study.features), [names[n] for n in order], CEPSTRUM)

    assert np.array_equal(track_statistics(some), track_statistics(windows)[order])


def test_noise_is_told_from_tunes(windows, study):
    """From one half of the tracks, the other half."""
    statistics, genres = track_statistics(windows), study.catalog["genre"].to_numpy()

    machine = fit_baseline(statistics[::2], genres[::2])

    assert (machine.predict(statistics[1::2]) == genres[1::2]).all()
