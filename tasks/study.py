"""A study in MLflow: an experiment of its own, so that its figures do not stand among models."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.tracking import EXPERIMENT, connect, flat, open_run


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """What a study leaves in MLflow.

    Attributes
    ----------
    study : str
        Names the experiment: ``genrenet-<study>``.
    run_digest : str
        Of all that its trials are made from.
    corpus : str
        Where the recordings are.
    settings : mapping
        What its trials share.
    metrics : mapping of str to float
        Its figures.
    files : list of Path
        Its report.
    """

    study: str
    run_digest: str
    corpus: str
    settings: Mapping[str, Any]
    metrics: Mapping[str, float]
    files: list[Path]


def record_study(record: StudyRecord) -> str:
    """Put a study into its run; its id. The same study is the same run."""
    experiment = f"{EXPERIMENT}-{record.study}"
    mlflow = connect(experiment)
    with open_run(record.run_digest, record.corpus, experiment=experiment) as run:
        mlflow.log_params(flat(record.settings))
        mlflow.log_metrics(dict(record.metrics))
        for path in record.files:
            mlflow.log_artifact(str(path))
        return str(run.info.run_id)
