"""The verdict: what became of a challenger, as tags, as JSON and as a message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genrenet.learning.comparison import in_percent, in_points
from genrenet.learning.promotion import Decision, Outcome

TAG = "promotion."
FORMER = f"{TAG}former"
"""The version that this one has replaced: what a rollback restores."""
DECISION = f"{TAG}decision"
"""The latest decision about a version."""
FORCED = f"{TAG}forced"
"""The reason for which the latest judgement was overruled; it stays as long as its figures do."""
INSTALLING = ("promoted", "forced", "restored")
"""The decisions that make a version the champion; no two versions have one at a time."""

WORDS = {
    "promoted": "is the champion",
    "forced": "is the champion, although it does not pass the gate",
    "refused": "does not pass the gate",
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A decision about one version of a model.

    Attributes
    ----------
    outcome : {'promoted', 'refused', 'forced'}
        What became of it.
    model, challenger : str
        The model's name, and the version's number.
    champion : str or None
        The number of the version that was the champion before.
    at : str
        When, in UTC.
    reason : str
        What the user gave as a reason.
    decision : Decision
        The grounds.
    remarks : sequence of str
        What a reader should know of the comparison.
    """

    outcome: Outcome
    model: str
    challenger: str
    champion: str | None
    at: str
    reason: str
    decision: Decision
    remarks: Sequence[str] = ()

    @property
    def tags(self) -> dict[str, str]:
        """All that the version's tags say of its promotion."""
        said = {
            DECISION: self.outcome,
            FORMER: "" if self.outcome == "refused" else self.champion,
            FORCED: self.reason if self.outcome == "forced" else "",
            f"{TAG}at": self.at,
            f"{TAG}reason": self.reason,
            f"{TAG}rival": self.champion,
            f"{TAG}failed": self.failed(),
            **_figures(self.decision.to_json(), TAG),
        }
        return {name: value for name, value in said.items() if value}

    def to_json(self) -> dict[str, Any]:
        """As a JSON value."""
        decision, remarks = self.decision.to_json(), list(self.remarks)
        return {**vars(self), "decision": decision, "remarks": remarks}

    def rows(self) -> list[dict[str, str]]:
        """The checks, for a table."""
        return [
            {**vars(check), "passed": "yes" if check.passed else "no"}
            for check in self.decision.checks
        ]

    def sentence(self) -> str:
        """What has happened, in one line."""
        decision, rival, beside = self.decision, self.decision.comparison, ""
        if rival:
            beside = (
                f"; beside version {self.champion}, on {rival.n_tracks} tracks of "
                f"{rival.n_groups} groups, {in_points(rival.difference)}"
            )
        forced = f" ({self.failed()})" if self.outcome == "forced" else ""
        return (
            f"version {self.challenger} of {self.model} {WORDS[self.outcome]}{forced}: "
            f"{in_percent(decision.standing.accuracy)} of {decision.standing.n_tracks} test tracks"
            f"{beside}"
        )

    def refusal(self) -> str:
        """Why it was refused, and what can be done."""
        grounds = "; ".join(
            f"{check.name}: {check.found}, wanted: {check.wanted}" for check in self.decision.failed
        )
        stays = (
            f"version {self.champion} stays the champion"
            if self.champion
            else "there is still no champion"
        )
        few = any(check.name == "groups" for check in self.decision.failed)
        cure = "Test by more groups" if few else "Train a better one"
        return (
            f"version {self.challenger} of {self.model} {WORDS['refused']}, {stays}. {grounds}. "
            f'{cure}, or promote it all the same: --force --reason "…" '
            "(in Prefect's form the fields force and reason)."
        )

    def failed(self) -> str:
        """Names of the checks that stand against it."""
        return ", ".join(check.name for check in self.decision.failed)


def _figures(decision: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """Every figure of a decision, under the name that it has in its JSON; levels by dots."""
    found: dict[str, str] = {}
    for name, value in decision.items():
        if isinstance(value, Mapping):
            found |= _figures(value, f"{prefix}{name}.")
        elif isinstance(value, int | float):
            found[prefix + name] = str(value) if isinstance(value, int) else f"{value:.4g}"
    return found
