"""Calibration: one temperature that makes the confidence mean what it says.

Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017; here the temperature is
fitted to the answer that a user gets, the track's mean probability, on validation tracks. So that
few tracks, all answered rightly, make no model certain, the true class counts as (n + 1) / (n + 2)
of n tracks and the rest as the others: Platt, Probabilistic outputs for support vector machines,
1999.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax

LEAST, MOST = 0.05, 20.0  # temperatures: beyond these the answer is all but certain or uniform


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Window probabilities [shape=(n_windows, n_classes), dtype=float64] from logits."""
    return np.asarray(softmax(logits.astype(np.float64) / temperature, axis=1))


def fit_temperature(logits: np.ndarray, track: np.ndarray, y_true: np.ndarray) -> float:
    """The temperature with the least log loss on tracks.

    Parameters
    ----------
    logits : np.ndarray [shape=(n_windows, n_classes)]
        Of validation windows.
    track : np.ndarray [shape=(n_windows,), dtype=int]
        Each window's track, from 0.
    y_true : np.ndarray [shape=(n_tracks,), dtype=int]
        Classes of the tracks.
    """
    from genrenet.learning.metrics import track_probabilities  # scikit-learn: not to answer

    n_tracks, n_classes = len(y_true), logits.shape[1]
    target = np.full((n_tracks, n_classes), 1 / (n_tracks + 2) / (n_classes - 1))
    target[np.arange(n_tracks), y_true] = (n_tracks + 1) / (n_tracks + 2)

    def loss(log_temperature: float) -> float:
        y_prob = track_probabilities(probabilities(logits, float(np.exp(log_temperature))), track)
        return float(-(target * np.log(np.maximum(y_prob, 1e-12))).sum(axis=1).mean())

    found = minimize_scalar(loss, bounds=np.log([LEAST, MOST]), method="bounded")
    return round(float(np.exp(found.x)), 4)
