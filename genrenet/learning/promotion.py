"""The promotion gate: whether a challenger may take the champion's place.

Both are judged by track, on the same tracks, of groups that neither has seen. The challenger need
not be shown to be better: it must not be worse by more than a margin.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from genrenet.errors import DataError, RefusedError
from genrenet.learning.comparison import Comparison, estimate, majority_share
from genrenet.learning.gate_checks import Check, Evidence, Standing, check_all
from genrenet.sections.train import Evaluate, Promote

Outcome = Literal["promoted", "refused", "forced"]


class PromotionError(RefusedError):
    """The challenger does not pass the gate; nothing but the record of that has changed."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What came out, and on which grounds.

    Attributes
    ----------
    checks : tuple of Check
        All of them have to pass.
    standing : Standing
        What the challenger reaches by itself.
    comparison : Comparison or None
        With the champion.
    latency_s : float
        How long an answer to a 30-s file takes, in s.
    gate : Promote
        What was asked for.
    draws : Evaluate
        Number of draws, confidence and seed of the intervals.
    """

    checks: tuple[Check, ...]
    standing: Standing
    comparison: Comparison | None
    latency_s: float
    gate: Promote
    draws: Evaluate

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
        draws = self.draws.model_dump(include={"bootstrap", "confidence", "seed"})
        return {**asdict(self), "gate": self.gate.model_dump(), "draws": draws}


def decide(
    answers: pd.DataFrame,
    evidence: Evidence,
    rival: Comparison | str | None,
    gate: Promote,
    draws: Evaluate,
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
        What is asked for.
    draws : Evaluate
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
    standing = Standing(
        accuracy=estimate(right, answers["group"], draws),
        majority=majority_share(answers),
        n_tracks=len(answers),
        n_groups=answers["group"].nunique(),
    )
    return Decision(
        checks=check_all(standing, set(answers["prediction"]), evidence, rival, gate),
        standing=standing,
        comparison=rival if isinstance(rival, Comparison) else None,
        latency_s=evidence.latency_s,
        gate=gate,
        draws=draws,
    )
