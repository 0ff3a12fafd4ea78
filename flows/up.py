"""``python -m flows.up``: the two windows, Prefect and MLflow, and the deployments between them.

Honcho keeps the three processes together: when one ends, the others are ended, and so is all that
they started. What is already run by somebody else (``PREFECT_API_URL``, Prefect's profile,
``MLFLOW_TRACKING_URI``) is used and not started.
"""

import os
import queue
import shlex
import signal
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
from filelock import Timeout
from honcho.manager import SYSTEM_PRINTER_NAME
from honcho.printer import Message, Printer

from flows.addresses import Addresses, forget, home, tell, told, up_lock
from flows.engines import profile_url, without_run_context
from flows.health import mlflow_silence
from flows.orchestrator import answers, console
from flows.ports import PORTS, holder
from flows.stage import conclude
from genrenet.errors import DataError
from genrenet.serving.store import (
    SERVER,
    SQLITE,
    check_address,
    database_of,
    own_database,
    settle,
    shown,
    tracking_uri,
)

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104  only if it is asked for
LOCAL_HOSTS = (HOST, "localhost")
STOP_S = 20  # until a run that is at work has ended: DVC alone is given 15
KILL_S = 5
DEPLOYMENTS = "deployments"
UP_S = 120  # until the pages open; 20 were measured on two busy cores
LOCK_S = 1  # whoever looks for `make up` holds its lock for a moment
ASKED = (130, 143)  # what honcho returns after Ctrl-C and SIGTERM
Port = Annotated[int, typer.Option(min=1, max=65_535, help="Of the server's page.")]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    prefect_port: Port = PORTS["Prefect"],
    mlflow_port: Port = PORTS["MLflow"],
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
        It runs already, a port is taken, or a server that was named is not there.
    """
    home()
    lock = up_lock()
    try:
        lock.acquire(timeout=LOCK_S)
    except Timeout as error:
        there = told()
        where = f": Prefect {there.prefect_page}, MLflow {there.mlflow}" if there else ""
        raise DataError(
            f"the services of this checkout are up already{where}. Use them, or stop them first "
            "(Ctrl-C where they run)."
        ) from error
    try:
        prefect, mlflow = foreign()
        check_host(host)
        if not prefect:
            check_port(host, prefect_port, "PREFECT_PORT")
        if not mlflow:
            check_port(host, mlflow_port, "MLFLOW_PORT")
        if prefect_port == mlflow_port and not prefect and not mlflow:
            raise DataError(f"both servers cannot have port {mlflow_port}. Give each its own.")
        seen = HOST if host == EVERYWHERE else host  # where it is asked from here
        addresses = Addresses(
            prefect=prefect or f"http://{seen}:{prefect_port}/api",
            mlflow=mlflow or f"http://{seen}:{mlflow_port}",
            store=shown_store(),
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


def foreign() -> tuple[str | None, str | None]:
    """Prefect's API and MLflow's server where they are run by somebody else.

    Raises
    ------
    DataError
        One that was named does not answer.
    """
    prefect, uri, profile = os.environ.get("PREFECT_API_URL"), tracking_uri(), profile_url()
    check_address(uri)
    mlflow = uri if uri.startswith(SERVER) else None
    for name, address, is_there in (
        ("PREFECT_API_URL", prefect, answers),
        ("MLFLOW_TRACKING_URI", mlflow, page_opens),
    ):
        if address and not is_there(address):
            raise DataError(
                f"{name} is {shown(address)}, and no server answers there. Start it, correct the "
                f"address, or unset {name} to have one started here."
            )
    return prefect or (profile if profile and answers(profile) else None), mlflow


def shown_store() -> str:
    """What MLflow's page shows: a database's address is made one that holds in any folder."""
    uri = tracking_uri()
    database = database_of(uri)
    return f"{SQLITE}{database}" if database else uri


def check_host(host: str) -> None:
    """Refuse what this machine cannot listen at.

    Raises
    ------
    DataError
        It is no address of its own, or none of IPv4.
    """
    with socket.socket() as listener:
        try:
            listener.bind((host, 0))
        except OSError as error:
            raise DataError(
                f"LISTEN is '{host}', where this machine cannot listen ({error.strerror}). "
                f"Expected an IPv4 address or a name of its own, such as {HOST}; {EVERYWHERE}: all."
            ) from error


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
    """MLflow's server over the database, which it is told of in its environment."""
    database = database_of(tracking_uri())
    if database == own_database().resolve():
        settle(database)  # the checkout may have been moved
    files = (database or own_database().resolve()).parent / "artifacts"
    files.mkdir(parents=True, exist_ok=True)
    return [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--default-artifact-root", files.as_uri()),
        *("--host", host, "--port", str(port)),
        *(() if host in LOCAL_HOSTS else _let_in(host, port)),
    ]


def _let_in(host: str, port: int) -> tuple[str, ...]:
    """Let MLflow answer browsers elsewhere, which it does not by itself."""
    name = "*" if host == EVERYWHERE else host
    hosts = "*" if host == EVERYWHERE else f"{host},{host}:{port}"
    return "--allowed-hosts", hosts, "--cors-allowed-origins", f"http://{name}:{port}"


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
    _end(manager.family)
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
        runs = self._runs()
        for run in runs:
            with suppress(psutil.NoSuchProcess):
                run.terminate()
        psutil.wait_procs(runs, timeout=STOP_S)

    def _await_runs(self) -> None:
        """Let the runs that are at work come to their end: they can do without a server."""
        runs, begin, later = self._runs(), time.monotonic(), []
        if runs:
            console.print(
                "warning: a service has ended by itself; the rest ends once the run at work has. "
                "Ctrl-C ends it now"
            )
        while any(map(_is_at_work, runs)):
            with suppress(queue.Empty):
                message = self.events.get(timeout=0.1)
                if message.type == "line":
                    self._printer.write(message)
                else:
                    later.append(message)
        for message in later:
            self.events.put(message)
        honcho.manager.KILL_WAIT += time.monotonic() - begin  # it has counted from the first end

    def _runs(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess, KeyError):
            children = psutil.Process(self._processes[DEPLOYMENTS]["pid"]).children()
            return [child for child in children if _is_at_work(child)]
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


def _end(family: list[psutil.Process]) -> None:
    """Kill what is left, such as a Ray whose run had to be killed."""
    left = [process for process in family if process.is_running()]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=KILL_S)


def _environment(addresses: Addresses) -> dict[str, str]:
    """What the services are told."""
    there = without_run_context(os.environ)
    if "PREFECT_UI_API_URL" not in there:  # as behind a proxy; else where the page came from
        there["PREFECT_SERVER_UI_API_URL"] = there.get("PREFECT_SERVER_UI_API_URL", "/api")
    return there | {
        "PREFECT_HOME": str(home()),
        "PREFECT_API_URL": addresses.prefect,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
        "MLFLOW_BACKEND_STORE_URI": addresses.store,  # not in a command, which everybody can see
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # of its own jobs, which take 15 s to stop
        "PYTHONUNBUFFERED": "1",
    }


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


if __name__ == "__main__":
    app()
