"""The promotion gate: whether a challenger may take the champion's place.

Both are judged by track, on the same tracks, of groups that neither has seen. The challenger need
not be shown to be better: it must not be worse by more than a margin.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd
from scipy.stats import binomtest

from genrenet.errors import DataError
from genrenet.learning.metrics import bootstrap_interval
from genrenet.learning.study_plots import points
from genrenet.sections.train import Evaluate, Promote

Outcome = Literal["promoted", "refused", "forced"]


class PromotionError(DataError):
    """The challenger does not pass the gate; nothing but the record of that has changed."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval over groups."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Check:
    """One thing that the gate asks for."""

    name: str
    found: str
    wanted: str
    passed: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Challenger and champion on the same tracks.

    Attributes
    ----------
    n_tracks, n_groups : int
        How many both have answered.
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


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the gate looks at beside the answers.

    Attributes
    ----------
    certificate, split : str
        Digests: of the split that the challenger was certified under, and of the present one.
    labels : tuple of str
        The challenger's classes.
    seeds : sequence of mapping
        Its ``history.json``.
    latency_s : float
        How long it takes to answer a 30-s file, in s.
    """

    certificate: str
    split: str
    labels: tuple[str, ...]
    seeds: Sequence[Mapping[str, Any]]
    latency_s: float


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What came out, and on which grounds.

    Attributes
    ----------
    checks : tuple of Check
        All of them have to pass.
    accuracy : Estimate
        The challenger's, on all test tracks of groups that it has not seen.
    majority : float
        Share of the most common genre among these.
    n_tracks, n_groups : int
        How many they are.
    latency_s : float
        How long an answer to a 30-s file takes, in s.
    comparison : Comparison or None
        With the champion.
    """

    checks: tuple[Check, ...]
    accuracy: Estimate
    majority: float
    n_tracks: int
    n_groups: int
    latency_s: float
    comparison: Comparison | None

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that stand against it."""
        return tuple(check for check in self.checks if not check.passed)

    def outcome(self, *, force: bool = False) -> Outcome:
        """What follows; ``force`` counts where something stands against it."""
        if not self.failed:
            return "promoted"
        return "forced" if force else "refused"

    def to_json(self) -> dict[str, Any]:
        """As a JSON value."""
        return asdict(self)


def compare(
    challenger: pd.DataFrame, champion: pd.DataFrame, settings: Evaluate
) -> Comparison | None:
    """Judge both on the tracks that both have answered; None where there is none.

    Parameters
    ----------
    challenger, champion : pd.DataFrame
        ``track_id, genre, group, prediction``, one row a track.
    settings : Evaluate
        Number of draws, confidence and seed.
    """
    other = champion[["track_id", "prediction"]].rename(columns={"prediction": "other"})
    rows = challenger.merge(other, on="track_id")
    if rows.empty:
        return None
    mine, its = rows["prediction"] == rows["genre"], rows["other"] == rows["genre"]
    only_mine, only_its = int((mine & ~its).sum()), int((its & ~mine).sum())
    difference = mine.astype(float) - its.astype(float)
    return Comparison(
        n_tracks=len(rows),
        n_groups=rows["group"].nunique(),
        majority=_majority(rows),
        challenger=_estimate(mine, rows["group"], settings),
        champion=_estimate(its, rows["group"], settings),
        difference=_estimate(difference, rows["group"], settings, bounds=(-1.0, 1.0)),
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


def decide(
    answers: pd.DataFrame,
    evidence: Evidence,
    rival: Comparison | str | None,
    gate: Promote,
    settings: Evaluate,
) -> Decision:
    """Put the challenger to every check.

    Parameters
    ----------
    answers : pd.DataFrame
        The challenger's: ``track_id, genre, group, prediction`` of test tracks.
    evidence : Evidence
        What else is known of it.
    rival : Comparison, str or None
        The comparison with the champion, or why there can be none; None where no champion is.
    gate : Promote
        Margin and latency.
    settings : Evaluate
        Number of draws, confidence and seed.

    Raises
    ------
    DataError
        There is no track to judge by.
    """
    if answers.empty:
        raise DataError(
            "no test track of the present split is of a group that the challenger has not seen. "
            "Train it under this split: dvc repro."
        )
    right = answers["prediction"] == answers["genre"]
    accuracy = _estimate(right, answers["group"], settings)
    majority = _majority(answers)
    checks = [
        _certificate(evidence),
        _losses(evidence.seeds),
        _classes(set(answers["prediction"]), evidence.labels),
        Check(
            "majority",
            f"{accuracy.value:.1%} of {len(answers)} tracks right",
            f"above {majority:.1%}, the most common genre",
            accuracy.value > majority,
        ),
        Check(
            "latency",
            f"{evidence.latency_s:.2f} s for a 30-s file",
            f"at most {gate.max_latency_s:g} s",
            evidence.latency_s <= gate.max_latency_s,
        ),
    ]
    if rival is not None:
        checks.append(_difference(rival, gate.margin))
    return Decision(
        checks=tuple(checks),
        accuracy=accuracy,
        majority=majority,
        n_tracks=len(answers),
        n_groups=answers["group"].nunique(),
        latency_s=evidence.latency_s,
        comparison=rival if isinstance(rival, Comparison) else None,
    )


def _certificate(evidence: Evidence) -> Check:
    wanted = f"split {evidence.split}, the present one"
    same = evidence.certificate == evidence.split
    return Check("certificate", f"split {evidence.certificate}", wanted, same)


def _losses(seeds: Sequence[Mapping[str, Any]]) -> Check:
    lost = [str(one["seed"]) for one in seeds if not all(map(math.isfinite, _losses_of(one)))]
    found = f"not in seed {', '.join(lost)}" if lost else "numbers throughout"
    return Check("losses", found, "a number in every epoch of every seed", not lost)


def _losses_of(seed: Mapping[str, Any]) -> list[float]:
    curves = seed["history"].items()
    return [value for name, values in curves if name.endswith("loss") for value in values]


def _classes(predicted: set[str], labels: Sequence[str]) -> Check:
    never = [name for name in labels if name not in predicted]
    found = f"never {', '.join(never)}" if never else f"all {len(labels)} are predicted"
    return Check("classes", found, f"each of {len(labels)} predicted at least once", not never)


def _difference(rival: Comparison | str, margin: float) -> Check:
    wanted = f"lower end above {points(-margin, sign=True)} points"
    if isinstance(rival, str):
        return Check("difference", rival, wanted, passed=False)
    told = in_points(rival.difference)
    return Check("difference", told, wanted, passed=rival.difference.low > -margin)


def in_points(difference: Estimate) -> str:
    """A difference with its interval, such as '+2.4 points (−4.8 to +9.5)'."""
    value, low, high = (points(share, sign=True) for share in vars(difference).values())
    return f"{value} points ({low} to {high})"


def _majority(rows: pd.DataFrame) -> float:
    """Accuracy of always answering the most common genre."""
    return float(rows["genre"].value_counts(normalize=True).iloc[0])


def _estimate(
    values: pd.Series,
    groups: pd.Series,
    settings: Evaluate,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Estimate:
    low, high = bootstrap_interval(
        values.to_numpy(),
        groups.to_numpy(),
        n_draws=settings.bootstrap,
        confidence=settings.confidence,
        seed=settings.seed,
        bounds=bounds,
    )
    return Estimate(float(values.mean()), low, high)
