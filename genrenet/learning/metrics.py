"""How well a classifier does: scores of tracks, and how far chance may have moved them.

Conventions: classes are integers from 0 in the order of ``class_names``; a track's answer is its
most probable class, the first of equals; shares and probabilities lie between 0 and 1. A mean over
classes counts the classes that have a test track; others have no recall to average.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from genrenet.errors import DataError

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

SUM_TOLERANCE = 5e-3
"""How far a row of probabilities may be from 1: float16 resolves 2**-11 at 1; ten such steps."""


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """One class: ``support`` is its test tracks; a share of no tracks is 0."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """What a report says of one model on one set of tracks.

    Attributes
    ----------
    accuracy : float
        Share of tracks that are answered rightly.
    balanced_accuracy, macro_f1 : float
        Mean recall and mean F1 over the classes that have a test track.
    top_k : int
        How many answers ``top_k_accuracy`` allows.
    top_k_accuracy : float
        Share of tracks whose class is among the ``top_k`` most probable.
    log_loss : float
        Mean negative log probability of the true class, in nats.
    majority : float
        Share of the most common true class: the accuracy of always answering it.
    by_class : dict of str to ClassScore
        Scores by class, in the order of the classes.
    confusion : np.ndarray [shape=(n_classes, n_classes), dtype=int64]
        Tracks by true class (row) and answer (column).
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    top_k: int
    top_k_accuracy: float
    log_loss: float
    majority: float
    by_class: dict[str, ClassScore]
    confusion: NDArray[np.int64]

    @property
    def never_predicted(self) -> tuple[str, ...]:
        """Classes that no track was answered with."""
        n_answers = self.confusion.sum(axis=0)
        return tuple(name for name, n in zip(self.by_class, n_answers, strict=True) if n == 0)

    @property
    def constant(self) -> bool:
        """Whether every track got the same answer: such a model has learnt nothing."""
        return len(self.never_predicted) == len(self.by_class) - 1

    @property
    def figures(self) -> dict[str, float]:
        """The single figures, by name."""
        names = ("accuracy", "balanced_accuracy", "macro_f1", "top_k_accuracy", "log_loss")
        return {
            **{name: float(getattr(self, name)) for name in (*names, "majority")},
            "n": int(self.confusion.sum()),
        }


def track_probabilities(y_prob_windows: Floats, track_index: Integers) -> NDArray[np.float64]:
    """Mean probability of each track's windows.

    Parameters
    ----------
    y_prob_windows : np.ndarray [shape=(n_windows, n_classes)]
        Probabilities by window.
    track_index : np.ndarray [shape=(n_windows,), dtype=int]
        Each window's track, from 0 to n_tracks - 1, in any order.

    Returns
    -------
    np.ndarray [shape=(n_tracks, n_classes), dtype=float64]

    Raises
    ------
    DataError
        There is no window, not one index for each, or a track below the highest has none.
    """
    if len(track_index) == 0 or len(track_index) != len(y_prob_windows):
        raise DataError(
            f"{len(y_prob_windows)} windows and {len(track_index)} track indices: "
            "give at least one window, and one index for each"
        )
    n_windows = np.bincount(track_index)
    if not n_windows.all():
        raise DataError(
            f"track {int(np.argmin(n_windows))} of {len(n_windows)} has no window: "
            "number from 0 only tracks that have one"
        )
    total = np.zeros((len(n_windows), y_prob_windows.shape[1]))
    np.add.at(total, track_index, y_prob_windows)
    return total / n_windows[:, np.newaxis]


def score(
    y_true: Integers, y_prob: Floats, *, class_names: Sequence[str], top_k: int = 2
) -> Scores:
    """Score probabilities against true classes.

    Parameters
    ----------
    y_true : np.ndarray [shape=(n_tracks,), dtype=int]
        True classes.
    y_prob : np.ndarray [shape=(n_tracks, n_classes)]
        Probabilities; each row sums to 1.
    class_names : sequence of str
        Names of the classes, in order.
    top_k : int > 0
        Answers that ``top_k_accuracy`` allows; 2 is the default of ``params.Evaluate``.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        There is no track, or the shapes, classes, names or probabilities do not fit together.
    """
    _check(y_true, y_prob, class_names)
    classes = np.arange(len(class_names))
    y_prob = np.asarray(y_prob, dtype=np.float64)
    y_prob = y_prob / y_prob.sum(axis=1, keepdims=True)  # log_loss warns at float32's sums
    ranked = np.argsort(-y_prob, axis=1, kind="stable")  # stable: the first of equals leads
    confusion = confusion_matrix(y_true, ranked[:, 0], labels=classes)
    columns = precision_recall_fscore_support(y_true, ranked[:, 0], labels=classes, zero_division=0)
    _, recall, f1, support = columns
    return Scores(
        accuracy=float(np.trace(confusion) / len(y_true)),
        balanced_accuracy=float(recall[support > 0].mean()),
        macro_f1=float(f1[support > 0].mean()),
        top_k=top_k,
        top_k_accuracy=float((ranked[:, :top_k] == y_true[:, np.newaxis]).any(axis=1).mean()),
        log_loss=float(log_loss(y_true, y_prob, labels=classes)),
        majority=float(support.max() / len(y_true)),
        by_class={
            name: ClassScore(precision=float(p), recall=float(r), f1=float(f), support=int(s))
            for name, p, r, f, s in zip(class_names, *columns, strict=True)
        },
        confusion=confusion.astype(np.int64),
    )


def bootstrap_interval(
    values: ArrayLike,
    groups: ArrayLike,
    *,
    n_draws: int,
    confidence: float,
    seed: int,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> tuple[float, float]:
    """Interval of a mean over tracks if other groups (artists, say) had been recorded.

    The mean of right (1) and wrong (0) answers is the accuracy. Whole groups are drawn with
    replacement, because tracks of one group rise and fall together (Field & Welsh, 2007,
    "Bootstrapping clustered data"); the interval holds the middle ``confidence`` of the draws'
    means. The same arguments give the same interval, and the same groups the same draws.

    Parameters
    ----------
    values : array_like [shape=(n_tracks,), dtype=bool or float]
        What is averaged, such as whether each track was answered rightly.
    groups : array_like [shape=(n_tracks,), dtype=str or int]
        Each track's group.
    n_draws : int > 0
        Draws.
    confidence : float in (0, 1)
        Share of the draws inside the interval.
    seed : int
        Seed of the draws.
    bounds : (float, float)
        Between which a value may lie.

    Returns
    -------
    low, high : float
        One group says nothing of another: it gives the bounds.

    Raises
    ------
    DataError
        There is no track, or not one group for each.
    """
    values, groups = np.asarray(values, dtype=float), np.asarray(groups)
    if not len(values) or len(values) != len(groups):
        raise DataError(
            f"{len(values)} answers and {len(groups)} groups: "
            "give at least one track, and one group for each"
        )
    names, index = np.unique(groups, return_inverse=True)
    if len(names) == 1:
        return bounds
    chance = np.full(len(names), 1 / len(names))
    times = np.random.default_rng(seed).multinomial(len(names), chance, size=n_draws)
    means = (times @ np.bincount(index, weights=values)) / (times @ np.bincount(index))
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _check(y_true: Integers, y_prob: Floats, class_names: Sequence[str]) -> None:
    n_classes = len(class_names)
    if not len(y_true):
        raise DataError("there is no track to score: give at least one")
    if y_prob.shape != (len(y_true), n_classes):
        raise DataError(
            f"probabilities have shape {y_prob.shape}, but {len(y_true)} tracks and {n_classes} "
            f"class names need {(len(y_true), n_classes)}"
        )
    if n_classes < 2 or len(set(class_names)) < n_classes:
        raise DataError(f"class names are {list(class_names)}: give at least two, each once")
    if y_true.min() < 0 or y_true.max() >= n_classes:
        raise DataError(
            f"true classes run from {y_true.min()} to {y_true.max()}, expected 0 to {n_classes - 1}"
        )
    sums = y_prob.sum(axis=1, dtype=np.float64)
    if not (np.all(y_prob >= 0) and np.all(np.abs(sums - 1) < SUM_TOLERANCE)):
        raise DataError(
            f"probabilities are as low as {y_prob.min():.3g} and rows sum to {sums.min():.3g} to "
            f"{sums.max():.3g}: expected none below 0 and sums of 1; apply softmax first"
        )
