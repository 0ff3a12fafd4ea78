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
from genrenet.corpus.audit import LeakError, audit, split_digest
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA, joined
from genrenet.corpus.quarantine import without_quarantined
from genrenet.corpus.tracks import read_catalog, read_table, write_table
from genrenet.features.shards import shard_paths
from genrenet.learning.answers import tally
from genrenet.learning.portions import PORTIONS_SCHEMA, counts, list_windows
from genrenet.params import Params
from genrenet.sections.train import Train
from genrenet.settings import digest
from tasks.child_run import ChildRun
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
    """One trial of a study.

    Attributes
    ----------
    portion : pd.DataFrame
        Its windows by side.
    seed : int
        Of its network.
    about : mapping
        What sets it apart from the study's other trials, the seed aside.
    """

    portion: pd.DataFrame
    seed: int
    about: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of a plan."""

    plan: Plan
    answers: pd.DataFrame
    report: TrialReport


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a study has found: figures as MLflow names them, and the verdict in Markdown."""

    metrics: Mapping[str, float]
    summary: str


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
            plan=plans[key],
            answers=pd.read_parquet(job.answers),
            report=reports[job.out],
        )
        for key, job in jobs.items()
    }


def record(
    study: str,
    found: Mapping[Any, Trial],
    tracks: pd.DataFrame,
    findings: Findings,
    params: Params,
    *,
    links: Mapping[str, str] | None = None,
) -> str:
    """Put a study's figures, files and trials into its MLflow run; the run's id.

    Parameters
    ----------
    study : str
        Its name.
    found : mapping to Trial
        What its plans came to.
    tracks : pd.DataFrame
        The corpus, as :func:`read_corpus` gives it.
    findings : Findings
        What came of it all.
    params : Params
        The settings.
    links : mapping of str to str, optional
        Pages of what made it, by stage, for the run's description.
    """
    return record_study(
        StudyRecord(
            study=study,
            corpus=params.corpus.path,
            settings={"train": _recipe(params).model_dump(mode="json")},
            trials=[_child(trial, tracks, params.corpus.group_level) for trial in found.values()],
            metrics=findings.metrics,
            summary=findings.summary,
            files=sorted(STUDIES.glob(f"{study}.*")),
            links=links or {},
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


def _child(trial: Trial, tracks: pd.DataFrame, level: str) -> ChildRun:
    """A trial as MLflow shows it under its study."""
    params = {**trial.plan.about, "seed": trial.plan.seed}
    return ChildRun(
        name="-".join(f"{name}-{value}" for name, value in params.items()),
        digest=trial.report.folder.name,
        params=params,
        history=trial.report.history,
        metrics={
            **accuracies(trial.answers, tracks),
            "n_epochs": trial.report.n_epochs,
            "best_epoch": trial.report.best_epoch,
            **{f"sizes/{name}": n for name, n in counts(trial.plan.portion).items()},
        },
        tags=_certificate(trial.plan.portion, tracks, level),
    )


def accuracies(answered: pd.DataFrame, tracks: pd.DataFrame) -> dict[str, float]:
    """How accurate each model is, by window and by track, as MLflow names it."""
    sums = tally(answered, tracks).groupby(["model", "unit"])[["n_right", "n"]].sum()
    shares = (sums["n_right"] / sums["n"]).round(6)
    return {f"{model}/{unit}/accuracy": share for (model, unit), share in shares.items()}


def _certificate(portion: pd.DataFrame, tracks: pd.DataFrame, level: str) -> dict[str, str]:
    """What the audit says of a trial's split; ``none`` where it leaks, as some are meant to."""
    sides = portion[["track_id", "split"]].drop_duplicates()
    rows = tracks.drop(columns="split").merge(sides, on="track_id")  # not the corpus' own
    try:
        proved = audit(rows, level).level
    except LeakError:
        proved = "none"
    return {"certificate.level": proved, "certificate.digest": split_digest(rows)}
