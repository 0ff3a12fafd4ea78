"""How far work is: a bar on a terminal, lines elsewhere, an artifact in Prefect."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from flows.orchestrator import console, orchestrator
from flows.reports import artifact_key


class Advance(Protocol):
    """Tells how many more units are done."""

    def __call__(self, n: int, *, audio_s: float = 0.0, new: bool = True) -> None:
        """``n`` more units, ``audio_s`` of sound; not ``new``: they were there already.

        ``advance(0)`` starts the clock anew, once the preparations are done.
        """


LINE_EVERY_S = 10
ARTIFACT_EVERY_S = 2


@dataclass
class Tally:
    """How far the work is, how fast it goes and how long it will take.

    Attributes
    ----------
    total, unit : int, str
        Units that there are to do, and what they are, in the plural.
    audio_s : float
        Their sound, in s; 0 where it is not counted.
    """

    total: int
    unit: str
    audio_s: float = 0.0
    done: int = 0
    done_s: float = 0.0
    kept: int = 0
    kept_s: float = 0.0
    begun: float = field(default_factory=time.monotonic)

    def add(self, n: int, *, audio_s: float, new: bool) -> None:
        """``n`` more units are done; what is not ``new`` took no time, and tells no rate.

        0 units: the work begins now, what went before was preparation.
        """
        if n == 0 and self.done == self.kept:
            self.begun = time.monotonic()
        self.done += n
        self.done_s += audio_s
        if not new:
            self.kept += n
            self.kept_s += audio_s

    def pace(self) -> str:
        """Such as '35.2 tracks/s, 812 x real time, 2 min left'; nothing before there is a rate.

        What takes a second or more is told in time: '23 s/epoch'.
        """
        elapsed_s, new = time.monotonic() - self.begun, self.done - self.kept
        if new <= 0 or elapsed_s <= 0:
            return ""
        parts = [_rate(new / elapsed_s, self.unit)]
        share = (self.total - self.done) / new
        if self.audio_s and self.done_s > self.kept_s:
            new_s = self.done_s - self.kept_s
            parts.append(f"{new_s / elapsed_s:,.0f} x real time")
            share = max(0.0, self.audio_s - self.done_s) / new_s  # long tracks take longer
        if self.done < self.total:
            parts.append(f"{_duration(share * elapsed_s)} left")
        return ", ".join(parts)


def _rate(per_s: float, units: str) -> str:
    """Such as '35.2 tracks/s', '1.5 s/epoch' or '23 s/epoch'; ``units`` is in the plural."""
    if per_s >= 1:
        return f"{per_s:,.1f} {units}/s"
    each_s = 1 / per_s
    return f"{_duration(each_s) if each_s >= 10 else f'{each_s:.1f} s'}/{units.removesuffix('s')}"


def _duration(seconds: float) -> str:
    """Such as '40 s', '12 min' or '3.5 h'."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3600:.1f} h"


@contextmanager
def progress(name: str, *, total: int, unit: str, audio_s: float = 0.0) -> Iterator[Advance]:
    """Count work: a bar on a terminal, a line now and then elsewhere, an artifact in Prefect.

    Parameters
    ----------
    name : str
        What is counted for; also the artifact's key.
    total : int >= 0
        Units that there are to do.
    unit : str
        What they are, in the plural.
    audio_s : float
        The units' sound, in s: then its rate is told too, and the time left goes by it.

    Yields
    ------
    advance : callable
        ``advance(n)``: ``n`` more units are done.
    """
    tally = Tally(total, unit, audio_s)
    artifact = _ProgressArtifact(name, tally)
    display = _bar if console.is_terminal else _lines

    def advance(n: int, *, audio_s: float = 0.0, new: bool = True) -> None:
        tally.add(n, audio_s=audio_s, new=new)
        show()
        artifact.show()

    with display(name, tally) as show:
        artifact.show()
        try:
            yield advance
        finally:
            artifact.show(now=True)


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
        return Text(task.fields["tally"].pace())


@contextmanager
def _bar(name: str, tally: Tally) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate())
    with Bar(*columns, console=console) as bar:
        task = bar.add_task(name, total=tally.total, tally=tally)
        yield lambda: bar.update(task, completed=tally.done)


@contextmanager
def _lines(name: str, tally: Tally) -> Iterator[Callable[[], None]]:
    due = _Pace(LINE_EVERY_S, first=LINE_EVERY_S)

    def show() -> None:
        if (pace := tally.pace()) and tally.done < tally.total and due():
            console.print(f"{name}: {tally.done}/{tally.total} {tally.unit}, {pace}")

    yield show


class _ProgressArtifact:
    """A progress artifact, made at the first report and updated at most every two seconds."""

    def __init__(self, name: str, tally: Tally) -> None:
        self.name, self.tally = name, tally
        self.due = _Pace(ARTIFACT_EVERY_S)
        self.id: Any = None

    def show(self, *, now: bool = False) -> None:
        if now or self.due():
            orchestrator.report(self._send)

    def _send(self) -> None:
        from prefect.artifacts import create_progress_artifact, update_progress_artifact

        tally = self.tally
        percent = 100 * tally.done / tally.total if tally.total else 100.0
        counted = f"{tally.done}/{tally.total} {tally.unit}"
        description = ", ".join(filter(None, [counted, tally.pace()]))
        if self.id is None:
            key = f"{artifact_key(self.name)}-progress"
            self.id = create_progress_artifact(percent, key=key, description=description)
        else:
            update_progress_artifact(self.id, percent, description=description)
