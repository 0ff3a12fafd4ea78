"""``python -m flows.promote [VERSION]``: a challenger becomes the champion, or is told why not."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from flows.engines import found_api
from flows.features import FEATURES, build
from flows.rebuild import workspace
from flows.stage import conclude, picture, run, say, step, table
from genrenet.corpus.audit import split_digest
from genrenet.corpus.layouts import corpus_folder
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import read_catalog, read_table
from genrenet.errors import DataError
from genrenet.features.plans import plan_shards
from genrenet.features.shards import read_footer
from genrenet.learning.promotion import (
    Comparison,
    Decision,
    Evidence,
    PromotionError,
    compare,
    decide,
)
from genrenet.learning.provenance import unseen
from genrenet.learning.verdict import (
    DECISION,
    FORMER,
    INSTALLING,
    TAG,
    Verdict,
    rollback_page,
)
from genrenet.params import Params, read_params
from genrenet.sections.features import Preprocessing
from genrenet.serving.bundle import write_json
from tasks.extraction import sources
from tasks.fanout import absolute
from tasks.promotion import measure_latency, new_answers, stored_answers
from tasks.registry import CHALLENGER
from tasks.versions import (
    CHAMPION,
    Held,
    Version,
    add_files,
    find_champion,
    find_version,
    find_versions,
    held_by,
    replace_tags,
    set_champion,
)

WORK = Path("data/promotion")  # shards of another specification, until its model has answered
JSON, PAGE, FIGURE = "decision.json", "decision.md", "decision.png"
ROLLED_BACK = "rolled back"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    version: Annotated[
        str | None, typer.Argument(help="A version's number or alias; the challenger if none.")
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also one that does not pass; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the decision.")] = "",
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Restore the version that the champion replaced.")
    ] = False,
    corpus: Annotated[
        str | None, typer.Option(help="A further corpus, in corpora/; else the current folder's.")
    ] = None,
) -> None:
    """Make a version the champion if it is not worse than the present one."""

    def work() -> None:
        if api := found_api():
            os.environ["PREFECT_API_URL"] = api
        with workspace(corpus):
            run(promote, read_params(), version, force=force, reason=reason, rollback=rollback)

    raise typer.Exit(conclude(work))


def promote(
    params: Params,
    version: str | None = None,
    force: bool = False,
    reason: str = "",
    rollback: bool = False,
) -> None:
    """Judge a version beside the champion, and let it take its place if it passes.

    Parameters
    ----------
    params : Params
        The settings.
    version : str or None
        Number or alias; None: the challenger.
    force : bool
        Whether it becomes the champion although it does not pass.
    reason : str
        Why; it is kept with the decision.
    rollback : bool
        Whether, instead, the version that the champion has replaced takes its place again.

    Raises
    ------
    PromotionError
        It does not pass; that is recorded and nothing else is changed. Or it is the challenger
        that was rolled back, and nobody named it.
    DataError
        There is no such version, or it cannot be judged.
    """
    _check_request(version, force=force, reason=reason, rollback=rollback)
    name = params.register_.name
    if rollback:
        step(roll_back)(name, reason)
        return
    challenger, champion = find_version(name, version or CHALLENGER), find_champion(name)
    if champion and champion.number == challenger.number:
        say(f"promote: nothing to do: version {champion.number} of {name} is the champion already")
        return
    if not version and challenger.tags.get(DECISION) == ROLLED_BACK:
        raise PromotionError(
            f"version {challenger.number} of {name}, the {CHALLENGER}, was rolled back, and is not "
            "promoted again unasked. Train a better one, or promote it all the same: "
            f"python -m flows.promote {challenger.number}."
        )
    decision, remarks = step(judge)(challenger, champion, params)
    verdict = Verdict(
        outcome=decision.outcome(force=force),
        model=name,
        challenger=challenger.number,
        champion=champion.number if champion else None,
        at=_now(),
        reason=reason.strip(),
        decision=decision,
        remarks=remarks,
    )
    table("promotion", verdict.rows(), description=verdict.sentence())
    step(record)(verdict, challenger, params.promote.margin)
    if verdict.outcome == "refused":
        raise PromotionError(verdict.refusal())
    say(f"promote: {verdict.sentence()}")


def judge(
    challenger: Version, champion: Version | None, params: Params
) -> tuple[Decision, list[str]]:
    """Put a version to every check; the decision, and what to know of the comparison.

    Raises
    ------
    DataError
        The version's files cannot be read, or nothing is left to judge it by.
    """
    splits = read_table(SPLITS, SPLITS_SCHEMA)
    remarks: list[str] = []
    with _no_shards_left(), held_by(challenger) as held:
        answers = answered(held, unseen(splits, held.seen), splits, params)
        remarks += _remarks("challenger", held, splits)
        rival: Comparison | str | None = None
        if champion:
            rival = beside(champion, answers, splits, params, remarks)
        evidence = Evidence(
            certificate=held.split,
            split=split_digest(splits),
            labels=held.bundle.labels,
            seeds=held.seeds,
            latency_s=measure_latency(held),
        )
    return decide(answers, evidence, rival, params.promote, params.evaluate), remarks


def beside(
    champion: Version,
    answers: pd.DataFrame,
    splits: pd.DataFrame,
    params: Params,
    remarks: list[str],
) -> Comparison | str:
    """The comparison with the champion on what neither has seen, or why there can be none."""
    try:
        with held_by(champion) as held:
            remarks += _remarks("champion", held, splits)
            tracks = unseen(splits, held.seen)
            tracks = tracks[tracks["track_id"].isin(answers["track_id"])].reset_index(drop=True)
            if tracks.empty:
                return "no test group is left that neither has seen"
            found = compare(answers, answered(held, tracks, splits, params), params.evaluate)
            return found or "no track is left that both can answer"
    except DataError as error:
        return f"the champion cannot be asked: {error}"


def answered(
    held: Held, tracks: pd.DataFrame, splits: pd.DataFrame, params: Params
) -> pd.DataFrame:
    """What a version answers to tracks: as its report says, else asked anew."""
    if tracks.empty:
        return tracks.assign(prediction="")
    stored = stored_answers(held, tracks, split_digest(splits))
    if stored is not None:
        return stored
    return new_answers(held, tracks, shards_of(tracks, held.bundle.specification, params))


def shards_of(tracks: pd.DataFrame, spec: Preprocessing, params: Params) -> list[Path]:
    """Shards that hold the tracks under a specification: the pipeline's, else made for it."""
    present = sorted(FEATURES.glob("shard-*.parquet"))
    if present and all(read_footer(path)["specification_hash"] == spec.hash for path in present):
        return present
    catalog = read_catalog()
    plans = plan_shards(
        sources(
            catalog[catalog["track_id"].isin(tracks["track_id"])], corpus_folder(params.corpus)
        ),
        absolute(WORK / spec.hash),
        spec,
        n_shards=params.features.n_shards,
    )
    build("promote", absolute(WORK / spec.hash), plans, params)
    return [plan.path for plan in plans]


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
    restored, at = find_version(name, leaving.tags[FORMER]), _now()
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


def _check_request(version: str | None, *, force: bool, reason: str, rollback: bool) -> None:
    if rollback and (force or version):
        raise DataError(
            "--rollback restores the version that the champion replaced: give it neither VERSION "
            "nor --force."
        )
    if force and not reason.strip():
        raise DataError(
            "--force makes a version the champion that does not pass the gate, and needs a reason "
            'that is kept: --reason "…".'
        )


def _remarks(who: str, held: Held, splits: pd.DataFrame) -> Iterator[str]:
    """What a reader should know of how a version was asked."""
    if held.split == split_digest(splits):
        return
    test = splits[splits["split"] == "test"]
    left_out = len(test) - len(unseen(splits, held.seen))
    unknown = len(held.seen - set(splits["track_id"]))
    yield (
        f"The {who} is of another split ({held.split}) and was asked anew; {left_out} of "
        f"{len(test)} test tracks are of groups that it has seen, and left out."
    )
    if unknown:
        yield (
            f"{unknown} tracks that the {who} has seen are not in the present split, and nobody "
            "knows their groups: where such a group is tested under another name, it counts as "
            "unseen."
        )


def _retire_others(version: Version, at: str) -> None:
    """Let no other version say that it is the champion: one that is nevertheless is so by hand."""
    for other in find_versions(version.name):
        if other.number != version.number and other.tags.get(DECISION) in INSTALLING:
            replace_tags(other, _redecided(other.tags, "replaced", at, ""), TAG)


@contextmanager
def _no_shards_left() -> Iterator[None]:
    """Drop the shards of other specifications, however the work with them ends."""
    try:
        yield
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


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


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    app()
