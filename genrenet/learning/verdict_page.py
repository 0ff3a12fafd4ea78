"""What is kept of a decision, as a page in Markdown."""

from genrenet.learning.comparison import in_percent, in_points
from genrenet.learning.verdict import WORDS, Verdict
from genrenet.markdown import plain, table

LONGEST = 1_000  # letters of a reason or a finding
COLUMNS = ("name", "found", "wanted", "passed")


def verdict_page(verdict: Verdict, figure: str) -> str:
    """The page of a verdict; ``figure`` names the picture beside it: MLflow would show none."""
    checks = ([plain(row[name], LONGEST) for name in COLUMNS] for row in verdict.rows())
    against = f" ({verdict.failed()})" if verdict.failed() else ""
    lines = [
        f"# {plain(verdict.model)}, version {verdict.challenger}: {verdict.outcome}",
        "",
        f"Version {verdict.challenger} **{WORDS[verdict.outcome]}**{against}. {_others(verdict)}",
        "",
        *_reason(verdict.reason),
        *table(COLUMNS, checks, n_texts=len(COLUMNS)),
        "",
        *_standing(verdict),
        *_comparison(verdict),
        *(line for remark in verdict.remarks for line in (remark, "")),
        f"Decided at {verdict.at}. The figure is `{figure}`, beside this page.",
        "",
    ]
    return "\n".join(lines)


def rollback_page(model: str, *, leaving: str, restored: str, at: str, reason: str) -> str:
    """The page of a rollback."""
    lines = [
        f"# {plain(model)}: from version {leaving} back to version {restored}",
        "",
        f"Version {restored}, which version {leaving} had replaced, **is the champion again**; "
        f"version {leaving} is rolled back.",
        "",
        *_reason(reason),
        f"Decided at {at}.",
        "",
    ]
    return "\n".join(lines)


def _reason(reason: str) -> list[str]:
    return [f"Reason given: {plain(reason, LONGEST)}", ""] if reason else []


def _others(verdict: Verdict) -> str:
    if verdict.champion is None:
        return "There was no champion before it, so nothing is compared."
    if verdict.outcome == "refused":
        return f"Version {verdict.champion} stays the champion."
    return f"Version {verdict.champion} was the champion before it; a rollback restores that one."


def _standing(verdict: Verdict) -> list[str]:
    found, draws = verdict.decision.standing, verdict.decision.draws
    return [
        f"Of all {found.n_tracks} test tracks of the {found.n_groups} groups that it has not seen "
        f"it answers {in_percent(found.accuracy)} rightly; the most common genre is "
        f"{found.majority:.1%}. Intervals, here and below, hold the middle "
        f"{100 * draws.confidence:.3g} % of {draws.bootstrap} draws of whole groups.",
        "",
    ]


def _comparison(verdict: Verdict) -> list[str]:
    rival = verdict.decision.comparison
    if rival is None:
        return []
    rows = [
        [f"challenger, version {verdict.challenger}", in_percent(rival.challenger)],
        [f"champion, version {verdict.champion}", in_percent(rival.champion)],
        ["difference", in_points(rival.difference)],
    ]
    return [
        *table(["", "accuracy (interval over groups)"], rows),
        "",
        f"Both on the same {rival.n_tracks} test tracks of {rival.n_groups} groups that neither "
        f"has seen. The challenger alone is right on {rival.only_challenger}, the champion alone "
        f"on {rival.only_champion}: McNemar's exact test gives p = {rival.mcnemar_p:.3g}, taking "
        f"the tracks as independent. The most common genre of these tracks is {rival.majority:.1%}."
        " The draws are the same for both.",
        "",
    ]
