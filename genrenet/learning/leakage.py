"""The price of a leak: the same model and training size under splits that leak, and under none.

Three policies. ``window`` divides each recording's windows among the sides, ``track`` the
recordings, ``group`` whole groups: only the last asks for what a user wants to know, the answer
to artists that were never heard. ``window`` takes as many tracks as the others train on, and the
others leave out windows until all learn from equally many of each genre: what differs is what the
test shares with the training, and nothing else.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from genrenet.corpus.naive import track_sides, window_sides
from genrenet.corpus.splits import split_tracks
from genrenet.learning.portions import divided, equalised
from genrenet.sections.corpus import Split
from genrenet.sections.train import Evaluate

POLICIES = {
    "window": "windows at random",
    "track": "tracks at random",
    "group": "groups kept whole",
}
"""The policies, in words, the most leaking first; the last leaks nothing."""


def portions(
    windows: pd.DataFrame, tracks: pd.DataFrame, settings: Split, *, seed: int
) -> dict[str, pd.DataFrame]:
    """Each policy's windows by side, of equal training size.

    Parameters
    ----------
    windows : pd.DataFrame
        Every window (see `genrenet.learning.portions`).
    tracks : pd.DataFrame
        The usable rows of the catalog, groups that duplicates connect already joined.
    settings : Split
        The sides' shares; policy and seed are this study's.
    seed : int
        Decides all three.
    """
    settings = settings.model_copy(update={"policy": "group", "test_fold": None, "seed": seed})
    whole = split_tracks(tracks, settings).table.set_index("track_id")["split"]
    naive = track_sides(tracks, settings).set_axis(tracks["track_id"])
    torn = windows[windows["track_id"].map(naive) == "train"]
    by_policy = {
        "window": divided(torn, window_sides(torn, settings)),
        "track": divided(windows, windows["track_id"].map(naive)),
        "group": divided(windows, windows["track_id"].map(whole)),
    }
    return equalised(by_policy, seed=seed)


def price_tag(tallies: pd.DataFrame, settings: Evaluate) -> pd.DataFrame:
    """Accuracy under each policy, and how much of it the leak is worth.

    Intervals hold the middle of what comes out if groups and seeds are weighed anew: each draw
    gives every group and every seed a random weight, the same under all policies, so that
    differences are paired (the Bayesian pigeonhole bootstrap: Owen & Eckles, Bootstrapping data
    arrays of arbitrary order, Annals of Applied Statistics, 2012).

    Parameters
    ----------
    tallies : pd.DataFrame
        ``policy, seed, model, unit, group, n, n_right``.
    settings : Evaluate
        Number of draws, confidence, seed.

    Returns
    -------
    pd.DataFrame
        ``model, unit, policy, accuracy, low, high, sd`` (over seeds), and the ``price``, the
        accuracy beyond that of ``group``, with ``price_low, price_high``; shares.
    """
    rows = []
    for (model, unit), part in tallies.groupby(["model", "unit"], sort=False):
        right, n = _cube(part, "n_right"), _cube(part, "n")
        by_seed = right.sum(axis=2) / n.sum(axis=2)
        drawn = np.stack(list(_draws(right, n, settings)))
        for number, policy in enumerate(POLICIES):
            beyond = drawn[:, number] - drawn[:, -1]
            mean = by_seed.mean(axis=1)
            rows.append(
                {
                    "model": model,
                    "unit": unit,
                    "policy": policy,
                    "accuracy": mean[number],
                    **_ends("", drawn[:, number], settings.confidence),
                    "sd": by_seed[number].std(ddof=1) if by_seed.shape[1] > 1 else 0.0,
                    "price": mean[number] - mean[-1],
                    **_ends("price_", beyond, settings.confidence),
                }
            )
    return pd.DataFrame(rows).round(6)


def _cube(tallies: pd.DataFrame, column: str) -> np.ndarray:
    """One column [shape=(n_policies, n_seeds, n_groups)], 0 for groups that were not tested."""
    table = tallies.pivot_table(
        index=["policy", "seed"], columns="group", values=column, fill_value=0, aggfunc="sum"
    )
    return np.stack([table.loc[policy].to_numpy(float) for policy in POLICIES])


def _draws(right: np.ndarray, n: np.ndarray, settings: Evaluate) -> Iterator[np.ndarray]:
    """Accuracies [n_policies] under random weights of groups and seeds."""
    rng = np.random.default_rng(settings.seed)
    for _ in range(settings.bootstrap):
        of_group, of_seed = (rng.exponential(size=(size,)) for size in (n.shape[2], n.shape[1]))
        yield (right @ of_group) / (n @ of_group) @ (of_seed / of_seed.sum())


def _ends(name: str, drawn: np.ndarray, confidence: float) -> Mapping[str, float]:
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return {f"{name}low": float(low), f"{name}high": float(high)}
