"""Who is champion after a decision, and what is kept of it."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flows.stage import picture, say
from genrenet.errors import DataError
from genrenet.learning.verdict import (
    DECISION,
    FORMER,
    INSTALLING,
    TAG,
    Verdict,
    rollback_page,
)
from genrenet.serving.bundle import write_json
from tasks.versions import (
    CHAMPION,
    Version,
    add_files,
    find_champion,
    find_version,
    find_versions,
    replace_tags,
    set_champion,
)

JSON, PAGE, FIGURE = "decision.json", "decision.md", "decision.png"
ROLLED_BACK = "rolled back"


def record(verdict: Verdict, version: Version, margin: float) -> None:
    """Keep a verdict with the version, and let it become the champion if it says so."""
    from genrenet.learning.promotion_plots import promotion_figure

    beside_whom = f", beside version {verdict.champion}" if verdict.champion else ""
    title = f"{verdict.model}, version {verdict.challenger}{beside_whom}: {verdict.outcome}"
    with tempfile.TemporaryDirectory(prefix="genrenet-") as folder:
        write_json(verdict.to_json(), Path(folder, JSON))
        Path(folder, PAGE).write_text(verdict.page(FIGURE), "utf-8")
        picture(
            promotion_figure(verdict.decision, margin=margin, title=title),
            Path(folder, FIGURE),
            key="promotion-figure",
        )
        _keep(version, Path(folder), verdict.outcome, verdict.at)
    refused = verdict.outcome == "refused"
    former = {k: v for k, v in version.tags.items() if k == FORMER} if refused else {}
    replace_tags(version, {**former, **verdict.tags}, TAG)
    if not refused:
        _retire_others(version, verdict.at)
        set_champion(version)  # the last: a record that was cut off is made anew


def roll_back(name: str, reason: str) -> None:
    """Make the version the champion that the present one has replaced.

    Raises
    ------
    DataError
        There is no champion, or none before it.
    """
    leaving = find_champion(name)
    if leaving is None:
        raise DataError(f"{name} has no champion: there is nothing to roll back.")
    if leaving.tags.get(DECISION) not in INSTALLING or FORMER not in leaving.tags:
        raise DataError(
            f"version {leaving.number} of {name}, the champion, is it by no promotion that "
            "replaced another: there is no former champion to restore. Promote the one that you "
            "want: python -m flows.promote VERSION."
        )
    restored, at = find_version(name, leaving.tags[FORMER]), now()
    with tempfile.TemporaryDirectory(prefix="genrenet-") as folder:
        page = rollback_page(
            name, leaving=leaving.number, restored=restored.number, at=at, reason=reason
        )
        Path(folder, PAGE).write_text(page, "utf-8")
        _keep(leaving, Path(folder), ROLLED_BACK, at)
    for version, decision in ((leaving, ROLLED_BACK), (restored, "restored")):
        replace_tags(version, _redecided(version.tags, decision, at, reason), TAG)
    set_champion(restored)
    say(
        f"promote: version {restored.number} of {name} is the {CHAMPION} again; version "
        f"{leaving.number} is rolled back"
    )


def _retire_others(version: Version, at: str) -> None:
    """Let no other version say that it is the champion: one that is nevertheless is so by hand."""
    for other in find_versions(version.name):
        if other.number != version.number and other.tags.get(DECISION) in INSTALLING:
            replace_tags(other, _redecided(other.tags, "replaced", at, ""), TAG)


def _redecided(tags: Mapping[str, str], decision: str, at: str, reason: str) -> dict[str, str]:
    """What the tags of a version say after a new decision on its place: its figures stay."""
    said = {"decision": decision, "at": at, "reason": reason.strip(), "failed": ""}
    before = {key: value for key, value in tags.items() if key.startswith(TAG)}
    changed = before | {TAG + name: value for name, value in said.items()}
    return {key: value for key, value in changed.items() if value}


def _keep(version: Version, folder: Path, outcome: str, at: str) -> None:
    """Put files into the version's run, beside those of other decisions and versions."""
    place = f"promotion/v{version.number} {outcome} {at.replace(':', '-')}"
    try:
        add_files(version, folder, place)
    except DataError as error:  # its run was deleted
        say(f"promote: warning: the tags tell of the decision, but its page is not kept: {error}")


def now() -> str:
    """The time, as tags and pages have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
