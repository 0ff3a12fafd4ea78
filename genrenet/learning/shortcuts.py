"""The shortcut score: how well genres are told apart by their files alone, without any music.

A corpus whose jazz is in MP3 and whose rock is in WAV can be classified by ear or by suffix; a
network takes what is easier. A forest of random trees learns the genre from what a file is like,
and answers for groups that it has not seen. What it knows above the majority, a network may owe
to the files too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.tree import DecisionTreeClassifier

from genrenet.learning.metrics import bootstrap_interval

MOST_TRACKS = 20_000  # that are learned from; more would cost minutes and tell no more
KEY = "genrenet shortcu"  # of the draw of these; 16 letters
N_FOLDS = 5
N_TREES = 100
STEPS = 32  # into which one property is divided
LEAF = 2  # tracks at least in a leaf: a single one is no rule
N_DRAWS, CONFIDENCE = 1_000, 0.95  # of the interval over groups


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """How well file properties alone tell the genre.

    Attributes
    ----------
    accuracy, balanced_accuracy : float
        Share of tracks that are answered rightly, and the mean over genres.
    interval : (float, float)
        Of the accuracy, over groups.
    majority : float
        Share of the most common genre.
    n_tracks, n_groups : int
        Of how many tracks and groups this is.
    alone : dict of str to float
        Accuracy of each property by itself, the best first; those that are the same everywhere
        are left out.
    """

    accuracy: float
    balanced_accuracy: float
    interval: tuple[float, float]
    majority: float
    n_tracks: int
    n_groups: int
    alone: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """As a JSON value: floats have 6 places."""
        low, high = self.interval
        figures = {
            "accuracy": self.accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "balanced_accuracy": self.balanced_accuracy,
            "majority": self.majority,
        }
        return {
            **{name: round(value, 6) for name, value in figures.items()},
            "n_tracks": self.n_tracks,
            "n_groups": self.n_groups,
            "alone": {name: round(value, 6) for name, value in self.alone.items()},
        }


def shortcut_score(
    properties: pd.DataFrame, genre: pd.Series, group: pd.Series, track_id: pd.Series
) -> Shortcut | None:
    """Cross-validate the forest over groups.

    Parameters
    ----------
    properties : pd.DataFrame
        What is learned from, one row a track.
    genre, group, track_id : pd.Series
        Of the same tracks. At most ``MOST_TRACKS`` of them are taken, which ones is decided by
        the id alone.

    Returns
    -------
    Shortcut or None
        None where there is one group only, of which nothing can be held out.
    """
    kept = np.argsort(_drawn(track_id), kind="stable")[:MOST_TRACKS]
    x = properties.iloc[kept].to_numpy(float)
    _, y_true = np.unique(genre.iloc[kept].to_numpy(object), return_inverse=True)
    groups, number = np.unique(group.iloc[kept].to_numpy(object), return_inverse=True)
    if len(groups) < 2:
        return None
    fold = _folds(groups, number, y_true)[number]
    forest = ExtraTreesClassifier(N_TREES, min_samples_leaf=LEAF, random_state=0)
    answers = _answers(forest, x, y_true, fold)
    return Shortcut(
        accuracy=float((answers == y_true).mean()),
        balanced_accuracy=float(balanced_accuracy_score(y_true, answers)),
        interval=bootstrap_interval(
            answers == y_true, number, n_draws=N_DRAWS, confidence=CONFIDENCE, seed=0
        ),
        majority=float(np.bincount(y_true).max() / len(y_true)),
        n_tracks=len(y_true),
        n_groups=len(groups),
        alone=_alone(x, y_true, fold, list(properties.columns)),
    )


def _alone(
    x: np.ndarray, y_true: np.ndarray, fold: np.ndarray, names: Sequence[str]
) -> dict[str, float]:
    """Accuracy of each property that varies, by a tree of a few steps, the best first."""
    tree = DecisionTreeClassifier(max_leaf_nodes=STEPS, min_samples_leaf=LEAF, random_state=0)
    found = {
        name: _answers(tree, x[:, [n]], y_true, fold) == y_true
        for n, name in enumerate(names)
        if len(np.unique(x[:, n])) > 1
    }
    ranked = sorted(found.items(), key=lambda one: -one[1].mean())
    return {name: float(right.mean()) for name, right in ranked}


def _drawn(names: Any) -> np.ndarray:
    """A number of each name that nothing but the name decides."""
    number: np.ndarray = pd.util.hash_array(
        np.asarray(names, dtype=object), hash_key=KEY, categorize=False
    )
    return number


def _folds(groups: np.ndarray, number: np.ndarray, y_true: np.ndarray) -> np.ndarray:
    """A fold of each group: genre by genre they are dealt out like cards, so each has its share."""
    genre = np.zeros(len(groups), int)
    genre[number[::-1]] = y_true[::-1]  # of its first track
    order = np.lexsort((_drawn(groups), genre))
    fold = np.empty(len(groups), int)
    fold[order] = np.arange(len(groups)) % min(N_FOLDS, len(groups))
    return fold


def _answers(
    model: ClassifierMixin, x: np.ndarray, y_true: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """The genre that a model which has not seen its fold gives to each track.

    A genre is rarer in the other folds the more of it is in this one. Weights make up for that:
    else files that tell nothing would score below chance, and a little knowledge would not show.
    """
    answers, n_tracks = np.empty_like(y_true), np.bincount(y_true)
    for held in np.unique(fold):
        out = fold == held
        n_seen = np.bincount(y_true[~out], minlength=len(n_tracks))
        weight = (n_tracks / np.maximum(n_seen, 1))[y_true[~out]]
        answers[out] = model.fit(x[~out], y_true[~out], sample_weight=weight).predict(x[out])
    return answers
