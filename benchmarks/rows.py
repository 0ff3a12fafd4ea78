"""The row: two ways to do one thing, checked to agree, then timed in turns.

A ratio is of medians of CPU time, children included, with the two ways in turns (A B A B …) in
one process on one thread: what else the machine does falls on both. Where the clock on the wall
is meant, for work on several cores, the best of the rounds counts.
"""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from genrenet.errors import GenrenetError

Clock = Callable[[], float]
Work = Callable[[], Any]


class WrongAnswerError(GenrenetError):
    """The two ways do not agree: how fast they are is of no interest."""


def cpu_s() -> float:
    """CPU time of this process and of its ended children, in s."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def wall_s() -> float:
    """Time on the wall, in s."""
    return time.perf_counter()


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Two ways to do one thing.

    Attributes
    ----------
    ours, theirs : callable
        The work. ``theirs`` may be a number: milliseconds that are known.
    check : callable
        Raises ``WrongAnswerError`` where the two do not agree. Its run warms both up.
    n_ours, n_theirs : float > 0
        Units of work in a call; times are told for one unit.
    n_rounds : int > 0
        Calls of each.
    clock : callable
        ``cpu_s``, of which the median counts, or ``wall_s``, of which the least does.
    """

    ours: Work
    theirs: Work | float
    check: Work
    n_ours: float = 1
    n_theirs: float = 1
    n_rounds: int = 9
    clock: Clock = cpu_s


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table.

    Attributes
    ----------
    name : str
        What it is called in ``results.json``.
    ours, theirs : str
        What is timed, in a phrase.
    unit : str
        What the times are for.
    target : float or None
        The ratio to be reached; None: it is only told, unless there is an allowance.
    allowance_s : float or None
        Seconds that ours may take more than theirs: from them the target follows.
    prepare : callable
        Makes the inputs and gives the contest.
    """

    name: str
    ours: str
    theirs: str
    unit: str
    target: float | None
    prepare: Callable[[], Contest]
    allowance_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a row: ``ratio`` is theirs over ours, times are in ms for one unit."""

    row: str
    ratio: float
    target: float | None
    ours_ms: float
    theirs_ms: float

    @property
    def reached(self) -> bool:
        """Whether the target is reached; true where there is none."""
        return self.target is None or self.ratio >= self.target

    def to_json(self) -> dict[str, Any]:
        """The result as it stands in ``results.json``: four significant digits."""
        return {
            k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in asdict(self).items()
        }


def measure(row: Row) -> Result:
    """Check that the two ways agree, then time them in turns.

    Raises
    ------
    WrongAnswerError
        They do not agree.
    """
    contest = row.prepare()
    contest.check()
    ours, theirs = in_turns(contest)
    typical = statistics.median if contest.clock is cpu_s else min
    ours_ms, theirs_ms = 1e3 * typical(ours), 1e3 * typical(theirs)
    return Result(
        row=row.name,
        ratio=theirs_ms / ours_ms,
        target=row.target if row.allowance_s is None else _allowed(theirs_ms, row.allowance_s),
        ours_ms=ours_ms,
        theirs_ms=theirs_ms,
    )


def in_turns(contest: Contest) -> tuple[list[float], list[float]]:
    """Seconds for a unit of each way, round by round."""
    ours, theirs = [], []
    for _ in range(contest.n_rounds):
        ours.append(_timed(contest.ours, contest.clock) / contest.n_ours)
        if isinstance(contest.theirs, int | float):
            theirs.append(contest.theirs / 1e3)
        else:
            theirs.append(_timed(contest.theirs, contest.clock) / contest.n_theirs)
    return ours, theirs


def chosen(rows: Sequence[Row], name: str) -> list[Row]:
    """Rows that ``name`` means: itself, and those that begin with it (``read``: ``read_…``)."""
    return [row for row in rows if not name or f"{row.name}_".startswith(f"{name}_")]


def agree(what: str, difference: float, *, at_most: float) -> None:
    """Refuse a difference that is too large, or none at all (NaN)."""
    if not difference <= at_most:
        raise WrongAnswerError(f"{what} differ by {difference:.3g}; at most {at_most:.3g} is right")


def _allowed(theirs_ms: float, allowance_s: float) -> float:
    return theirs_ms / (theirs_ms + 1e3 * allowance_s)


def _timed(work: Work, clock: Clock) -> float:
    begin = clock()
    work()
    return clock() - begin
