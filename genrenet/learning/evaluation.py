"""Evaluation: held-out tracks judged by track and by window, beside the classical baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from genrenet.learning.metrics import Scores, bootstrap_interval, score, track_probabilities
from genrenet.sections.train import Evaluate

SHORTCUT = ("accuracy", "balanced_accuracy", "majority", "accuracy_low", "accuracy_high")
"""What the report repeats of the shortcut score, to stand beside the model's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """What a model is worth on tracks that it never saw.

    Attributes
    ----------
    predictions : pd.DataFrame
        One row a track: ``track_id, genre, group, prediction, confidence, baseline`` and the
        probabilities ``p: <genre>``.
    track, window : Scores
        By track (mean window probability), by window.
    interval : (float, float)
        Of the track accuracy, over groups.
    baseline : dict of str to float
        The baseline's ``accuracy``, ``balanced_accuracy``, ``macro_f1``.
    baseline_interval : (float, float)
        Of the baseline's accuracy.
    shortcut : mapping or None
        What files alone tell, as the audit has measured it.
    """

    predictions: pd.DataFrame
    track: Scores
    window: Scores
    interval: tuple[float, float]
    baseline: dict[str, float]
    baseline_interval: tuple[float, float]
    shortcut: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, dict[str, float]]:
        """What ``metrics.json`` says of the network, by track and by window, and beside it."""
        figures = {
            "track": {**self.track.figures, **_ends(self.interval)},
            "window": self.window.figures,
            "baseline": {**self.baseline, **_ends(self.baseline_interval)},
        }
        if self.shortcut:
            figures["shortcut"] = {name: self.shortcut[name] for name in SHORTCUT}
        return {unit: {k: round(v, 6) for k, v in each.items()} for unit, each in figures.items()}

    def by_class(self) -> pd.DataFrame:
        """Precision, recall, F1 and number of test tracks of each class."""
        rows = [{"class": name, **vars(one)} for name, one in self.track.by_class.items()]
        return pd.DataFrame(rows).round(6)


def judge(
    rows: pd.DataFrame,
    y_prob_windows: np.ndarray,
    track: np.ndarray,
    baseline: Sequence[str],
    class_names: Sequence[str],
    settings: Evaluate,
) -> Report:
    """Score a model on held-out tracks.

    Parameters
    ----------
    rows : pd.DataFrame
        The tracks: ``track_id, genre, group``, in the order of the track numbers.
    y_prob_windows : np.ndarray [shape=(n_windows, n_classes)]
        Probabilities by window.
    track : np.ndarray [shape=(n_windows,), dtype=int]
        Each window's track number.
    baseline : sequence of str
        The baseline's answer for each track.
    class_names : sequence of str
        Classes, in the order of the probabilities.
    settings : Evaluate
        Top-k and bootstrap.
    """
    number = {name: n for n, name in enumerate(class_names)}
    y_true = rows["genre"].map(number).to_numpy()
    y_prob = track_probabilities(y_prob_windows, track)
    answers = y_prob.argmax(axis=1)
    machine = np.asarray([number[name] for name in baseline])
    by_machine = score(y_true, np.eye(len(number))[machine], class_names=class_names)
    top_k = min(settings.top_k, len(class_names))
    predictions = rows[["track_id", "genre", "group"]].assign(
        prediction=[class_names[n] for n in answers],
        confidence=y_prob.max(axis=1),
        baseline=list(baseline),
        **{f"p: {name}": y_prob[:, n] for name, n in number.items()},
    )

    def interval(correct: np.ndarray) -> tuple[float, float]:
        return bootstrap_interval(
            correct,
            rows["group"].to_numpy(),
            n_draws=settings.bootstrap,
            confidence=settings.confidence,
            seed=settings.seed,
        )

    return Report(
        predictions=predictions,
        track=score(y_true, y_prob, class_names=class_names, top_k=top_k),
        window=score(y_true[track], y_prob_windows, class_names=class_names, top_k=top_k),
        interval=interval(answers == y_true),
        baseline={
            name: getattr(by_machine, name)
            for name in ("accuracy", "balanced_accuracy", "macro_f1")
        },
        baseline_interval=interval(machine == y_true),
    )


def _ends(interval: tuple[float, float]) -> dict[str, float]:
    return {"accuracy_low": interval[0], "accuracy_high": interval[1]}
