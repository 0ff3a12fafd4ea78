"""A Prefect server for the session, and throw-away projects whose stages run against it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.engines import prefect_server

ROOT = Path(__file__).parents[2]
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
ENGINE_VARIABLES = ("PREFECT_", "RAY_", "GENRENET_", "DVC_")


@dataclass(frozen=True)
class Api:
    """What a Prefect server knows, read over HTTP: this process imports no Prefect."""

    url: str

    def find(self, what: str, **query: Any) -> list[dict[str, Any]]:
        """Records of ``what`` ("flow_runs", "logs" …), the newest last."""
        found = self.send("POST", f"{what}/filter", query)
        return sorted(found, key=lambda record: record["created"])

    def send(self, method: str, place: str, content: Any = None) -> Any:
        """Ask for ``place``; what is answered."""
        request = urllib.request.Request(  # noqa: S310  our own server
            f"{self.url}/{place}",
            None if content is None else json.dumps(content).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        for pause_s in (1, 2, 4, None):  # a busy SQLite is 503, and asked again as by any client
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  the same
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                if error.code != 503 or pause_s is None:
                    raise
                time.sleep(pause_s)
        return None

    def deployments(self) -> dict[str, Any]:
        """The deployments, by name."""
        return {one["name"]: one for one in self.find("deployments")}

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run as the page does; its id."""
        about = {"parameters": parameters, "enforce_parameter_schema": True}
        place = f"deployments/{self.deployments()[deployment]['id']}/create_flow_run"
        return str(self.send("POST", place, about)["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """A run as it is now."""
        return dict(self.send("GET", f"flow_runs/{run_id}"))

    def ended(self, run_id: str, *, patience_s: float) -> dict[str, Any]:
        """A run, once it has ended."""
        deadline = time.monotonic() + patience_s
        while (run := self.run(run_id))["state_type"] not in FINAL:
            assert time.monotonic() < deadline, f"{run['state']}\n{self.logged(run)}"
            time.sleep(0.2)
        return run

    def last_run(self, flow: str) -> dict[str, Any]:
        """The newest run of ``flow``."""
        return self.find("flow_runs", flows={"name": {"any_": [flow]}})[-1]

    def of_run(self, what: str, run: dict[str, Any]) -> list[dict[str, Any]]:
        """Records of ``what`` that belong to ``run``."""
        return self.find(what, flow_runs={"id": {"any_": [run["id"]]}})

    def logged(self, run: dict[str, Any]) -> str:
        """Every line of ``run``'s log."""
        lines = self.find("logs", logs={"flow_run_id": {"any_": [run["id"]]}})
        return "\n".join(line["message"] for line in lines)


@dataclass(frozen=True)
class Project:
    """A folder with a ``params.yaml`` and stages, and the environment in which they run."""

    folder: Path
    environment: dict[str, str]

    def add_stage(self, name: str, body: str) -> None:
        """Write the module ``toy.<name>``, whose stage is ``body``."""
        module = self.folder / "toy" / f"{name}.py"
        module.parent.mkdir(exist_ok=True)
        module.write_text(STAGE.format(name=name, body=body), "utf-8")

    def start(self, module: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start ``python -m module``."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, module: str, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run ``python -m module``; its exit code and what it wrote to standard error."""
        process = self.start(module, *arguments, **variables)
        _, errors = process.communicate()
        return process.returncode, errors


STAGE = """
import os, sys, time
from pathlib import Path
from flows.stage import main, progress, say, step, table
from genrenet.errors import DataError

def {name}(params):
    "The stage called {name}."
{body}

if __name__ == "__main__":
    sys.exit(main({name}))
"""


def relatives(tag: str) -> list[str]:
    """Ids of the processes that have ``tag`` in their environment."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if tag.encode() in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:  # it has just ended, or is not ours
            continue
    return found


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Children can be interrupted and hung up on, also where the tests themselves cannot be.

    A background job ignores the one, ``nohup`` the other. What is handled here is none of theirs.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without stages, out of reach of this machine's Prefect, Ray and DVC."""
    (tmp_path / "params.yaml").write_text("{}", "utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ENGINE_VARIABLES)}
    paths = os.pathsep.join([str(ROOT), str(tmp_path)])
    own = {"PREFECT_HOME": str(tmp_path / "prefect"), "PYTHONPATH": paths}
    return Project(tmp_path, kept | own)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A Prefect API with an empty history."""
    with prefect_server(tmp_path_factory.mktemp("server") / "prefect") as server:
        url = server.url_once_up()
        if url is None:
            pytest.fail(server.log.read_text("utf-8"))
        yield Api(url)
