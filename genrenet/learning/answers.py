"""Answers: what a network and the classical baseline say of windows that they never saw.

A table of answers has one row a window: ``track_id, start_s`` and for each genre its probability,
the network's as ``p: <genre>``, the baseline's as ``baseline p: <genre>``. A track's answer is the
mean of its windows'.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

MODELS = {"network": "p: ", "baseline": "baseline p: "}
"""The models, and how their columns begin."""
UNITS = ("window", "track")


def answers(
    windows: pd.DataFrame, y_prob: Mapping[str, np.ndarray], class_names: Sequence[str]
) -> pd.DataFrame:
    """The table, from each model's probabilities [shape=(n_windows, n_classes)]."""
    columns = {
        prefix + name: y_prob[model][:, n].astype(np.float32)
        for model, prefix in MODELS.items()
        for n, name in enumerate(class_names)
    }
    return windows[["track_id", "start_s"]].reset_index(drop=True).assign(**columns)


def by_track(answered: pd.DataFrame) -> pd.DataFrame:
    """One row a track: the means over its windows, by ``track_id``."""
    return answered.drop(columns="start_s").groupby("track_id", as_index=False).mean()


def predictions(answered: pd.DataFrame, model: str) -> pd.Series:
    """The most probable genre of each row, the first of equals."""
    prefix = MODELS[model]
    columns = [name for name in answered.columns if name.startswith(prefix)]
    best = answered[columns].to_numpy().argmax(axis=1)
    return pd.Series(np.array([name.removeprefix(prefix) for name in columns], object)[best])


def tally(answered: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """How many are answered and how many rightly: by ``model``, ``unit`` and ``group``.

    Parameters
    ----------
    answered : pd.DataFrame
        A trial's answers.
    tracks : pd.DataFrame
        ``track_id, genre, group`` of at least its tracks.

    Returns
    -------
    pd.DataFrame
        ``model, unit, group, n, n_right``.
    """
    parts = []
    for unit, rows in zip(UNITS, (answered, by_track(answered)), strict=True):
        truth = rows[["track_id"]].merge(tracks, "left", "track_id")
        for model in MODELS:
            right = predictions(rows, model) == truth["genre"]
            counts = right.groupby(truth["group"]).agg(["size", "sum"]).reset_index()
            counts.columns = pd.Index(["group", "n", "n_right"])
            parts.append(counts.assign(model=model, unit=unit))
    return pd.concat(parts, ignore_index=True)[["model", "unit", "group", "n", "n_right"]]
