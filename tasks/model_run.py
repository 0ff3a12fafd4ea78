"""The run of a model in MLflow: what its bundle says of its training, and its report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genrenet.serving.bundle import Bundle, certificate_of
from genrenet.settings import digest
from tasks.child_run import CONTENT, ChildRun, record_child
from tasks.origin import dataset, origin_tags
from tasks.run_page import describe, model_summary
from tasks.tracking import connect, corpus_name, flat, open_run

REPORT = "report"
"""The folder of a run that holds the report's pages and tables."""


def record_training(
    bundle: Bundle,
    content: str,
    seeds: list[dict[str, Any]],
    *,
    ended_ms: Mapping[int, list[int]] | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """Put what a bundle says of its training into its run, once; the run's id.

    Its figures go into the seeds' children. The run itself gets none before the evaluation's: the
    UI compares runs by the first.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    content : str
        Its hash.
    seeds : list of dict
        Its ``history.json``.
    ended_ms : mapping of int to list of int, optional
        When each seed's epochs ended, in ms since 1970; a run that is made again has no such times.
    links : mapping of str to str, optional
        Pages of what made it, by stage, for its description; each call adds its own.
    """
    mlflow = connect()
    with open_run(bundle.run_digest, bundle.params.corpus.path, content=content) as run:
        if CONTENT not in run.data.tags:
            mlflow.log_params(flat(bundle.params.model_dump(mode="json")))
            mlflow.set_tags(_tags(bundle))
            name = corpus_name(bundle.params.corpus.path)
            mlflow.log_input(dataset(name, bundle.data_fingerprint), context="training")
            for seed in seeds:
                child = _seed(bundle, seed, (ended_ms or {}).get(seed["seed"]))
                record_child(mlflow, run, child)
            mlflow.set_tag(CONTENT, content)  # the last: a record that was cut off is made anew
        _describe(mlflow, bundle, run.info.run_id, links)
        return str(run.info.run_id)


def record_evaluation(
    bundle: Bundle,
    content: str,
    metrics: Mapping[str, float],
    files: list[Path],
    *,
    links: Mapping[str, str] | None = None,
) -> str:
    """Put metrics and report files into the bundle's run; its id.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    content : str
        Its hash.
    metrics : mapping of str to float
        ``unit/name``: MLflow's UI shows them by unit. The first one is what it compares runs by.
    files : list of Path
        The report; pictures go among the figures.
    links : mapping of str to str, optional
        As in :func:`record_training`.
    """
    mlflow = connect()
    corpus = bundle.params.corpus.path
    with open_run(bundle.run_digest, corpus, content=content) as run:
        tested = digest([bundle.data_fingerprint, certificate_of(bundle).digest, "test"])
        mlflow.log_input(dataset(f"{corpus_name(corpus)}-test", tested), context="evaluation")
        mlflow.log_metrics(dict(metrics))
        for path in files:
            mlflow.log_artifact(str(path), "figures" if path.suffix == ".png" else REPORT)
        _describe(mlflow, bundle, run.info.run_id, links)
        return str(run.info.run_id)


def seed_metrics(seeds: list[dict[str, Any]]) -> dict[str, float]:
    """Mean and standard deviation over seeds of the figures at their best epochs."""
    best = [{k: v[s["best_epoch"] - 1] for k, v in s["history"].items()} for s in seeds]
    return {
        f"training/{name}_{kind}": round(float(function([figures[name] for figures in best])), 6)
        for name in best[0]
        for kind, function in (("mean", np.mean), ("sd", np.std))
    }


def _tags(bundle: Bundle) -> dict[str, str]:
    certificate = certificate_of(bundle)
    return {
        "certificate.level": certificate.level,
        "certificate.digest": certificate.digest,
        "specification": bundle.specification_hash,
        "data": bundle.data_fingerprint,
        **origin_tags(),
    }


def _seed(bundle: Bundle, seed: Mapping[str, Any], ended_ms: list[int] | None) -> ChildRun:
    return ChildRun(
        name=f"seed-{seed['seed']}",
        digest=digest([bundle.run_digest, seed["seed"]]),
        params={"seed": seed["seed"], "best_epoch": seed["best_epoch"]},
        history=seed["history"],
        ended_ms=ended_ms,
    )


def _describe(mlflow: Any, bundle: Bundle, run_id: str, links: Mapping[str, str] | None) -> None:
    certificate = certificate_of(bundle)
    figures = mlflow.get_run(run_id).data.metrics
    summary = model_summary(figures, level=certificate.level, split=certificate.digest)
    describe(mlflow, run_id, summary, links or {})
