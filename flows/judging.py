"""A version of the model and the champion, asked for the same tracks, and what comes of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from flows.features import FEATURES, build
from genrenet.corpus.audit import split_digest
from genrenet.corpus.layouts import corpus_folder
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import read_catalog, read_table
from genrenet.errors import DataError
from genrenet.features.plans import plan_shards
from genrenet.features.shards import read_footer
from genrenet.learning.comparison import Comparison, compare
from genrenet.learning.gate_checks import Evidence
from genrenet.learning.promotion import Decision, decide
from genrenet.learning.provenance import unseen
from genrenet.markdown import plain
from genrenet.params import Params
from genrenet.sections.features import Preprocessing
from tasks.extraction import sources
from tasks.fanout import absolute
from tasks.promotion import UNANSWERED, measure_latency, new_answers, stored_answers
from tasks.versions import Held, Version, held_by

WORK = Path("data/promotion")  # shards of another specification, until its model has answered
SHOWN = 5  # track ids in a message


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
        remarks += [*_remarks("challenger", held, splits), *_silence("challenger", answers)]
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
            found = answered(held, tracks, splits, params)
            remarks += _silence("champion", found)
            return compare(answers, found, params.evaluate)
    except DataError as error:
        return f"the champion cannot be asked: {error}"


def answered(
    held: Held, tracks: pd.DataFrame, splits: pd.DataFrame, params: Params
) -> pd.DataFrame:
    """What a version answers to tracks: as its report says, else asked anew.

    Raises
    ------
    DataError
        It cannot answer more of them than may be bad in a corpus.
    """
    if tracks.empty:
        return tracks.assign(prediction=UNANSWERED)
    stored = stored_answers(held, tracks, split_digest(splits))
    if stored is not None:
        return stored
    found = new_answers(held, tracks, shards_of(tracks, held.bundle.specification, params))
    silent, most = tracks[found["prediction"] == UNANSWERED], params.corpus.max_bad_share
    if len(silent) > most * len(tracks):
        raise DataError(
            f"{len(silent)} of {len(tracks)} test tracks cannot be heard under the specification "
            f"{held.bundle.specification_hash}, more than corpus.max_bad_share = {most:g} allows: "
            f"{_first(silent)}. Bring the recordings back, or rebuild without them: dvc repro."
        )
    return found


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


def _silence(who: str, answers: pd.DataFrame) -> Iterator[str]:
    """That some tracks were not answered, if so."""
    silent = answers[answers["prediction"] == UNANSWERED]
    if len(silent):
        yield (
            f"{len(silent)} of {len(answers)} test tracks cannot be heard by the {who}'s "
            f"specification, and count as wrong answers of it: {plain(_first(silent))}."
        )


def _first(tracks: pd.DataFrame) -> str:
    ids = list(tracks["track_id"])
    return ", ".join(ids[:SHOWN]) + (" …" if len(ids) > SHOWN else "")


@contextmanager
def _no_shards_left() -> Iterator[None]:
    """Drop the shards of other specifications, however the work with them ends."""
    try:
        yield
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
