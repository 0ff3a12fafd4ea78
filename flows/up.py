"""``python -m flows.up``: the two windows, Prefect and MLflow, and the deployments between them.

What is already run by somebody else (``PREFECT_API_URL``, Prefect's profile,
``MLFLOW_TRACKING_URI``) is used and not started.
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from filelock import Timeout

from flows.addresses import Addresses, forget, home, told, up_lock
from flows.engines import profile_url, without_run_context
from flows.health import LOCAL_HOSTS, mlflow_silence, prefect_silence
from flows.orchestrator import answers
from flows.ports import PORTS, holder
from flows.stage import conclude
from flows.supervision import DEPLOYMENTS, supervise
from genrenet.errors import DataError
from genrenet.serving.relocation import settle
from genrenet.serving.store import (
    SERVER,
    SQLITE,
    check_address,
    database_of,
    own_database,
    shown,
    tracking_uri,
)

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104  only if it is asked for
LOCK_S = 1  # whoever looks for `make up` holds its lock for a moment
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
    for name, address, silence in (
        ("PREFECT_API_URL", prefect, prefect_silence),
        ("MLFLOW_TRACKING_URI", mlflow, mlflow_silence),
    ):
        if address and (why := silence(address)):
            raise DataError(
                f"{shown(f'{name}={address}: {why}')}. Start that server, correct the address, or "
                f"unset {name} to have one started here."
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


if __name__ == "__main__":
    app()
