"""Label doubts: tracks whose genre is probably wrong, judged by models that never heard them.

Source: Northcutt, Jiang and Chuang, Confident learning: estimating uncertainty in dataset labels,
JAIR 70, 2021. A track is confidently of a class if its probability reaches the mean that the
tracks given as this class have: a class that the model finds hard has a low threshold.
"""

import numpy as np

UNSURE = -1  # the class of a track that reaches no threshold


def confident_classes(y_given: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """The class that each track is confidently of.

    Parameters
    ----------
    y_given : np.ndarray [shape=(n_tracks,), dtype=int]
        Classes by the labels.
    y_prob : np.ndarray [shape=(n_tracks, n_classes)]
        Probabilities out of fold: by a model that has not seen the track.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=int]
        The most probable of those classes whose threshold is reached; ``UNSURE`` for none.
    """
    given = np.eye(y_prob.shape[1], dtype=bool)[y_given]
    n_tracks = given.sum(axis=0)
    sums = np.where(given, y_prob, 0).sum(axis=0)
    thresholds = np.where(n_tracks, sums / np.maximum(n_tracks, 1), np.inf)
    reached = np.where(y_prob >= thresholds, y_prob, -np.inf)
    return np.where(np.isfinite(reached).any(axis=1), reached.argmax(axis=1), UNSURE)


def margins(y_given: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """Probability of the given class less that of the best other [n_tracks]: -1 is worst."""
    given = np.eye(y_prob.shape[1], dtype=bool)[y_given]
    best_other = np.where(given, -np.inf, y_prob).max(axis=1)
    return np.asarray(y_prob[given] - best_other)


def doubted(y_given: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """The tracks that are confidently of another class than the given one, worst first.

    They lie off the diagonal of the source's confident joint. Those whose given class is the most
    probable one are left out: only its threshold is high.

    Returns
    -------
    np.ndarray [dtype=int]
        Indices of tracks, by margin.
    """
    confident, margin = confident_classes(y_given, y_prob), margins(y_given, y_prob)
    off = np.flatnonzero((confident != UNSURE) & (confident != y_given) & (margin < 0))
    return off[np.argsort(margin[off], kind="stable")]
