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
)
from genrenet.learning.verdict_page import rollback_page, verdict_page
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
ROLLED_BACK, RESTORED, REPLACED = "rolled back", "restored", "replaced"


def record(verdict: Verdict, version: Version) -> None:
    """Keep a verdict with the version, and let it become the champion if it says so.

    Raises
    ------
    DataError
        The champion is no longer the one that the verdict is about; nothing is changed.
    """
    from genrenet.learning.promotion_plots import promotion_figure

    beside_whom = f", beside version {verdict.champion}" if verdict.champion else ""
    title = f"{verdict.model}, version {verdict.challenger}{beside_whom}: {verdict.outcome}"
    figure = promotion_figure(verdict.decision, title=title)
    again = f"python -m flows.promote {verdict.challenger}"
    _check_unmoved(verdict.model, verdict.champion, again)  # the last look before the first change
    with tempfile.TemporaryDirectory(prefix="genrenet-") as folder:
        write_json(verdict.to_json(), Path(folder, JSON))
        Path(folder, PAGE).write_text(verdict_page(verdict, FIGURE), "utf-8")
        picture(figure, Path(folder, FIGURE), key="promotion-figure")
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
            f"version {leaving.number} of {name} is the champion, but not by a promotion that "
            "replaced another: there is no former champion to restore. Promote the one that you "
            "want: python -m flows.promote VERSION."
        )
    restored, at = find_version(name, leaving.tags[FORMER]), now()
    with tempfile.TemporaryDirectory(prefix="genrenet-") as folder:
        page = rollback_page(
            name, leaving=leaving.number, restored=restored.number, at=at, reason=reason
        )
        Path(folder, PAGE).write_text(page, "utf-8")
        for version, decision, other in (
            (leaving, ROLLED_BACK, {"successor": restored.number}),
            (restored, RESTORED, {"restored_from": leaving.number}),
        ):
            _keep(version, Path(folder), decision, at)
            tags = _redecided(version.tags, decision=decision, at=at, reason=reason, **other)
            replace_tags(version, tags, TAG)
    set_champion(restored)
    say(
        f"promote: version {restored.number} of {name} is the {CHAMPION} again; version "
        f"{leaving.number} is rolled back"
    )


def _retire_others(version: Version, at: str) -> None:
    """Let no other version say that it is the champion: one that is nevertheless is so by hand."""
    for other in find_versions(version.name):
        if other.number != version.number and other.tags.get(DECISION) in INSTALLING:
            tags = _redecided(other.tags, decision=REPLACED, at=at, successor=version.number)
            replace_tags(other, tags, TAG)


def _redecided(
    tags: Mapping[str, str],
    *,
    decision: str,
    at: str,
    reason: str = "",
    successor: str = "",
    restored_from: str = "",
) -> dict[str, str]:
    """What the tags of a version say after a new decision on its place.

    What it was judged by stays: figures, failed checks, and why these were overruled.
    """
    said = {
        "decision": decision,
        "at": at,
        "reason": reason,
        "successor": successor,
        "restored_from": restored_from,
    }
    before = {key: value for key, value in tags.items() if key.startswith(TAG)}
    changed = before | {TAG + name: value for name, value in said.items()}
    return {key: value for key, value in changed.items() if value}


def _check_unmoved(name: str, expected: str | None, again: str) -> None:
    """Refuse to go on where somebody has moved the alias since it was read."""
    found = find_champion(name)
    number = found.number if found else None
    if number != expected:
        was, now_is = (f"version {one}" if one else "none" for one in (expected, number))
        raise DataError(
            f"the champion of {name} was {was} when this was decided, and is {now_is} now: "
            f"somebody has moved the alias meanwhile. Nothing is changed. Decide anew: {again}."
        )


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
