"""The verdict: what became of a challenger, as tags, as JSON and as a page."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from genrenet.learning.promotion import Comparison, Decision, Estimate, Outcome, in_points
from genrenet.markdown import plain, table

TAG = "promotion."
FORMER = f"{TAG}former"
"""The version that this one has replaced: what a rollback restores."""
DECISION = f"{TAG}decision"
"""The latest decision about a version."""
INSTALLING = ("promoted", "forced", "restored")
"""The decisions that make a version the champion; no two versions have one at a time."""
LONGEST = 1_000  # letters of a reason or a finding on the page
COLUMNS = ("name", "found", "wanted", "passed")

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
        rival = self.decision.comparison
        judged: Decision | Comparison = rival or self.decision
        compared = {"mcnemar_p": f"{rival.mcnemar_p:.4g}"} if rival else {}
        for name, share in (vars(rival.difference) if rival else {}).items():
            compared["difference" if name == "value" else name] = f"{share:.4f}"
        said = {
            "decision": self.outcome,
            "at": self.at,
            "reason": self.reason,
            "accuracy": f"{self.decision.accuracy.value:.4f}",
            "n_tracks": str(judged.n_tracks),
            "n_groups": str(judged.n_groups),
            "latency_s": f"{self.decision.latency_s:.3f}",
            "failed": ", ".join(check.name for check in self.decision.failed),
            **compared,
        }
        former = {FORMER: self.champion} if self.champion and self.outcome != "refused" else {}
        return {TAG + name: value for name, value in said.items() if value} | former

    def to_json(self) -> dict[str, Any]:
        """As a JSON value."""
        return {**asdict(self), "remarks": list(self.remarks)}

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
        return (
            f"version {self.challenger} of {self.model} {WORDS[self.outcome]}: "
            f"{_percent(decision.accuracy)} of {decision.n_tracks} test tracks{beside}"
        )

    def refusal(self) -> str:
        """Why it was refused, and what can be done."""
        grounds = "; ".join(
            f"{check.name}: {check.found}, wanted: {check.wanted}" for check in self.decision.failed
        )
        stays = f"version {self.champion} stays the champion" if self.champion else "no champion is"
        return (
            f"version {self.challenger} of {self.model} {WORDS['refused']}, {stays}. {grounds}. "
            'Train a better one, or promote it all the same: --force --reason "…".'
        )

    def page(self, figure: str) -> str:
        """The page in Markdown; ``figure`` names the picture beside it: MLflow would show none."""
        checks = ([plain(row[name], LONGEST) for name in COLUMNS] for row in self.rows())
        lines = [
            f"# {plain(self.model)}, version {self.challenger}: {self.outcome}",
            "",
            f"Version {self.challenger} **{WORDS[self.outcome]}**. {self._others()}",
            "",
            *([f"Reason given: {plain(self.reason, LONGEST)}", ""] if self.reason else []),
            *table(COLUMNS, checks, n_texts=len(COLUMNS)),
            "",
            *self._comparison(),
            *(line for remark in self.remarks for line in (remark, "")),
            f"Decided at {self.at}. The figure is `{figure}`, beside this page.",
            "",
        ]
        return "\n".join(lines)

    def _others(self) -> str:
        if self.champion is None:
            return "There was no champion before it, so nothing is compared."
        if self.outcome == "refused":
            return f"Version {self.champion} stays the champion."
        return f"Version {self.champion} was the champion before it; a rollback restores that one."

    def _comparison(self) -> list[str]:
        rival = self.decision.comparison
        if rival is None:
            return []
        rows = [
            [f"challenger, version {self.challenger}", _percent(rival.challenger)],
            [f"champion, version {self.champion}", _percent(rival.champion)],
            ["difference", in_points(rival.difference)],
        ]
        return [
            *table(["", "accuracy (interval over groups)"], rows),
            "",
            f"Both on the same {rival.n_tracks} test tracks of {rival.n_groups} groups that "
            f"neither has seen. The challenger alone is right on {rival.only_challenger}, the "
            f"champion alone on {rival.only_champion}: McNemar's exact test gives "
            f"p = {rival.mcnemar_p:.3g}, taking the tracks as independent. The intervals draw "
            "whole groups, the same ones for both.",
            "",
        ]


def rollback_page(model: str, *, leaving: str, restored: str, at: str, reason: str) -> str:
    """What is kept of a rollback, in Markdown."""
    lines = [
        f"# {plain(model)}, version {leaving}: rolled back",
        "",
        f"Version {restored}, which version {leaving} had replaced, **is the champion again**.",
        "",
        *([f"Reason given: {plain(reason, LONGEST)}", ""] if reason else []),
        f"Decided at {at}.",
        "",
    ]
    return "\n".join(lines)


def _percent(share: Estimate) -> str:
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"
