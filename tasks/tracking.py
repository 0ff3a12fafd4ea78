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

from genrenet.serving.store import database_of, failure, in_haste, open_store
from tasks.child_run import CONTENT, DIGEST, killed_if_stopped, watched_machine
from tasks.experiment import EXPERIMENT, open_experiment

QUIET = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines for each run and each child
}


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
    """The run of a bundle, made if it is not there; closed, however the work in it ends.

    Parameters
    ----------
    run_digest : str
        Of what the bundle is made from.
    corpus : str
        Where the recordings are.
    content : str or None
        The bundle's hash; None where it is still to be trained.
    watch : bool
        Sample CPU and memory meanwhile, into a child; the work is longer than a server that hangs
        is waited for.
    experiment : str
        Where the run belongs.

    Raises
    ------
    DataError
        The store fails.
    """
    mlflow = connect(experiment)
    with telling(mlflow), in_haste() if watch else nullcontext():
        run_id = find_run(run_digest, content, experiment)
        name = run_name(corpus, run_digest)
        with (
            mlflow.start_run(
                run_id=run_id,
                run_name=None if run_id else name,
                tags=None if run_id else {DIGEST: run_digest},
            ) as run,
            killed_if_stopped(mlflow),
            watched_machine(mlflow, run) if watch else nullcontext(),
        ):
            yield run


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as ``section.name``; those without a value are left out."""
    pairs: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            pairs.update(flat(value, f"{prefix}{key}."))
        elif value not in (None, [], ()):
            pairs[prefix + key] = value
    return pairs


def run_name(corpus: str, run_digest: str) -> str:
    """What the UI calls a run: the corpus' folder and the first digits of the digest."""
    return f"{corpus_name(corpus)}-{run_digest[:6]}"


def corpus_name(corpus: str) -> str:
    """The folder that a corpus is known by."""
    path = Path(corpus)
    return (path.parent.name if path.name in ("audio", "wav") else path.stem) or "corpus"
