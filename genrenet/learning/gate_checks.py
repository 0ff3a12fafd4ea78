"""The checks of the promotion gate; each stands alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genrenet.learning.comparison import Comparison, Estimate, in_points
from genrenet.learning.study_plots import points
from genrenet.sections.train import Promote


@dataclass(frozen=True)
class Check:
    """One thing that the gate asks for."""

    name: str
    found: str
    wanted: str
    passed: bool


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
class Standing:
    """What the challenger reaches on all test tracks of groups that it has not seen.

    Attributes
    ----------
    accuracy : Estimate
        Share of them that it answers rightly.
    majority : float
        Share of the most common genre among them.
    n_tracks, n_groups : int
        How many they are.
    """

    accuracy: Estimate
    majority: float
    n_tracks: int
    n_groups: int


def check_all(
    standing: Standing,
    predicted: set[str],
    evidence: Evidence,
    rival: Comparison | str | None,
    gate: Promote,
) -> tuple[Check, ...]:
    """Every check of a challenger.

    Parameters
    ----------
    standing : Standing
        What it reaches.
    predicted : set of str
        What it has answered to any test track.
    evidence : Evidence
        What else is known of it.
    rival : Comparison, str or None
        The comparison with the champion, or why there can be none; None where no champion is.
    gate : Promote
        What is asked for.
    """
    return (
        _certificate(evidence),
        _losses(evidence.seeds),
        _classes(predicted, evidence.labels),
        _groups(standing, rival, gate.min_groups),
        _majority(standing),
        _latency(evidence.latency_s, gate.max_latency_s),
        *(() if rival is None else (_difference(rival, gate.margin),)),
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


def _groups(standing: Standing, rival: Comparison | str | None, least: int) -> Check:
    n_groups, unseen = standing.n_groups, "it has not seen"
    if isinstance(rival, Comparison):
        n_groups, unseen = rival.n_groups, "neither has seen"
    found = f"{n_groups} {'group' if n_groups == 1 else 'groups'} that {unseen}"
    return Check("groups", found, f"at least {least}", n_groups >= least)


def _majority(standing: Standing) -> Check:
    return Check(
        "majority",
        f"{standing.accuracy.value:.1%} of {standing.n_tracks} tracks right",
        f"above {standing.majority:.1%}, the most common genre",
        standing.accuracy.value > standing.majority,
    )


def _latency(latency_s: float, most_s: float) -> Check:
    found = f"{latency_s:.2f} s for a 30-s file"
    return Check("latency", found, f"at most {most_s:g} s", latency_s <= most_s)


def _difference(rival: Comparison | str, margin: float) -> Check:
    wanted = f"lower end above {points(-margin, sign=True)} points"
    if isinstance(rival, str):
        return Check("difference", rival, wanted, passed=False)
    told = in_points(rival.difference)
    return Check("difference", told, wanted, passed=rival.difference.low > -margin)
