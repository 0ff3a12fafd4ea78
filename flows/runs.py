"""Work as Prefect runs: a flow run, a task run, a subflow of a run in another process.

Prefect is told how the work ended, it never decides it: the work is done once, keeps its own
outcome, and what Prefect fails at is not the work's failure.
"""

import functools
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID, uuid4

from genrenet.errors import GenrenetError, RefusedError

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import FlowRun, State

R = TypeVar("R")

PARENT_VARIABLE = "GENRENET_PARENT_FLOW_RUN"
"""Names the flow run of ``rebuild`` to the stages that it runs."""


class Work(Generic[R]):
    """A call that is made once, whoever makes it, and whose outcome is kept."""

    def __init__(self, call: Callable[[], R]) -> None:
        self.call = call
        self.ended = False
        self.error: BaseException | None = None

    def do(self) -> None:
        """Make the call and keep what it returns or raises."""
        try:
            self.value = self.call()
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.ended = True

    def outcome(self) -> R:
        """What the call returned or raised; it is made now if nobody has made it yet."""
        if not self.ended:
            self.do()
        if self.error is not None:
            raise self.error
        return self.value


def run_flow(fn: Callable[..., Any], work: Work[Any], arguments: dict[str, Any]) -> None:
    """Do ``work`` in a flow run that carries ``fn``'s name, docstring and ``arguments``."""
    from prefect import Flow
    from prefect.flow_engine import run_flow

    @functools.wraps(fn)
    def body(*_: Any, **__: Any) -> "State | None":
        return _attempt(work)

    flow = Flow(body, name=fn.__name__, persist_result=False, validate_parameters=False)
    parent = os.environ.get(PARENT_VARIABLE)
    flow_run = _subflow_run(flow, arguments, UUID(parent)) if parent else None
    run_flow(flow, flow_run=flow_run, parameters=arguments, return_type="state")


def run_task(fn: Callable[..., Any], work: Work[Any]) -> None:
    """Do ``work`` in a task run that carries ``fn``'s name and docstring."""
    from prefect import Task
    from prefect.cache_policies import NO_CACHE

    task = Task(
        lambda: _attempt(work),  # without arguments: Prefect would search each for futures
        name=fn.__name__,
        description=fn.__doc__,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    task(return_state=True)


def current_flow_run() -> UUID | None:
    """The flow run that the caller stands in; None outside of one."""
    if "prefect" not in sys.modules:
        return None
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    return context.flow_run.id if context and context.flow_run else None


def is_deployed() -> bool:
    """Whether Prefect has started this process, to run a deployment."""
    return "PREFECT__FLOW_RUN_ID" in os.environ


def add_cached_task(name: str) -> None:
    """Show ``name`` in the current flow run as work that did not have to be done."""
    from prefect.states import Completed

    flow_run_id = current_flow_run()
    if flow_run_id:
        _create_task_run(name, flow_run_id, Completed(name="Cached"))


def _attempt(work: Work[Any]) -> "State | None":
    """Do ``work`` and say how it ended in Prefect's terms; its error is raised by ``outcome``."""
    from prefect.logging import get_run_logger
    from prefect.states import Cancelled, Completed, Failed

    try:
        work.do()
    except RefusedError as error:
        return Completed(name="Refused", message=str(error))
    except GenrenetError as error:
        return Failed(message=str(error))
    except KeyboardInterrupt:
        return Cancelled(message="Interrupted.")
    except Exception as error:
        get_run_logger().exception("The work failed.")
        return Failed(message=f"{type(error).__name__}: {error}")
    return None


def _subflow_run(flow: "Flow[..., Any]", arguments: dict[str, Any], parent: UUID) -> "FlowRun":
    """A flow run that the flow run ``parent``, in another process, shows as its subflow."""
    from prefect.client.orchestration import get_client
    from prefect.states import Pending

    with get_client(sync_client=True) as client:
        return client.create_flow_run(
            flow,
            parameters=flow.serialize_parameters(arguments),
            parent_task_run_id=_create_task_run(flow.name, parent, Pending()),
            state=Pending(),
        )


def _create_task_run(name: str, flow_run_id: UUID, state: "State") -> UUID:
    from prefect import Task
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        task_run = client.create_task_run(
            Task(lambda: None, name=name),
            flow_run_id=flow_run_id,
            dynamic_key=uuid4().hex,
            name=name,
            state=state,
        )
        return task_run.id
