"""The child run: a seed or a fold of a run, or the machine that it was trained on."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from genrenet.settings import digest

DIGEST, CONTENT = "genrenet.digest", "genrenet.content"
PARENT = "mlflow.parentRunId"
MACHINE = "machine"
SAMPLE_S = 5  # between samples of CPU and memory; a short run still gets several


@dataclass(frozen=True, kw_only=True)
class ChildRun:
    """What a child leaves in MLflow.

    Attributes
    ----------
    name : str
        What the UI calls it.
    digest : str
        Of all that it is made from.
    params : mapping
        What sets it apart from its siblings.
    history : mapping of str to sequence of float
        Curves: a value an epoch.
    metrics : mapping of str to float
        Its figures.
    tags : mapping of str to str
        What else is known of it.
    ended_ms : sequence of int, optional
        When its epochs ended, in ms since 1970; a child that is made again has no such times.
    """

    name: str
    digest: str
    params: Mapping[str, Any]
    history: Mapping[str, Sequence[float]]
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    ended_ms: Sequence[int] | None = None

    @property
    def content(self) -> str:
        """Digest of what came of it."""
        return digest([dict(self.params), dict(self.history), dict(self.metrics), dict(self.tags)])


def record_child(mlflow: Any, parent: Any, child: ChildRun) -> None:
    """Put a child under the run that is open, once.

    One of the same digest that was cut off, or of which something else came, gives way to it.
    """
    for former in _former(mlflow, parent, child.digest):
        if former.data.tags.get(CONTENT) == child.content:
            return
        mlflow.delete_run(former.info.run_id)
    tags = {**child.tags, DIGEST: child.digest}
    with mlflow.start_run(run_name=child.name, nested=True, tags=tags) as run:
        mlflow.log_params(dict(child.params))
        mlflow.log_metrics(dict(child.metrics))
        mlflow.MlflowClient().log_batch(run.info.run_id, metrics=_curves(child))
        mlflow.set_tag(CONTENT, child.content)  # the last


@contextmanager
def watched_machine(mlflow: Any, parent: Any) -> Iterator[None]:
    """Sample CPU and memory into a child of the run that is open, which a rerun goes on with.

    In the run itself they would be its first figures, and the UI compares runs by the first.
    """
    mlflow.set_system_metrics_sampling_interval(SAMPLE_S)
    of_machine = digest([parent.info.run_id, MACHINE])
    former = [run.info.run_id for run in _former(mlflow, parent, of_machine)]
    with (
        mlflow.start_run(
            run_id=former[0] if former else None,
            run_name=None if former else MACHINE,
            tags=None if former else {DIGEST: of_machine},
            nested=True,
            log_system_metrics=True,
        ),
        killed_if_stopped(mlflow),
    ):
        yield


@contextmanager
def killed_if_stopped(mlflow: Any) -> Iterator[None]:
    """End the run that is open as killed where someone stops the work, by Ctrl-C or by signal.

    MLflow itself would say that it has failed.
    """
    try:
        yield
    except Exception:
        raise
    except BaseException:
        with suppress(mlflow.MlflowException):  # of a store that is gone: stopped is stopped
            mlflow.end_run("KILLED")
        raise


def _former(mlflow: Any, parent: Any, child_digest: str) -> list[Any]:
    return list(
        mlflow.search_runs(
            [parent.info.experiment_id],
            f"tags.`{PARENT}` = '{parent.info.run_id}' AND tags.`{DIGEST}` = '{child_digest}'",
            output_format="list",
        )
    )


def _curves(child: ChildRun) -> list[Any]:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [
        Metric(name, value, child.ended_ms[step] if child.ended_ms else now, step + 1)
        for name, values in child.history.items()
        for step, value in enumerate(values)
    ]
