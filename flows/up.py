"""``python -m flows.up``: the two windows, Prefect and MLflow, and the deployments between them.

Honcho keeps the three processes together: when one ends, the others are ended, and so is all that
they started. What is already run by somebody else (``PREFECT_API_URL``, ``MLFLOW_TRACKING_URI``) is
used and not started.
"""

import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import honcho.manager
import psutil
import typer
from filelock import FileLock, Timeout
from honcho.manager import SYSTEM_PRINTER_NAME
from honcho.printer import Message, Printer

from flows.addresses import Addresses, forget, home, tell, told
from flows.engines import without_run_context
from flows.health import why_silent
from flows.orchestrator import answers, console
from flows.ports import PORTS, holder
from flows.stage import conclude
from genrenet.checkout import checkout
from genrenet.errors import DataError
from genrenet.serving.store import own_database, settle, shown

HOST = "127.0.0.1"
STOP_S = 20  # until a run that is at work has ended: DVC alone is given 15
KILL_S = 5
DEPLOYMENTS = "deployments"
UP_S = 120  # until the pages open; 20 were measured on two busy cores

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    prefect_port: Annotated[int, typer.Option(help="Of Prefect's page.")] = PORTS["Prefect"],
    mlflow_port: Annotated[int, typer.Option(help="Of MLflow's page.")] = PORTS["MLflow"],
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0: every one.")] = HOST,
) -> None:
    """Run Prefect, MLflow and the deployments until Ctrl-C."""
    codes = []

    def work() -> None:
        with services(host, prefect_port, mlflow_port) as (commands, environment, addresses):
            codes.append(supervise(commands, environment, addresses))

    raise typer.Exit(conclude(work) or codes[0])


@contextmanager
def services(
    host: str, prefect_port: int, mlflow_port: int
) -> Iterator[tuple[dict[str, list[str]], dict[str, str], Addresses]]:
    """What to run, in which environment and where; once a checkout.

    Raises
    ------
    DataError
        It runs already, or a port is taken.
    """
    lock = FileLock(home() / "up.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        there = told()
        where = f": Prefect {there.prefect_page}, MLflow {there.mlflow}" if there else ""
        raise DataError(
            f"the services of this checkout are up already{where}. Use them, or stop them first "
            "(Ctrl-C where they run)."
        ) from error
    try:
        prefect, mlflow = (os.environ.get(n) for n in ("PREFECT_API_URL", "MLFLOW_TRACKING_URI"))
        check_foreign(prefect, mlflow)
        if not prefect:
            check_port(host, prefect_port, "PREFECT_PORT")
        if not mlflow:
            check_port(host, mlflow_port, "MLFLOW_PORT")
        seen = HOST if host in ("0.0.0.0", "::") else host  # noqa: S104  where it is asked from here
        addresses = Addresses(
            prefect=prefect or f"http://{seen}:{prefect_port}/api",
            mlflow=mlflow or f"http://{seen}:{mlflow_port}",
        )
        commands = {DEPLOYMENTS: [sys.executable, "-m", "flows.serve"]}
        if not prefect:
            commands["prefect"] = prefect_command(host, prefect_port)
        if not mlflow:
            commands["mlflow"] = mlflow_command(host, mlflow_port)
        yield commands, _environment(addresses), addresses
    finally:
        forget()
        lock.release()


def check_foreign(prefect: str | None, mlflow: str | None) -> None:
    """Refuse servers that were named and do not answer.

    Raises
    ------
    DataError
        One does not.
    """
    for name, address, is_there in (
        ("PREFECT_API_URL", prefect, answers),
        ("MLFLOW_TRACKING_URI", mlflow, page_opens),
    ):
        if address and not is_there(address):
            raise DataError(
                f"{name} is {shown(address)}, and no server answers there. Start it, correct the "
                f"address, or unset {name} to have one started here."
            )


def check_port(host: str, port: int, name: str) -> None:
    """Refuse a port that somebody listens at.

    Raises
    ------
    DataError
        It is taken, or cannot be had.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise DataError(
                f"port {port} of {host} cannot be had ({error.strerror}: {holder(port)}). End what "
                f"holds it, or give another port: make up {name}={port + 1}"
            ) from error


def prefect_command(host: str, port: int) -> list[str]:
    """Prefect's server, whose history lies in the checkout."""
    start = [sys.executable, "-m", "prefect", "server", "start"]
    return [*start, "--host", host, "--port", str(port)]


def mlflow_command(host: str, port: int) -> list[str]:
    """MLflow's server over the checkout's own store."""
    store = checkout() / "mlruns"
    settle(own_database())  # the checkout may have been moved
    (store / "artifacts").mkdir(parents=True, exist_ok=True)
    return [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{store / 'mlflow.db'}"),
        *("--default-artifact-root", (store / "artifacts").as_uri()),
        *("--host", host, "--port", str(port)),
    ]


def supervise(
    commands: Mapping[str, list[str]], environment: dict[str, str], addresses: Addresses
) -> int:
    """Run the services until one ends or a signal comes, then leave nothing of them; exit code."""
    honcho.manager.KILL_WAIT = STOP_S
    manager = _Manager()
    for name, command in commands.items():
        log = "" if name == DEPLOYMENTS else f" >{shlex.quote(str(log_of(name)))} 2>&1"
        manager.add_process(name, f"exec {shlex.join(command)}{log}", env=environment)
    tell(addresses)
    threading.Thread(target=_announce, args=(addresses,), daemon=True).start()
    manager.loop()
    _end(manager.family)
    if manager.returncode in (130, 143):  # as asked, by Ctrl-C or SIGTERM
        return 0
    console.print(
        f"error: a service has ended by itself; its reason is above, or in {home()}/*.log"
    )
    return manager.returncode or 1


def log_of(name: str) -> Path:
    """Where a server writes; the deployments speak on the terminal, of the runs."""
    return home() / f"{name}.log"


class _Manager(honcho.manager.Manager):
    """Honcho's manager, which remembers all that its processes have started."""

    family: list[psutil.Process]

    def __init__(self) -> None:
        super().__init__(_Printer(sys.stdout))
        self.family = []

    def terminate(self) -> None:
        if not self._printer.is_stopping:
            self._printer.is_stopping = True
            self.family = psutil.Process().children(recursive=True)
            self._end_runs()
        super().terminate()

    def _end_runs(self) -> None:
        """Let the runs that are at work end first, while there are servers to tell."""
        with suppress(psutil.NoSuchProcess, KeyError):
            runs = psutil.Process(self._processes[DEPLOYMENTS]["pid"]).children()
            for run in runs:
                run.terminate()
            psutil.wait_procs(runs, timeout=STOP_S)


class _Printer(Printer):
    """Honcho's printer, which spares the reader what a service says to a request to stop."""

    is_stopping = False

    def write(self, message: Message) -> None:
        if not self.is_stopping or message.name == SYSTEM_PRINTER_NAME:
            super().write(message)


def _end(family: list[psutil.Process]) -> None:
    """Kill what is left, such as a Ray whose run had to be killed."""
    left = [process for process in family if process.is_running()]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=KILL_S)


def _environment(addresses: Addresses) -> dict[str, str]:
    """What the services are told."""
    return without_run_context(os.environ) | {
        "PREFECT_HOME": str(home()),
        "PREFECT_API_URL": addresses.prefect,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # of its own jobs, which take 15 s to stop
        "PYTHONUNBUFFERED": "1",
    }


def _announce(addresses: Addresses) -> None:
    """Say where the pages are, once they open."""
    begin = time.monotonic()
    while time.monotonic() - begin < UP_S:
        if answers(addresses.prefect) and page_opens(addresses.mlflow):
            console.print(
                f"\n  Prefect  {addresses.prefect_page}\n  MLflow   {addresses.mlflow}\n"
                f"  up after {time.monotonic() - begin:.0f} s; Ctrl-C stops all of it\n"
            )
            return
        time.sleep(0.5)
    console.print(f"warning: not all pages have opened for {UP_S} s; {home()}/*.log tell why")


def page_opens(url: str) -> bool:
    """Whether an MLflow answers; a store that is a file or a database has no page to open."""
    return not url.startswith("http") or why_silent(f"{url.rstrip('/')}/health") is None


if __name__ == "__main__":
    app()
