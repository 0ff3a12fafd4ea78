"""A study in MLflow: an experiment of its own, so that its figures do not stand among models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genrenet.settings import digest
from tasks.child_run import ChildRun, record_child
from tasks.experiment import EXPERIMENT
from tasks.origin import origin_tags
from tasks.run_page import describe
from tasks.tracking import connect, flat, open_run


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """What a study leaves in MLflow.

    Attributes
    ----------
    study : str
        Names the experiment: ``genrenet-<study>``.
    corpus : str
        Where the recordings are.
    settings : mapping
        What its trials share.
    trials : sequence of ChildRun
        What each of them came to.
    metrics : mapping of str to float
        Its figures.
    summary : str
        What came of it, in Markdown.
    files : list of Path
        Its report.
    links : mapping of str to str
        Pages of what made it, for its description.
    """

    study: str
    corpus: str
    settings: Mapping[str, Any]
    trials: Sequence[ChildRun]
    metrics: Mapping[str, float]
    summary: str
    files: list[Path]
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def run_digest(self) -> str:
        """Of all that its trials are made from."""
        return digest(sorted(trial.digest for trial in self.trials))

    @property
    def certificate(self) -> dict[str, str]:
        """What the audit says of its trials' splits: their levels, and a digest of all splits."""
        levels = {trial.tags["certificate.level"] for trial in self.trials}
        splits = sorted(trial.tags["certificate.digest"] for trial in self.trials)
        return {
            "certificate.level": ", ".join(sorted(levels)),
            "certificate.digest": digest(splits),
        }


def record_study(record: StudyRecord) -> str:
    """Put a study into its run, and its trials under it; its id. The same study is the same run."""
    experiment = f"{EXPERIMENT}-{record.study}"
    mlflow = connect(experiment)
    with open_run(record.run_digest, record.corpus, experiment=experiment) as run:
        mlflow.log_params(flat(record.settings))
        mlflow.set_tags(record.certificate | origin_tags())
        mlflow.log_metrics(dict(record.metrics))
        for trial in record.trials:
            record_child(mlflow, run, trial)
        for path in record.files:
            mlflow.log_artifact(str(path))
        describe(mlflow, run.info.run_id, record.summary, record.links)
        return str(run.info.run_id)
