"""Calibration: one temperature that makes the confidence mean what it says.

Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017; here the temperature is
fitted to the answer that a user gets, the track's mean probability, on validation tracks.
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

    def loss(log_temperature: float) -> float:
        y_prob = track_probabilities(probabilities(logits, float(np.exp(log_temperature))), track)
        chosen = y_prob[np.arange(len(y_true)), y_true]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    found = minimize_scalar(loss, bounds=np.log([LEAST, MOST]), method="bounded")
    return round(float(np.exp(found.x)), 4)
