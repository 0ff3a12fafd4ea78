"""The comparison: challenger and champion on the same tracks, by track and by group."""

from dataclasses import dataclass

import pandas as pd
from scipy.stats import binomtest

from genrenet.learning.metrics import bootstrap_interval
from genrenet.learning.study_plots import points
from genrenet.sections.train import Evaluate


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval over groups."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Challenger and champion on the same tracks.

    Attributes
    ----------
    n_tracks, n_groups : int
        How many both were asked for.
    majority : float
        Share of the most common genre among these.
    challenger, champion : Estimate
        Accuracies.
    difference : Estimate
        The challenger's accuracy less the champion's; draws are paired.
    only_challenger, only_champion : int
        Tracks that one of them alone answers rightly.
    mcnemar_p : float
        Of these numbers, or less equal ones, if both were as good.
    """

    n_tracks: int
    n_groups: int
    majority: float
    challenger: Estimate
    champion: Estimate
    difference: Estimate
    only_challenger: int
    only_champion: int
    mcnemar_p: float


def compare(challenger: pd.DataFrame, champion: pd.DataFrame, settings: Evaluate) -> Comparison:
    """Judge both on the tracks that both were asked for, at least one.

    Parameters
    ----------
    challenger, champion : pd.DataFrame
        ``track_id, genre, group, prediction``, one row a track.
    settings : Evaluate
        Number of draws, confidence and seed.
    """
    other = champion[["track_id", "prediction"]].rename(columns={"prediction": "other"})
    rows = challenger.merge(other, on="track_id")
    mine, its = rows["prediction"] == rows["genre"], rows["other"] == rows["genre"]
    only_mine, only_its = int((mine & ~its).sum()), int((its & ~mine).sum())
    difference = mine.astype(float) - its.astype(float)
    return Comparison(
        n_tracks=len(rows),
        n_groups=rows["group"].nunique(),
        majority=majority_share(rows),
        challenger=estimate(mine, rows["group"], settings),
        champion=estimate(its, rows["group"], settings),
        difference=estimate(difference, rows["group"], settings, bounds=(-1.0, 1.0)),
        only_challenger=only_mine,
        only_champion=only_its,
        mcnemar_p=mcnemar(only_mine, only_its),
    )


def mcnemar(only_one: int, only_other: int) -> float:
    """p-value of McNemar's exact test of two classifiers on the same tracks, two-sided.

    Of the tracks that one of them alone answers rightly, each is as likely to be one's as the
    other's if both are as good (McNemar, 1947, "Note on the sampling error of the difference
    between correlated proportions or percentages"). Tracks count as independent: where those of
    one artist rise and fall together, the interval over groups says more.

    Parameters
    ----------
    only_one, only_other : int >= 0
        Tracks that one of them alone answers rightly.
    """
    n_discordant = only_one + only_other
    return float(binomtest(only_one, n_discordant).pvalue) if n_discordant else 1.0


def majority_share(rows: pd.DataFrame) -> float:
    """Accuracy of always answering the most common genre of ``rows``."""
    return float(rows["genre"].value_counts(normalize=True).iloc[0])


def estimate(
    values: pd.Series,
    groups: pd.Series,
    settings: Evaluate,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Estimate:
    """Mean of a value per track, and its interval over groups.

    Parameters
    ----------
    values, groups : pd.Series
        A value and a group for each track.
    settings : Evaluate
        Number of draws, confidence and seed.
    bounds : (float, float)
        Between which a value may lie.
    """
    low, high = bootstrap_interval(
        values.to_numpy(),
        groups.to_numpy(),
        n_draws=settings.bootstrap,
        confidence=settings.confidence,
        seed=settings.seed,
        bounds=bounds,
    )
    return Estimate(float(values.mean()), low, high)


def in_points(difference: Estimate) -> str:
    """A difference with its interval, such as '+2.4 points (−4.8 to +9.5)'."""
    value, low, high = (points(share, sign=True) for share in vars(difference).values())
    return f"{value} points ({low} to {high})"


def in_percent(share: Estimate) -> str:
    """A share with its interval, such as '85.7% (76.2% to 95.2%)'."""
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"
