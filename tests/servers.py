"""Servers for tests: a real MLflow, on a port that is free."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.engines import end

START_S = 90  # 8 s were measured on two busy cores


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def mlflow_server(folder: Path, *options: str, port: int | None = None) -> Iterator[str]:
    """An MLflow server whose database and files lie in ``folder``; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port or free_port()}"
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", url.rpartition(":")[2]),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        *("--artifacts-destination", (folder / "artifacts").as_uri()),
        *options,
    ]
    foreign = ("MLFLOW_", "_MLFLOW_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    log = folder / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_S
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(log.read_text("utf-8"))
            time.sleep(0.2)
        yield url
    finally:
        end(process, by=signal.SIGTERM, patience_s=10)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310  our own server
            return True
    except (OSError, urllib.error.URLError):
        return False
