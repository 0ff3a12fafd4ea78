"""Servers for tests: a real MLflow, and a line to it that can be cut."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flows.engines import end
from flows.health import mlflow_silence

START_S = 90  # 12 s were measured on two busy cores


def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running_mlflow(
    folder: Path, *, port: int | None = None, by: signal.Signals = signal.SIGTERM
) -> Iterator[str]:
    """An MLflow server whose database and files lie in ``folder``, ended ``by``; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port or unused_port()}"
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", url.rpartition(":")[2]),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        *("--artifacts-destination", (folder / "artifacts").as_uri()),
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
        while mlflow_silence(url):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(log.read_text("utf-8"))
            time.sleep(0.2)
        yield url
    finally:
        end(process, by=by, patience_s=10)


@contextmanager
def line_to(url: str, port: int) -> Iterator[None]:
    """Make the server at ``url`` answer at ``port`` as well; it is dead there afterwards."""
    there = urlsplit(url).hostname, urlsplit(url).port
    ends: list[socket.socket] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):  # the line is cut
            while True:
                near, far = listener.accept()[0], socket.create_connection(there)
                ends.extend([near, far])
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for one in ends:
                one.close()
