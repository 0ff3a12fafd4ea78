"""``python -m flows.rebuild``: bring every stage up to date, as one Prefect run.

DVC decides what is stale and runs it; each stage that it runs is a subflow of this run, each that
it skips a task in state *Cached*. One Prefect API and one Ray serve all stages.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from filelock import FileLock, Timeout

from flows.addresses import home
from flows.engines import engines, without_run_context
from flows.health import mlflow_silence
from flows.login import mlflow_refusal
from flows.repro import follow
from flows.runs import PARENT_VARIABLE, current_flow_run
from flows.stage import VERDICT_VARIABLE, StageError, conclude, run, say
from flows.workspace import find_workspace, refresh, workspaces
from genrenet.checkout import checkout
from genrenet.corpus.layouts import corpus_path
from genrenet.errors import DataError
from genrenet.params import read_params
from genrenet.sections.compute import Compute
from genrenet.sections.corpus import Corpus
from genrenet.serving.store import SERVER, check_address, shown
from tasks.fanout import absence
from tasks.ray_address import silence
from tasks.signals import STOPPING, handle

LOCK = Path("dvc.lock")
DAMAGED_LOCK = "Unable to read RWLock-file"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    targets: Annotated[list[str] | None, typer.Argument(help="DVC targets; all if none.")] = None,
    *,
    corpus: Annotated[
        str | None, typer.Option(help="A further corpus, in corpora/; else the current folder's.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is up to date.")] = False,
) -> None:
    """Rebuild what is stale, under one Prefect API and one Ray that are found or started."""
    handle((signal.SIGTERM,), signal.default_int_handler)  # a request to stop is as Ctrl-C is
    raise typer.Exit(conclude(lambda: orchestrate(targets or [], corpus=corpus, force=force)))


def orchestrate(
    targets: Sequence[str] = (), *, corpus: str | None = None, force: bool = False
) -> None:
    """Find or start Prefect and Ray, ``rebuild`` under them, and stop what was started.

    It is done in the folder of ``corpus``, else in the current one.

    Raises
    ------
    DataError
        There is no such corpus, the current folder holds no pipeline, or it is worked on already.
    StageError
        As ``rebuild`` does.
    """
    with workspace(corpus), under_engines():
        run(rebuild, targets, force=force)


@contextmanager
def workspace(corpus: str | None, *, patience_s: float = 0) -> Iterator[None]:
    """Be in the folder of a corpus, else in the current one, and the only rebuild there.

    Parameters
    ----------
    corpus : str or None
        A further corpus of this checkout.
    patience_s : float
        How long to wait for another rebuild; -1: until it has ended.

    Raises
    ------
    DataError
        There is no such corpus, no pipeline, or another rebuild is at work.
    """
    if corpus:
        os.chdir(find_workspace(corpus))
    with _alone(Path.cwd(), patience_s):
        for folder in filter(_bring_up_to_date, workspaces()):
            say(f"{folder.name}: its pipeline is made anew, since the project's has changed")
        if not Path("dvc.yaml").exists():
            raise DataError(f"{Path.cwd()}: there is no dvc.yaml. Run from the project's folder.")
        yield


@contextmanager
def _alone(here: Path, patience_s: float) -> Iterator[None]:
    """Hold the folder's lock."""
    lock = _lock_of(here)
    try:
        if not _free(lock) and patience_s:
            say("waiting for the run that is at work here")
        if not lock.is_locked:
            lock.acquire(timeout=patience_s)
    except Timeout as error:
        raise DataError(
            f"{here}: another run is at work here. Wait for it, or stop it: Ctrl-C where "
            "it runs, or Cancel on its page in Prefect."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _lock_of(folder: Path) -> FileLock:
    """What a run in the project, or in the folder of a further corpus, holds."""
    name = "work" if folder == checkout() else f"work-{folder.name}"
    return FileLock(home() / f"{name}.lock")


def _bring_up_to_date(folder: Path) -> bool:
    """Refresh a corpus's pipeline, unless a run there goes by it: DVC reads those of all."""
    if folder.samefile(Path.cwd()):
        return refresh(folder)
    lock = _lock_of(folder)
    try:
        return _free(lock) and refresh(folder)
    finally:
        lock.release()


def _free(lock: FileLock) -> bool:
    """Whether nobody holds the lock; if so, it is ours now."""
    with suppress(Timeout):
        lock.acquire(timeout=0)
    return bool(lock.is_locked)


@contextmanager
def under_engines() -> Iterator[None]:
    """One Prefect API and one Ray, found or started, for what is done meanwhile.

    Raises
    ------
    DataError
        The recordings or the Ray are not where it is said, or MLflow's server or database does not
        let us in.
    """
    params = read_params()
    if params.corpus.path != Corpus().path:  # the demo corpus is yet to be made
        corpus_path(params.corpus)  # DVC would say it less clearly
    _knock(params.compute)  # a stage would say it after hours, and DVC has removed its outputs
    former = {number: signal.getsignal(number) for number in STOPPING}
    try:
        with engines(home(), params.compute) as variables, _environ(variables):
            try:
                yield
            finally:
                handle(STOPPING, signal.SIG_IGN)  # let the engines be stopped
    finally:  # a second try in this process, which Prefect makes, is stopped as the first
        for number, handler in former.items():
            handle((number,), handler or signal.SIG_DFL)


def _knock(compute: Compute) -> None:
    """Look early whether the servers that are named are there; MLflow has time until training."""
    if uri := os.environ.get("MLFLOW_TRACKING_URI", ""):
        check_address(uri)
        if uri.startswith(SERVER) and (why := mlflow_silence(uri)):
            told = shown(f"MLFLOW_TRACKING_URI={uri}: {why}")
            say(f"warning: {told}; stages that record will fail")
        elif refusal := mlflow_refusal(uri):
            told = shown(f"MLFLOW_TRACKING_URI={uri}: {refusal}")
            raise DataError(f"{told}. Mend that, or unset it: stages that record would fail.")
    address = os.environ.get("RAY_ADDRESS")
    if address and compute.executor != "serial" and (reason := silence(address)):
        raise DataError(absence(address, reason))


@contextmanager
def _environ(variables: Mapping[str, str]) -> Iterator[None]:
    """Have variables in the environment; afterwards nobody looks for engines that are gone."""
    former = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in former.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def rebuild(targets: Sequence[str] = (), *, force: bool = False) -> None:
    """Run ``dvc repro``: every stage that is stale, in order.

    Raises
    ------
    StageError
        A stage failed, or DVC itself did; ``exit_code`` is the stage's own.
    """
    command = [sys.executable, "-m", "dvc", "repro", *targets, *(["--force"] if force else [])]
    with tempfile.TemporaryDirectory(prefix="genrenet-") as folder:
        verdict = Path(folder, "verdict.json")
        code, complaint = follow(command, _environment(verdict))
        if not code:
            return
        if verdict.exists():
            raise StageError(**json.loads(verdict.read_text("utf-8")))
        why = f": {complaint}" if complaint else ""
        if DAMAGED_LOCK in complaint:
            why += ". If no DVC is at work here, remove that file and run again."
        raise StageError(f"dvc repro failed with exit code {code}{why}", exit_code=code)


def _environment(verdict: Path) -> dict[str, str]:
    """What the stages are told: their parent, and where to say why they failed."""
    parent = current_flow_run()
    return without_run_context(os.environ) | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        PARENT_VARIABLE: str(parent or ""),
        VERDICT_VARIABLE: str(verdict),
        "DVC_NO_ANALYTICS": "1",  # its daemon would outlive the run
        "PYTHONUNBUFFERED": "1",  # a pipe would hold back what a terminal shows at once
    }


if __name__ == "__main__":
    app()
