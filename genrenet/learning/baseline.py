"""The classical baseline: cepstrum statistics of a track and a support vector machine.

It costs seconds; a report whose network is below it says so.
"""

from collections.abc import Iterator, Sequence

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
        n_bins = x.shape[2]
        table[number] = _summary(x.reshape(-1, n_bins), np.diff(x, axis=1).reshape(-1, n_bins))
    return table


def window_statistics(x: np.ndarray) -> np.ndarray:
    """The same statistics over each window's frames.

    Parameters
    ----------
    x : np.ndarray [shape=(n_windows, n_frames, n_mfcc), dtype=float32]
        Windows of the cepstrum.

    Returns
    -------
    np.ndarray [shape=(n_windows, 2 * n_mfcc * 5), dtype=float32]
    """
    return _summary(x, np.diff(x, axis=1))


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


def _summary(*kinds: np.ndarray) -> np.ndarray:
    """Statistics over the frames, one kind of values [..., n_frames, n_mfcc] after the other."""
    parts = []
    for values in kinds:
        parts += [values.mean(axis=-2), values.std(axis=-2)]
        parts += list(np.percentile(values, PERCENTILES, axis=-2))
    return np.concatenate(parts, axis=-1)


def fit_baseline(statistics: np.ndarray, y_true: np.ndarray) -> Pipeline:
    """Fit the machine on train tracks [shape=(n_tracks, n_statistics)]."""
    return make_pipeline(StandardScaler(), SVC(C=C)).fit(statistics, y_true)


def class_scores(
    machine: Pipeline, statistics: np.ndarray, class_names: Sequence[str]
) -> np.ndarray:
    """How much speaks for each class [shape=(n_rows, n_classes)], which softmax may take.

    Nothing speaks for a class that the machine was not taught.
    """
    found = machine.decision_function(statistics)
    if found.ndim == 1:  # of two classes it tells the margin of the second
        found = np.column_stack([-found, found])
    scores = np.full((len(statistics), len(class_names)), -np.inf)
    scores[:, [list(class_names).index(name) for name in machine.classes_]] = found
    return scores
