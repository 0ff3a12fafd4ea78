"""The flows of the deployments: what the Prefect page, a schedule or ``prefect`` starts.

Prefect imports this module, from ``prefect.yaml``. A flow here settles who may work, with which
settings, under which engines, and hands over to the same functions as the command line does.
"""

import functools
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from prefect import flow, get_client
from prefect.client.schemas.objects import FlowRunPolicy
from prefect.states import Completed, Crashed, Failed
from pydantic import BaseModel, Field

from flows import promote as gate
from flows import rebuild as pipeline
from flows.form import fill_in, form
from flows.notice import notify, send
from flows.orchestrator import api_answers, console, import_prefect, orchestrator
from flows.outcomes import keep, report_kept
from flows.quiet import spare_repetition
from flows.runs import current_flow_run
from flows.stage import StageError, of_the_disk, say
from flows.suspension import suspendable
from flows.watch import changes, youngest_s
from genrenet.errors import USER_ERROR, GenrenetError
from genrenet.learning.promotion import PromotionError
from genrenet.params import read_params

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

RETRY_AFTER_S = 20  # a lost worker or a full disk may have come round
FOR_EVER = -1.0

deployed = functools.partial(
    flow,
    retries=1,
    retry_delay_seconds=RETRY_AFTER_S,
    on_failure=[notify],
    on_crashed=[notify],
    persist_result=False,
)

TARGETS: list[str] = Field(
    default=[], description="Stages, such as train or studies/dvc.yaml:folds; all if none."
)
FURTHER: str | None = Field(
    default=None, description="Work on this corpus in corpora/, by its name; else the project's."
)
CHANGES: Any = Field(
    default={},
    description="Changes to params.yaml, which stay there; docs/settings.md. Where a further "
    "corpus is named, its own params.yaml is changed, and now is what the project's holds.",
)
# Prefect wants the form when it loads this module: here alone a file is read at import
Changes: Any = BaseModel if TYPE_CHECKING else form()


def _told(work: Callable[..., "State | None"]) -> Callable[..., "State"]:
    """Make ``work`` end in a state that says why; what the user can mend is not tried again."""

    @functools.wraps(work)
    def call(*args: Any, **kwargs: Any) -> "State":
        import_prefect()
        spare_repetition()
        with suppress(Exception):  # of other runs: the next one tries again
            report_kept()
        try:
            with suspendable():
                state = work(*args, **kwargs) or Completed()
        except BaseException as error:
            reason = _to_mend(error)
            if api_answers():
                if reason is None:
                    raise  # Prefect tells of it, and tries once more what may have come round
                _no_retry()
            state = Failed(message=reason) if reason else _unforeseen(error)
        return _end_as(state, work.__name__)

    return call


def _to_mend(error: BaseException) -> str | None:
    """What is told of an error that the user can mend; None of any other."""
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return of_the_disk(error)
    is_fault = isinstance(error, StageError) and error.exit_code != USER_ERROR
    return str(error) if isinstance(error, GenrenetError) and not is_fault else None


def _unforeseen(error: BaseException) -> "State":
    """The state of a run that was stopped, or ran into a fault of the program."""
    if not isinstance(error, Exception):
        return Crashed(message="It was stopped. Run again: what is done is kept.")
    if isinstance(error, StageError):  # it has been told where it happened
        return Failed(message=str(error))
    traceback.print_exception(error)
    return Failed(message=f"{type(error).__name__}: {error}")


def _end_as(state: "State", name: str) -> "State":
    """Hand a run's outcome to Prefect, for which it is kept while it is away.

    Prefect's own code would wait minutes then, and raise: this process ends instead, and with 0,
    since a service takes another exit code for another outcome.
    """
    if run_id := current_flow_run():
        keep(run_id, state)
    if run_id and not api_answers():
        orchestrator.lose("it no longer answers")
        console.print(f"{name}: {state.name}; Prefect hears of it when it is back")
        if not state.is_completed():
            send(f"genrenet: {name}: {state.name}", state.message or "")
        sys.stdout.flush()  # standard error is never held back
        os._exit(0)
    return state


@deployed(name="rebuild")
@_told
def rebuild(
    targets: list[str] = TARGETS,
    force: bool = Field(default=False, description="Also what is up to date."),
    further_corpus: str | None = FURTHER,
    settings: Changes = CHANGES,
) -> None:
    """Bring every stage up to date with recordings, settings and code."""
    with pipeline.workspace(further_corpus, patience_s=FOR_EVER):
        fill_in(settings)
        _rebuild(targets, force=force)


@deployed(name="watch")
@_told
def watch(
    quiet_s: float = Field(
        default=60.0, ge=0, description="Wait until nothing was written for so many seconds."
    ),
    further_corpus: str | None = FURTHER,
) -> "State | None":
    """Rebuild when recordings or corrections have changed since they were last built from."""
    with pipeline.workspace(further_corpus, patience_s=FOR_EVER):
        recordings = read_params().corpus
        if not pipeline.LOCK.exists():
            return Completed(name="Unbuilt", message="Nothing was built yet: run rebuild once.")
        if not (changed := changes(recordings)):
            return Completed(
                name="Unchanged", message=f"{recordings.path} is as it was catalogued."
            )
        if (young_s := youngest_s(recordings)) < quiet_s:
            message = f"{recordings.path} was written to {young_s:.0f} s ago: the next look tells."
            return Completed(name="Unsettled", message=message)
        say(f"watch: changed: {', '.join(changed)}")
        _rebuild()
    return None


@deployed(name="refresh-model")
@_told
def refresh_model(
    further_corpus: str | None = FURTHER, settings: Changes = CHANGES
) -> "State | None":
    """Rebuild what has changed; the challenger becomes the champion if it passes the gate."""
    with pipeline.workspace(further_corpus, patience_s=FOR_EVER):
        fill_in(settings)
        _rebuild()
        return _promote(None, force=False, reason="", rollback=False)


@deployed(name="promote")
@_told
def promote(
    version: str | None = Field(
        default=None, description="A version's number or alias; the challenger if none."
    ),
    force: bool = Field(default=False, description="Also one that does not pass; needs a reason."),
    reason: str = Field(default="", description="Why; it is kept with the decision."),
    rollback: bool = Field(
        default=False, description="Instead, restore the version that the champion replaced."
    ),
    further_corpus: str | None = FURTHER,
) -> "State | None":
    """Judge a version of the model beside the champion; it takes its place if it passes."""
    with pipeline.workspace(further_corpus, patience_s=FOR_EVER):
        return _promote(version, force=force, reason=reason, rollback=rollback)


def _rebuild(targets: Sequence[str] = (), *, force: bool = False) -> None:
    with pipeline.under_engines():
        pipeline.rebuild(targets, force=force)


def _promote(version: str | None, **how: Any) -> "State | None":
    """A refusal is an answer, and no failure of the run."""
    try:
        gate.promote(read_params(), version, **how)
    except PromotionError as error:
        say(str(error))
        send("genrenet: promotion refused", str(error))
        return Completed(name="Refused", message=str(error))
    return None


def _no_retry() -> None:
    """Take this run's second try away: it would fail as the first did."""
    run_id = current_flow_run()
    if run_id:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run_id, empirical_policy=FlowRunPolicy(retries=0))
