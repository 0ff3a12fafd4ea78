"""``python -m flows.up``: the two windows, Prefect and MLflow, and the deployments between them.

What is already run by somebody else (``PREFECT_API_URL``, Prefect's profile,
``MLFLOW_TRACKING_URI``) is used and not started.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer
from filelock import Timeout

from flows.addresses import UP_VARIABLE, Addresses, forget, home, left, up_lock
from flows.engines import profile_url, without_run_context
from flows.former import end_former
from flows.health import LOCAL_HOSTS, mlflow_silence, prefect_silence
from flows.identity import Identity
from flows.login import mlflow_refusal, prefect_refusal
from flows.orchestrator import answers
from flows.ports import EVERYWHERE, HOST, PORTS, check_host, check_ports
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
    with _alone():
        end_former()
        prefect, mlflow = foreign()
        check_host(host)
        ports = {} if prefect else {"PREFECT_PORT": prefect_port}
        ports |= {} if mlflow else {"MLFLOW_PORT": mlflow_port}
        check_ports(host, ports)
        seen = HOST if host == EVERYWHERE else host  # where it is asked from here
        addresses = Addresses(
            prefect=prefect or f"http://{seen}:{prefect_port}/api",
            mlflow=mlflow or f"http://{seen}:{mlflow_port}",
            store=shown_store(),
            processes=(Identity.of(os.getpid()),),
        )
        yield _commands(host, ports), _environment(addresses), addresses


def _commands(host: str, ports: Mapping[str, int]) -> dict[str, list[str]]:
    """The deployments, and the servers that are given ports."""
    found = {DEPLOYMENTS: [sys.executable, "-m", "flows.serve"]}
    if port := ports.get("PREFECT_PORT"):
        found["prefect"] = prefect_command(host, port)
    if port := ports.get("MLFLOW_PORT"):
        found["mlflow"] = mlflow_command(host, port)
    return found


@contextmanager
def _alone() -> Iterator[None]:
    """Be the only ``make up`` of this checkout, whose addresses are forgotten at the end."""
    home()
    lock = up_lock()
    try:
        lock.acquire()
    except Timeout as error:
        there = left()
        where = f": Prefect {there.prefect_page}, MLflow {there.mlflow}" if there else ""
        raise DataError(
            f"the services of this checkout are up already{where}. Use them, or stop them first "
            "(Ctrl-C where they run)."
        ) from error
    try:
        yield
    finally:
        forget()
        lock.release()


def foreign() -> tuple[str | None, str | None]:
    """Prefect's API and MLflow's server where they are run by somebody else.

    Raises
    ------
    DataError
        One that was named does not answer or does not let us in, or a database that was does not.
    """
    prefect, uri, profile = os.environ.get("PREFECT_API_URL"), tracking_uri(), profile_url()
    check_address(uri)
    mlflow = uri if uri.startswith(SERVER) else None
    if not mlflow and (reason := mlflow_refusal(uri)):
        raise DataError(
            f"{shown(f'MLFLOW_TRACKING_URI={uri}: {reason}')}. Start that database, correct the "
            "address, or unset it to have the checkout's own."
        )
    for name, address, silence, refusal in (
        ("PREFECT_API_URL", prefect, prefect_silence, prefect_refusal),
        ("MLFLOW_TRACKING_URI", mlflow, mlflow_silence, mlflow_refusal),
    ):
        if address and (why := silence(address) or refusal(address)):
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
        UP_VARIABLE: str(addresses.processes[0]),
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
