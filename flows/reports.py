"""What a stage says while it works: to the terminal, and to its Prefect run if it has one."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from flows.orchestrator import console, orchestrator

Advance = Callable[[int], None]
"""Tells how many more units are done."""

LINE_EVERY_S = 10
ARTIFACT_EVERY_S = 2


def say(message: str) -> None:
    """One line, to standard error and to the Prefect run's log."""
    console.print(message)
    orchestrator.report(lambda: _log(message))


def table(name: str, rows: Sequence[Mapping[str, Any]], *, description: str = "") -> None:
    """Show ``rows`` as a table artifact of the Prefect run; nothing where there is none."""
    orchestrator.report(lambda: _create_table(name, rows, description))


@contextmanager
def progress(name: str, *, total: int, unit: str) -> Iterator[Advance]:
    """Count work: a bar on a terminal, a line now and then elsewhere, an artifact in Prefect.

    Parameters
    ----------
    name : str
        What is counted for; also the artifact's key.
    total : int >= 0
        Units that there are to do.
    unit : str
        What they are, in the plural.

    Yields
    ------
    advance : callable
        ``advance(n)``: ``n`` more units are done.
    """
    done = 0
    artifact = _ProgressArtifact(name, total, unit)
    display = _bar if console.is_terminal else _lines

    def advance(n: int) -> None:
        nonlocal done
        done += n
        show(done)
        artifact.show(done)

    with display(name, total, unit) as show:
        artifact.show(0)
        try:
            yield advance
        finally:
            artifact.show(done, now=True)


class _Pace:
    """True at most once in so many seconds."""

    def __init__(self, seconds: float, *, first: float = 0) -> None:
        self.seconds = seconds
        self.next = time.monotonic() + first

    def __call__(self) -> bool:
        due = time.monotonic() >= self.next
        if due:
            self.next = time.monotonic() + self.seconds
        return due


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} {task.fields['unit']}/s")


@contextmanager
def _bar(name: str, total: int, unit: str) -> Iterator[Advance]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate())
    with Bar(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(name, total=total, unit=unit)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def _lines(name: str, total: int, unit: str) -> Iterator[Advance]:
    due, start = _Pace(LINE_EVERY_S, first=LINE_EVERY_S), time.monotonic()

    def show(done: int) -> None:
        if done and done < total and due():
            rate = done / (time.monotonic() - start)
            left = f"{rate:.1f} {unit}/s, {(total - done) / rate:.0f} s left"
            console.print(f"{name}: {done}/{total} {unit}, {left}")

    yield show


class _ProgressArtifact:
    """A progress artifact, made at the first report and updated at most every two seconds."""

    def __init__(self, name: str, total: int, unit: str) -> None:
        self.name, self.total, self.unit = name, total, unit
        self.due = _Pace(ARTIFACT_EVERY_S)
        self.id: Any = None

    def show(self, done: int, *, now: bool = False) -> None:
        if now or self.due():
            orchestrator.report(lambda: self._send(done))

    def _send(self, done: int) -> None:
        from prefect.artifacts import create_progress_artifact, update_progress_artifact

        percent = 100 * done / self.total if self.total else 100.0
        description = f"{done}/{self.total} {self.unit}"
        if self.id is None:
            key = f"{_key(self.name)}-progress"
            self.id = create_progress_artifact(percent, key=key, description=description)
        else:
            update_progress_artifact(self.id, percent, description=description)


def _create_table(name: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    from prefect.artifacts import create_table_artifact

    create_table_artifact([dict(row) for row in rows], key=_key(name), description=description)


def _log(message: str) -> None:
    from prefect.logging import get_run_logger

    get_run_logger().info(message)


def _key(name: str) -> str:
    """``name`` as an artifact's key: lowercase letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
