"""What an earlier service has left in Prefect: runs that were cut off, and times that it missed."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.orchestrator import console
from flows.outcomes import report_kept

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun, State
    from prefect.client.schemas.responses import DeploymentResponse


def clear_leftovers(deployments: "Sequence[DeploymentResponse]") -> None:
    """Settle what earlier services of this checkout have left of their deployments."""
    report_kept()
    ours = [one for one in deployments if is_ours(one)]
    if ours:
        _end_abandoned(ours)
        _drop_missed(ours)


def is_ours(deployment: "DeploymentResponse") -> bool:
    """Whether this checkout has served a deployment last: no other one, and no worker."""
    return deployment.work_pool_name is None and deployment.path == str(Path.cwd())


def _end_abandoned(deployments: "Sequence[DeploymentResponse]") -> None:
    """Say of runs whose service was killed that they are no longer at work."""
    from prefect import get_client
    from prefect.client.schemas.objects import StateType
    from prefect.states import Crashed

    state: State[Any] = Crashed(
        message="The service was stopped while it ran. Run again: what is done is kept."
    )
    at_work = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    with get_client(sync_client=True) as client:
        for run in _runs(client, deployments, at_work):
            client.set_flow_run_state(run.id, state, force=True)
            console.print(f"serve: run {run.name} was cut off when the service was stopped")


def _drop_missed(deployments: "Sequence[DeploymentResponse]") -> None:
    """Of a schedule's times that passed while nobody served, the last stands for all."""
    from prefect import get_client
    from prefect.client.schemas.objects import StateType

    names = {one.id: one.name for one in deployments}
    with get_client(sync_client=True) as client:
        waiting = _runs(client, deployments, [StateType.SCHEDULED])
        missed = [run for run in waiting if run.auto_scheduled and _start(run) < datetime.now(UTC)]
        last = {run.deployment_id: run.id for run in sorted(missed, key=_start)}
        stale = [run for run in missed if run.id != last[run.deployment_id]]
        for run in stale:
            client.delete_flow_run(run.id)
    for deployment, n_dropped in Counter(run.deployment_id for run in stale).items():
        name = names[deployment] if deployment else ""
        console.print(f"serve: {name} missed its time {n_dropped + 1} times; it runs once for all")


def _start(run: "FlowRun") -> datetime:
    return run.next_scheduled_start_time or datetime.max.replace(tzinfo=UTC)


def _runs(
    client: Any, deployments: "Sequence[DeploymentResponse]", states: list[Any]
) -> "list[FlowRun]":
    """Their runs that are in such states."""
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterDeploymentId,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )

    found: list[FlowRun] = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
            deployment_id=FlowRunFilterDeploymentId(any_=[one.id for one in deployments]),
        )
    )
    return found
