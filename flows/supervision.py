"""The supervision of ``make up``'s services: when one ends, all that they started ends with it.

Honcho keeps them together and passes their lines on. A run that is at work ends first, while there
are servers to tell, or, where a server has died by itself, is waited for.
"""

import os
import queue
import shlex
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import honcho.manager
import psutil
from honcho.manager import SYSTEM_PRINTER_NAME
from honcho.printer import Message, Printer

from flows.addresses import Addresses, home, tell
from flows.health import mlflow_silence
from flows.identity import Identity
from flows.orchestrator import LOST, answers, console
from genrenet.serving.store import shown

STOP_S = 20  # until a run that is at work has ended: DVC alone is given 15
KILL_S = 5
DEPLOYMENTS = "deployments"
UP_S = 120  # until the pages open; 20 were measured on two busy cores
ASKED = (130, 143)  # what honcho returns after Ctrl-C and SIGTERM


def supervise(
    commands: Mapping[str, list[str]], environment: dict[str, str], addresses: Addresses
) -> int:
    """Run the services until one ends or a signal comes, then leave nothing of them; exit code."""
    honcho.manager.KILL_WAIT = STOP_S
    manager = _Manager(addresses)
    for name, command in commands.items():
        log = "" if name == DEPLOYMENTS else f" >{shlex.quote(str(log_of(name)))} 2>&1"
        manager.add_process(name, f"exec {shlex.join(command)}{log}", env=environment)
    tell(addresses)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup leaves it
        signal.signal(signal.SIGHUP, _hang_up)
    manager.loop()
    kill(manager.family)
    if manager.returncode in ASKED:
        return 0
    console.print(
        f"error: a service has ended by itself; its reason is above, or in {home()}/*.log"
    )
    return manager.returncode or 1


def _hang_up(*_: object) -> None:
    """End as by SIGTERM when the terminal is closed, which may tell of it more than once."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.kill(os.getpid(), signal.SIGTERM)


def log_of(name: str) -> Path:
    """Where a server writes; the deployments speak on the terminal, of the runs."""
    return home() / f"{name}.log"


class _Manager(honcho.manager.Manager):
    """Honcho's manager, which remembers all that its processes have started."""

    family: list[psutil.Process]

    def __init__(self, addresses: Addresses) -> None:
        super().__init__(_Printer(sys.stdout))
        self.addresses = addresses
        self.family = []

    def _start(self) -> None:
        super()._start()  # forks, which is no good beside threads
        forks = tuple(Identity.of(one.pid) for one in psutil.Process().children())
        tell(self.addresses.model_copy(update={"processes": self.addresses.processes + forks}))
        threading.Thread(target=_announce, args=(self.addresses,), daemon=True).start()

    def terminate(self) -> None:
        if self.returncode not in ASKED:
            self._await_runs()
        if not self._printer.is_stopping:
            self._printer.is_stopping = True
            self.family = psutil.Process().children(recursive=True)
            self._end_runs()
        super().terminate()

    def _end_runs(self) -> None:
        """Let the runs that are at work end first, while there are servers to tell."""
        stop(self._runs(), STOP_S)

    def _await_runs(self) -> None:
        """Let the runs that are at work come to their end: they can do without a server."""
        runs, begin, later = self._runs(), time.monotonic(), []
        if runs:
            console.print(
                "warning: a service has ended by itself; the rest ends once the run at work has, "
                "which does without. Ctrl-C ends it now"
            )
        while any(map(_is_at_work, runs)):
            with suppress(queue.Empty):
                message = self.events.get(timeout=0.1)
                if message.type != "line":
                    later.append(message)
                elif LOST.encode() not in message.data:  # it has just been told
                    self._printer.write(message)
        for message in later:
            self.events.put(message)
        honcho.manager.KILL_WAIT += time.monotonic() - begin  # it has counted from the first end

    def _runs(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess, KeyError):
            children = psutil.Process(self._processes[DEPLOYMENTS]["pid"]).children()
            return list(filter(_is_at_work, children))
        return []


class _Printer(Printer):
    """Honcho's printer, which spares the reader what a service says to a request to stop."""

    is_stopping = False

    def write(self, message: Message) -> None:
        if not self.is_stopping or message.name == SYSTEM_PRINTER_NAME:
            with suppress(OSError):  # the terminal has been closed
                super().write(message)


def _is_at_work(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def stop(processes: Sequence[psutil.Process], patience_s: float) -> None:
    """Ask processes to end, and wait for it."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    deadline = time.monotonic() + patience_s
    while any(map(_is_at_work, processes)) and time.monotonic() < deadline:
        time.sleep(0.1)


def kill(family: Sequence[psutil.Process]) -> None:
    """Kill what is left, such as a Ray whose run had to be killed."""
    left = list(filter(_is_at_work, family))
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=KILL_S)


def _announce(addresses: Addresses) -> None:
    """Say where the pages are, once they open."""
    begin = time.monotonic()
    while time.monotonic() - begin < UP_S:
        if answers(addresses.prefect) and page_opens(addresses.mlflow):
            pages = f"Prefect  {addresses.prefect_page}\n  MLflow   {addresses.mlflow}"
            console.print(
                f"\n  {shown(pages)}\n"
                f"  up after {time.monotonic() - begin:.0f} s; Ctrl-C stops all of it\n"
            )
            return
        time.sleep(0.5)
    console.print(f"warning: not all pages have opened for {UP_S} s; {home()}/*.log tell why")


def page_opens(url: str) -> bool:
    """Whether an MLflow server answers."""
    return mlflow_silence(url) is None
