"""MLflow: what was learned, found by digest.

A run is found by what it was made from (tag ``genrenet.digest``) and by the bundle that came of it
(tag ``genrenet.content``), never by a stored id: the same bundle is the same run, whether it is
there already or has to be made again from the bundle. Only the driver writes.
"""

import logging
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np

from genrenet.errors import DataError
from genrenet.serving.bundle import Bundle, certificate_of, tracking_uri
from genrenet.settings import digest

EXPERIMENT = "genrenet"
SAMPLE_S = 5  # between samples of CPU and memory; a short run still gets several
DIGEST, CONTENT = "genrenet.digest", "genrenet.content"


def connect(experiment: str = EXPERIMENT) -> Any:
    """MLflow, pointed at its store, with the experiment there."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    for name in ("mlflow", "alembic"):  # they tell of every table that they make
        logging.getLogger(name).setLevel(logging.WARNING)
    uri = tracking_uri()
    local = uri.startswith("sqlite:///")
    if local:
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(uri)
    with telling(mlflow):
        if mlflow.get_experiment_by_name(experiment) is None:
            folder = Path(uri.removeprefix("sqlite:///")).absolute().parent
            artifacts = (folder / "artifacts").as_uri() if local else None
            mlflow.create_experiment(experiment, artifact_location=artifacts)
        mlflow.set_experiment(experiment)
    return mlflow


@contextmanager
def telling(mlflow: Any) -> Iterator[None]:
    """Tell of a store that fails as of something that the user can mend."""
    try:
        yield
    except mlflow.MlflowException as error:
        why = error.message.partition("\n")[0].rstrip(".")  # a database's next lines are its query
        raise DataError(
            f"MLflow at {tracking_uri()} does not work: {why}. Start that server, or change or "
            "unset MLFLOW_TRACKING_URI."
        ) from error


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
        Sample CPU and memory meanwhile.
    experiment : str
        Where the run belongs.

    Raises
    ------
    DataError
        The store fails.
    """
    mlflow = connect(experiment)
    mlflow.set_system_metrics_sampling_interval(SAMPLE_S)
    with telling(mlflow):
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
) -> None:
    """Put what a bundle says of its training into its run, once.

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
    """
    mlflow = connect()
    with open_run(bundle.run_digest, bundle.params.corpus.path, content=content) as run:
        if CONTENT in run.data.tags:
            return
        mlflow.log_params(flat(bundle.params.model_dump(mode="json")))
        mlflow.set_tags(_tags(bundle))
        mlflow.log_input(_dataset(mlflow, bundle), context="training")
        mlflow.log_metrics(seed_metrics(seeds))
        for seed in seeds:
            _record_seed(mlflow, bundle, seed, (ended_ms or {}).get(seed["seed"]))
        mlflow.set_tag(CONTENT, content)  # the last: a record that was cut off is made anew


def record_evaluation(
    bundle: Bundle, content: str, metrics: Mapping[str, float], files: list[Path]
) -> str:
    """Put metrics and report files into the bundle's run; its id."""
    mlflow = connect()
    with open_run(bundle.run_digest, bundle.params.corpus.path, content=content) as run:
        mlflow.log_metrics(dict(metrics))
        for path in files:
            mlflow.log_artifact(str(path), "figures" if path.suffix == ".png" else "report")
        return str(run.info.run_id)


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as ``section.name``."""
    pairs: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            pairs.update(flat(value, f"{prefix}{key}."))
        else:
            pairs[prefix + key] = value
    return pairs


def seed_metrics(seeds: list[dict[str, Any]]) -> dict[str, float]:
    """Mean and standard deviation over seeds of the figures at their best epochs."""
    best = [{k: v[s["best_epoch"] - 1] for k, v in s["history"].items()} for s in seeds]
    return {
        f"{name}_{kind}": float(function([figures[name] for figures in best]))
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
        "git.commit": _git_commit(),
        "dvc.lock": _file_digest(Path("dvc.lock")),
    }


def _dataset(mlflow: Any, bundle: Bundle) -> Any:
    from mlflow.data.http_dataset_source import HTTPDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    return MetaDataset(
        HTTPDatasetSource(f"file://{Path('data/features').absolute()}"),
        name=corpus_name(bundle.params.corpus.path),
        digest=bundle.data_fingerprint,
    )


def _record_seed(
    mlflow: Any, bundle: Bundle, seed: dict[str, Any], ended_ms: list[int] | None
) -> None:
    """One seed as a child run with its curves."""
    from mlflow.entities import Metric

    history = seed["history"]
    times = ended_ms or [int(time.time() * 1000)] * len(history["loss"])
    child = {DIGEST: digest([bundle.run_digest, seed["seed"]])}
    with mlflow.start_run(run_name=f"seed-{seed['seed']}", nested=True, tags=child) as run:
        mlflow.log_params({"seed": seed["seed"], "best_epoch": seed["best_epoch"]})
        metrics = [
            Metric(name, value, times[step], step + 1)
            for name, values in history.items()
            for step, value in enumerate(values)
        ]
        mlflow.MlflowClient().log_batch(run.info.run_id, metrics=metrics)


def _git_commit() -> str:
    command = ["git", "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git
        return "unknown"
    return found.stdout.strip() or "unknown"


def _file_digest(path: Path) -> str:
    """As DVC writes digests, so that one can be looked up in the other."""
    return md5(path.read_bytes(), usedforsecurity=False).hexdigest() if path.exists() else "none"
