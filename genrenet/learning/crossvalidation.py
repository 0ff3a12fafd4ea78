"""Cross-validation: every track is tested once, by models that never heard its group."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from genrenet.learning.answers import MODELS, UNITS, by_track, predictions
from genrenet.learning.metrics import bootstrap_interval, score
from genrenet.sections.train import Evaluate

FIGURES = ("accuracy", "balanced_accuracy", "macro_f1", "top_k_accuracy", "log_loss")


def out_of_fold(
    answered: Mapping[int, pd.DataFrame], tracks: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The answers of all folds, by track and by window.

    Parameters
    ----------
    answered : mapping of int to pd.DataFrame
        Each fold's answers to its test windows.
    tracks : pd.DataFrame
        ``track_id, genre, group``.

    Returns
    -------
    by_track : pd.DataFrame
        ``track_id, genre, group, fold, prediction, baseline`` and the probabilities, one row a
        track.
    by_window : pd.DataFrame
        ``track_id, start_s`` and the probabilities.
    """
    windows = pd.concat(
        [table.assign(fold=fold) for fold, table in answered.items()], ignore_index=True
    ).sort_values(["track_id", "start_s"], ignore_index=True)
    means = by_track(windows)
    rows = means[["track_id"]].merge(tracks[["track_id", "genre", "group"]], "left", "track_id")
    about = rows.assign(
        fold=means["fold"].astype(int),
        prediction=predictions(means, "network"),
        baseline=predictions(means, "baseline"),
    )
    y_prob = means.drop(columns=["track_id", "fold"])
    return pd.concat([about, y_prob], axis=1), windows.drop(columns="fold")


def fold_scores(by_tracks: pd.DataFrame, by_windows: pd.DataFrame, top_k: int) -> pd.DataFrame:
    """Each fold's ``FIGURES`` and ``n``, by ``fold``, ``model`` and ``unit``."""
    about = by_tracks[["track_id", "genre", "fold"]]
    units = dict(zip(UNITS, (by_windows.merge(about, on="track_id"), by_tracks), strict=True))
    rows = []
    for unit, table in units.items():
        for fold, part in table.groupby("fold"):
            for model in MODELS:
                figures = _scores(part, model, top_k)
                rows.append({"fold": fold, "model": model, "unit": unit, **figures})
    return pd.DataFrame(rows).round(6)


def _scores(rows: pd.DataFrame, model: str, top_k: int) -> dict[str, float]:
    prefix = MODELS[model]
    columns = [name for name in rows.columns if name.startswith(prefix)]
    names = [name.removeprefix(prefix) for name in columns]
    y_true = rows["genre"].map({name: n for n, name in enumerate(names)}).to_numpy()
    scores = score(
        y_true, rows[columns].to_numpy(), class_names=names, top_k=min(top_k, len(names))
    )
    return {name: scores.figures[name] for name in (*FIGURES, "n")}


def over_folds(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation (of a sample, ``ddof=1``) of each figure over the folds."""
    table = scores.groupby(["model", "unit"], sort=False)[list(FIGURES)].agg(["mean", "std"])
    table.columns = pd.Index([name + {"mean": "", "std": "_sd"}[kind] for name, kind in table])
    return table.reset_index().round(6)


def pooled_interval(by_tracks: pd.DataFrame, model: str, settings: Evaluate) -> tuple[float, float]:
    """Interval of the accuracy over all tracks, whole groups drawn."""
    correct = predictions(by_tracks, model).to_numpy() == by_tracks["genre"].to_numpy()
    return bootstrap_interval(
        np.asarray(correct, bool),
        by_tracks["group"].to_numpy(),
        n_draws=settings.bootstrap,
        confidence=settings.confidence,
        seed=settings.seed,
    )
