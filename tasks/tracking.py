"""MLflow: what was learned, found by digest.

A run is found by what it was made from (tag ``genrenet.digest``) and by the bundle that came of it
(tag ``genrenet.content``), never by a stored id: the same bundle is the same run, whether it is
there already or has to be made again from the bundle. Only the driver writes.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from genrenet.serving.bundle import Bundle, certificate_of
from genrenet.serving.store import database_of, failure, in_haste, open_store
from genrenet.settings import digest
from tasks.child_run import CONTENT, DIGEST, ChildRun, record_child
from tasks.experiment import EXPERIMENT, open_experiment
from tasks.origin import dataset, origin_tags
from tasks.run_page import describe, model_summary

__all__ = [
    "CONTENT",
    "DIGEST",
    "EXPERIMENT",
    "connect",
    "corpus_name",
    "find_run",
    "flat",
    "open_run",
    "record_evaluation",
    "record_training",
    "run_name",
    "seed_metrics",
    "telling",
]

QUIET = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines for each run and each child
}
SAMPLE_S = 5  # between samples of CPU and memory; a short run still gets several


def connect(experiment: str = EXPERIMENT) -> Any:
    """MLflow, pointed at its store, with the experiment there."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import mlflow

    for name in ("mlflow", "alembic"):  # they tell of every table that they make
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mlflow.system_metrics").setLevel(logging.ERROR)  # a lost server is told once
    uri = open_store(mlflow)
    database = database_of(uri)
    files = (database.parent / "artifacts").as_uri() if database else None
    with telling(mlflow):
        open_experiment(mlflow, experiment, files)
    return mlflow


@contextmanager
def telling(mlflow: Any) -> Iterator[None]:
    """Tell of a store that fails as of something that the user can mend."""
    from requests import HTTPError  # MLflow lets it pass where a file is refused

    try:
        yield
    except (mlflow.MlflowException, HTTPError) as error:
        raise failure(error) from error


def find_run(run_digest: str, content: str | None, experiment: str = EXPERIMENT) -> str | None:
    """The id of the run of a bundle, else of one that has no bundle yet, or None."""
    runs = connect(experiment).search_runs(
        experiment_names=[experiment],
        filter_string=f"tags.`{DIGEST}` = '{run_digest}'",
        output_format="list",
    )
    ids = {run.data.tags.get(CONTENT): run.info.run_id for run in runs}
    return ids.get(content) or ids.get(None)


@contextmanager
def open_run(
    run_digest: str,
    corpus: str,
    *,
    content: str | None = None,
    watch: bool = False,
    experiment: str = EXPERIMENT,
) -> Iterator[Any]:
    """The run of a bundle, made if it is not there; closed when the work in it is done.

    Parameters
    ----------
    run_digest : str
        Of what the bundle is made from.
    corpus : str
        Where the recordings are.
    content : str or None
        The bundle's hash; None where it is still to be trained.
    watch : bool
        Sample CPU and memory meanwhile; the work is longer than a server that hangs is waited for.
    experiment : str
        Where the run belongs.

    Raises
    ------
    DataError
        The store fails.
    """
    mlflow = connect(experiment)
    mlflow.set_system_metrics_sampling_interval(SAMPLE_S)
    with telling(mlflow), in_haste() if watch else nullcontext():
        run_id = find_run(run_digest, content, experiment)
        name = run_name(corpus, run_digest)
        with mlflow.start_run(
            run_id=run_id,
            run_name=None if run_id else name,
            tags=None if run_id else {DIGEST: run_digest},
            log_system_metrics=watch,
        ) as run:
            yield run


def record_training(
    bundle: Bundle,
    content: str,
    seeds: list[dict[str, Any]],
    *,
    ended_ms: Mapping[int, list[int]] | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """Put what a bundle says of its training into its run, once; the run's id.

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
            mlflow.log_metrics(seed_metrics(seeds))
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
        ``unit/name``: MLflow's UI shows them by unit.
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
            mlflow.log_artifact(str(path), "figures" if path.suffix == ".png" else "report")
        _describe(mlflow, bundle, run.info.run_id, links)
        return str(run.info.run_id)


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as ``section.name``; those without a value are left out."""
    pairs: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            pairs.update(flat(value, f"{prefix}{key}."))
        elif value not in (None, [], ()):
            pairs[prefix + key] = value
    return pairs


def seed_metrics(seeds: list[dict[str, Any]]) -> dict[str, float]:
    """Mean and standard deviation over seeds of the figures at their best epochs."""
    best = [{k: v[s["best_epoch"] - 1] for k, v in s["history"].items()} for s in seeds]
    return {
        f"training/{name}_{kind}": float(function([figures[name] for figures in best]))
        for name in best[0]
        for kind, function in (("mean", np.mean), ("sd", np.std))
    }


def run_name(corpus: str, run_digest: str) -> str:
    """What the UI calls a run: the corpus' folder and the first digits of the digest."""
    return f"{corpus_name(corpus)}-{run_digest[:6]}"


def corpus_name(corpus: str) -> str:
    """The folder that a corpus is known by."""
    path = Path(corpus)
    return (path.parent.name if path.name in ("audio", "wav") else path.stem) or "corpus"


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
