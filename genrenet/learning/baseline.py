"""The classical baseline: cepstrum statistics of a track and a support vector machine.

It costs seconds; a report whose network is below it says so.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from genrenet.learning.dataset import WindowSet

PERCENTILES = (10, 50, 90)
C = 10.0  # of the support vector machine; chosen on ESC-10 and the same for every corpus


def track_statistics(windows: WindowSet) -> np.ndarray:
    """Statistics of the cepstrum and its differences over each track's frames.

    Parameters
    ----------
    windows : WindowSet
        Of the feature ``mfcc``, originals only.

    Returns
    -------
    np.ndarray [shape=(n_tracks, 2 * n_mfcc * 5), dtype=float64]
        Mean, standard deviation and percentiles; zeros where a track has no window.
    """
    n_statistics = 2 * windows.shape[1] * (2 + len(PERCENTILES))
    table = np.zeros((len(windows.track_ids), n_statistics))
    for number, x in _tracks(windows):
        table[number] = _summary(x)
    return table


def _tracks(windows: WindowSet) -> Iterator[tuple[int, np.ndarray]]:
    """Each track's windows at once: in a shard they lie one after another."""
    number, parts = -1, list[np.ndarray]()
    for x, track in windows.in_order():
        begins = np.flatnonzero(np.diff(track, prepend=-1))  # the first row begins a part as well
        for part, other in zip(np.split(x, begins[1:]), track[begins].tolist(), strict=True):
            if parts and other != number:
                yield number, np.concatenate(parts)
                parts.clear()
            number = other
            parts.append(part)
    yield number, np.concatenate(parts)


def _summary(x: np.ndarray) -> np.ndarray:
    """Statistics over the frames of some windows [n_windows, n_frames, n_mfcc]."""
    change = np.diff(x, axis=1)
    parts = []
    for values in (x.reshape(-1, x.shape[2]), change.reshape(-1, x.shape[2])):
        parts += [values.mean(axis=0), values.std(axis=0)]
        parts += list(np.percentile(values, PERCENTILES, axis=0))
    return np.concatenate(parts)


def fit_baseline(statistics: np.ndarray, y_true: np.ndarray) -> Pipeline:
    """Fit the machine on train tracks [shape=(n_tracks, n_statistics)]."""
    return make_pipeline(StandardScaler(), SVC(C=C)).fit(statistics, y_true)
