"""The child run: a seed or a fold of a run, with its settings, its figures and its curves."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genrenet.settings import digest

DIGEST, CONTENT = "genrenet.digest", "genrenet.content"
PARENT = "mlflow.parentRunId"


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
    for former in _former(mlflow, parent, child):
        if former.data.tags.get(CONTENT) == child.content:
            return
        mlflow.delete_run(former.info.run_id)
    tags = {**child.tags, DIGEST: child.digest}
    with mlflow.start_run(run_name=child.name, nested=True, tags=tags) as run:
        mlflow.log_params(dict(child.params))
        mlflow.log_metrics(dict(child.metrics))
        mlflow.MlflowClient().log_batch(run.info.run_id, metrics=_curves(child))
        mlflow.set_tag(CONTENT, child.content)  # the last


def _former(mlflow: Any, parent: Any, child: ChildRun) -> list[Any]:
    return list(
        mlflow.search_runs(
            [parent.info.experiment_id],
            f"tags.`{PARENT}` = '{parent.info.run_id}' AND tags.`{DIGEST}` = '{child.digest}'",
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
