"""What ``rebuild`` finds or starts for its duration: one Prefect API and one Ray.

Both are conveniences: where one does not start, a line says so and the work is done without.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from flows.addresses import told
from flows.health import prefect_silence
from flows.login import prefect_refusal
from flows.orchestrator import answers, console
from flows.ports import PORTS
from genrenet.sections.compute import Compute
from genrenet.serving.store import shown
from tasks.fanout import OWN_RAY, import_ray, start_ray

PREFECT_START_S = 90  # 16 s were measured on two busy cores
PREFECT_STOP_S = 10
LATER = f"http://127.0.0.1:{PORTS['Prefect']}"
"""Where `make up` shows the history of a server that runs for one rebuild: links lead there."""


@contextmanager
def engines(home: Path, compute: Compute) -> Iterator[dict[str, str]]:
    """One Prefect API and one Ray, for as long as the context lasts.

    Parameters
    ----------
    home : Path
        Where a Prefect server that is started here keeps its history and its log.
    compute : Compute
        How many cores a Ray that is started here has; with ``executor: serial`` none is.

    Yields
    ------
    variables : dict of str to str
        What tells a process in its environment where they are.
    """
    with ExitStack() as stack:
        url = found_api() or coming_api()
        server = None if url else stack.enter_context(prefect_server(home))
        if url and (why := prefect_refusal(url)):
            console.print(shown(f"warning: Prefect at {url}: {why}; running without"))
            url = None
        ray = stack.enter_context(_ray(compute))  # starts while the server does
        if server:
            url = server.url_once_up()
        later = {"PREFECT_UI_URL": LATER} if server and url else {}
        yield {"PREFECT_API_URL": url or "", **later, **ray}


def found_api() -> str | None:
    """The first API to answer: ``$PREFECT_API_URL``'s, ``make up``'s, that of Prefect's profile.

    One that was named and does not answer costs a warning.
    """
    if said := os.environ.get("PREFECT_API_URL"):
        why = prefect_silence(said)
        if why is None:
            return said
        console.print(shown(f"warning: PREFECT_API_URL={said}: {why}; looking elsewhere"))
    services = told()
    urls = services and services.prefect, profile_url()
    return next((url for url in urls if url and answers(url)), None)


def coming_api() -> str | None:
    """``make up``'s API, waited for: a second server over its history would come in its way."""
    deadline = time.monotonic() + PREFECT_START_S
    while (services := told()) and time.monotonic() < deadline:
        if answers(services.prefect):
            return services.prefect
        time.sleep(0.5)
    return None


def end(process: subprocess.Popen[Any], *, by: signal.Signals, patience_s: float) -> bool:
    """Stop a process and its whole group, which it leads; False if it had to be killed."""
    willing = True
    try:
        if process.poll() is None:
            os.killpg(process.pid, by)
            process.communicate(timeout=patience_s)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        willing = False
    finally:  # also when Prefect, which is in haste, interrupts the waiting
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return willing


class Server:
    """A Prefect server that has been started, and may still be on its way up."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process, self.url, self.log = process, url, log

    def url_once_up(self) -> str | None:
        """Wait for the API; None, and a line that says so, if it does not come."""
        deadline = time.monotonic() + PREFECT_START_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if answers(self.url):
                console.print(f"Prefect: {self.url.removesuffix('/api')} (while this runs)")
                return self.url
            time.sleep(0.2)
        console.print(f"warning: no Prefect server came up ({self.log} says why); running without")
        return None


@contextmanager
def prefect_server(home: Path) -> Iterator[Server]:
    """A Prefect server whose history and log lie in ``home``, for as long as the context lasts."""
    home.mkdir(exist_ok=True)
    (home / ".gitignore").write_text("*\n", "utf-8")
    port, log = _free_port(), home / "server.log"
    url = f"http://127.0.0.1:{port}/api"
    environment = without_run_context(os.environ) | {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to handle, and the group ours to end
        )
    try:
        yield Server(process, url, log)
    finally:
        end(process, by=signal.SIGTERM, patience_s=PREFECT_STOP_S)


def without_run_context(environment: "os._Environ[str] | dict[str, str]") -> dict[str, str]:
    """``environment`` less what ties a process to a Prefect run that is not its own."""
    return {k: v for k, v in environment.items() if not k.startswith("PREFECT__")}


@contextmanager
def _ray(compute: Compute) -> Iterator[dict[str, str]]:
    """Where a Ray that is started here is, unless there is one already or none is wanted."""
    if os.environ.get("RAY_ADDRESS") or compute.executor == "serial":
        yield {}
        return
    try:
        ray = import_ray()
        start_ray(ray, compute)
        address = ray.get_runtime_context().gcs_address
    except Exception as error:
        console.print(f"warning: no Ray came up ({error}); running without")
        yield {}
        return
    try:
        yield {"RAY_ADDRESS": address, OWN_RAY: address}
    finally:
        ray.shutdown()


def profile_url() -> str | None:
    """The API of Prefect's active profile, read without importing Prefect."""
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml"))
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return None
    active = os.environ.get("PREFECT_PROFILE") or content.get("active")
    url = content.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return url if isinstance(url, str) else None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
