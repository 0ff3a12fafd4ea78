"""A stage: a plain function of the settings, run under Prefect where an API answers.

With an API it is a flow run: each ``step`` a task, and what it reports shown as artifacts and
logs. Without one it is the same function, called. An API that dies on the way takes the reports
with it and nothing else: the work is done once, and its outcome is the stage's.
"""

import functools
import inspect
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from flows.login import api_refusal
from flows.orchestrator import api_silence, console, import_prefect, orchestrator
from flows.progress import Advance, progress
from flows.reports import link, picture, say, table
from flows.runs import PARENT_VARIABLE, Work, run_flow, run_task
from flows.threads import limit_threads
from flows.workspace import check_pipelines
from genrenet.errors import USER_ERROR, GenrenetError
from genrenet.params import Params, read_params

__all__ = [
    "Advance",
    "StageError",
    "conclude",
    "link",
    "main",
    "picture",
    "progress",
    "run",
    "say",
    "step",
    "table",
]

P = ParamSpec("P")
R = TypeVar("R")

VERDICT_VARIABLE = "GENRENET_VERDICT"
"""Names the file in which a failing stage tells ``rebuild`` why; DVC passes on neither."""

PROGRAM_ERROR = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class StageError(GenrenetError):
    """A stage that another process ran has failed, and has said why."""

    def __init__(self, message: str, *, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def main(stage: Callable[[Params], None]) -> int:
    """Run ``stage`` with the settings of ``params.yaml`` and return the program's exit code."""

    def work() -> None:
        check_pipelines(Path.cwd())
        params = read_params()
        limit_threads(params.compute.n_threads)
        run(stage, params)

    return conclude(work)


def conclude(work: Callable[[], None]) -> int:
    """Do ``work`` and return the program's exit code.

    0 for success, 2 for what the user can mend (the message tells how), 130 for an interrupt.
    Any other exception is ours: it passes, with its traceback.
    """
    try:
        work()
    except StageError as error:
        return error.exit_code  # it has been told where it happened
    except GenrenetError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        console.print("interrupted")
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and not isinstance(error, ConnectionError):
            return _refuse(of_the_disk(error))
        _leave_verdict(PROGRAM_ERROR, f"{type(error).__name__}: {error}")
        raise
    return 0


def run(fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call ``fn`` as a Prefect flow where an API answers, plainly where none does."""
    work = Work(functools.partial(fn, *args, **kwargs))
    if os.environ.get(PARENT_VARIABLE):  # the rebuild that runs it has asked, and warned
        why = api_silence() and "no Prefect API answers"
    else:
        why = api_silence() or api_refusal()
    if why:
        console.print(f"{fn.__name__}: {why}; running without")
        return work.outcome()
    try:
        import_prefect()
        run_flow(fn, work, inspect.signature(fn).bind(*args, **kwargs).arguments)
    except Exception as error:
        orchestrator.lose(error)
    return work.outcome()


def step(fn: Callable[P, R]) -> Callable[P, R]:
    """Make ``fn`` a task of the current flow run; a plain call where there is none."""

    @functools.wraps(fn)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        work = Work(functools.partial(fn, *args, **kwargs))
        if orchestrator.hears():
            try:
                run_task(fn, work)
            except Exception as error:
                orchestrator.lose(error)
        return work.outcome()

    return call


def _refuse(message: str) -> int:
    console.print(f"error: {message}", style="red")
    _leave_verdict(USER_ERROR, message)
    return USER_ERROR


def of_the_disk(error: OSError) -> str:
    """What a full disk, a read-only folder or a missing file is called."""
    return (
        f"{error.filename or 'the disk'}: {error.strerror or error}. Check that the folder is "
        "there, that it may be written to and that the disk has room; what was finished is kept."
    )


def _leave_verdict(exit_code: int, message: str) -> None:
    if path := os.environ.get(VERDICT_VARIABLE):
        Path(path).write_text(json.dumps({"exit_code": exit_code, "message": message}), "utf-8")
