"""What a ``make up`` that was killed has left at work: the next one ends it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

from flows.addresses import UP_VARIABLE, left
from flows.identity import Identity
from flows.orchestrator import console
from flows.supervision import KILL_S, STOP_S, kill, stop

RUN = "prefect.engine"  # what a run of a deployment is started as


def end_former() -> None:
    """End what is certainly left of the former ``make up``: runs first, then their services."""
    former = left()
    if not former or not former.processes or former.processes[0].find():
        return
    there = list(_left_of(former.processes))
    if there:
        stop(list(filter(_is_run, there)), STOP_S)
        stop(there, KILL_S)
        kill(there)
        console.print(
            f"make up (PID {former.processes[0].pid}) was killed; what it had left is ended: "
            f"{len(there)} processes"
        )


def _left_of(processes: Sequence[Identity]) -> Iterator[psutil.Process]:
    """Those that it has told of, and those that it or its services have started."""
    yield from filter(None, (one.find() for one in processes))
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # it is somebody else's, or has just ended
            if process.environ().get(UP_VARIABLE) == str(processes[0]):
                yield process


def _is_run(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return RUN in process.cmdline()
    return False
