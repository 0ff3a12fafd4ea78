"""The studies: what the leakage price tag and the cross-validation have in common.

A study trains many networks on portions of the corpus, beside the main line: it leaves figures and
no model.
"""

import shutil
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from flows.features import FEATURES
from flows.stage import progress
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA, joined
from genrenet.corpus.quarantine import without_quarantined
from genrenet.corpus.tracks import read_catalog, read_table, write_table
from genrenet.features.shards import shard_paths
from genrenet.learning.portions import PORTIONS_SCHEMA, list_windows
from genrenet.params import Params, Train
from genrenet.settings import digest
from tasks.fanout import absolute, fan_out
from tasks.study import StudyRecord, record_study
from tasks.train import read_footers
from tasks.trial import TrialJob, TrialReport, run_trial

Key = TypeVar("Key", bound=Hashable)

STUDIES = Path("reports/studies")
WORK = Path("data/studies")  # the trials' answers until the study is done
TRIAL_S = 30.0  # core-seconds that a trial costs at least; more than starting Ray


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One trial of a study: its windows by side, and its network's seed."""

    portion: pd.DataFrame
    seed: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of a plan."""

    portion: pd.DataFrame
    answers: pd.DataFrame
    report: TrialReport


def read_corpus() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The usable tracks, groups that duplicates connect joined, and every window of them."""
    pairs = read_table(DUPLICATES, DUPLICATES_SCHEMA)
    tracks = joined(without_quarantined(read_catalog()), pairs)
    return tracks, list_windows(shard_paths(FEATURES), tracks)


def run_trials(study: str, plans: Mapping[Key, Plan], params: Params) -> dict[Key, Trial]:
    """Do every plan; what a run that was cut off has finished is not done again.

    Raises
    ------
    DataError
        The shards were made under another specification.
    """
    footers = read_footers(shard_paths(FEATURES), params.features.specification)
    data = digest(sorted(digest(footer) for footer in footers.values()))
    jobs = {key: _job(WORK / study, plan, data, params) for key, plan in plans.items()}
    work = fan_out(
        run_trial,
        list(jobs.values()),
        compute=params.compute,
        estimate_s=TRIAL_S * len(jobs),
        n_threads=params.compute.threads_per_seed,
    )
    reports = {}
    with progress(study, total=len(jobs), unit="trials") as advance:
        for report in work:
            reports[report.folder] = report
            advance(1)
    return {
        key: Trial(
            portion=plans[key].portion,
            answers=pd.read_parquet(job.answers),
            report=reports[job.out],
        )
        for key, job in jobs.items()
    }


def record(
    study: str, found: Mapping[Any, Trial], metrics: Mapping[str, float], params: Params
) -> None:
    """Put a study's figures and files into its MLflow run."""
    record_study(
        StudyRecord(
            study=study,
            run_digest=digest(sorted(trial.report.folder.name for trial in found.values())),
            corpus=params.corpus.path,
            settings={"train": _recipe(params).model_dump(mode="json")},
            metrics=metrics,
            files=sorted(STUDIES.glob(f"{study}.*")),
        )
    )


def tidy(study: str) -> None:
    """Remove what a finished study's trials left."""
    shutil.rmtree(WORK / study, ignore_errors=True)


def _job(folder: Path, plan: Plan, data: str, params: Params) -> TrialJob:
    """A plan's job, in a folder named for all that decides it."""
    spec, settings = params.features.specification, _recipe(params)
    about = [data, settings.model_dump(mode="json"), plan.seed, plan.portion.to_dict("list")]
    out = absolute(folder / digest(about))
    portion = out / "portion.parquet"
    write_table(plan.portion, portion, PORTIONS_SCHEMA)
    return TrialJob(
        features=absolute(FEATURES),
        portion=portion,
        spec=spec,
        settings=settings,
        seed=plan.seed,
        out=out,
        n_threads=params.compute.threads_per_seed,
    )


def _recipe(params: Params) -> Train:
    """The main line's recipe, with the studies' epochs."""
    return params.train.model_copy(update={"epochs": params.studies.epochs})
