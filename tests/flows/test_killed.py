"""``make up`` when something is killed: Prefect under a run at work, or ``make up`` itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from flows.orchestrator import LOST
from tests.flows.conftest import ENGINE_VARIABLES, FINAL, ROOT, Api, Project, relatives
from tests.servers import unused_port

pytestmark = [pytest.mark.engine, pytest.mark.timeout(420)]

PATIENCE_S = 90
QUICK_S = 30  # a run's own end is 2 s, Prefect's patience with a server that is gone 100
PIPELINE = """
stages:
  first:
    cmd: {python} -m toy.first
    outs: [one]
  second:
    cmd: {python} -m toy.second
    deps: [one]
    outs: [two]
"""
FIRST = """
    Path("ready").touch()
    while not Path("go").exists():
        time.sleep(0.1)
    say("on it goes")
    Path("one").write_text("1")
"""


@dataclass
class Up:
    """``make up`` over a pipeline whose first stage waits until it may go on."""

    project: Project
    api: Api
    ports: tuple[str, ...]
    tag: str
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it anew, until the deployments are served."""
        self.path("up.log").unlink(missing_ok=True)
        with self.path("up.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flows.up", *self.ports],
                cwd=self.project.folder,
                env=self.project.environment,
                stdout=log,
                stderr=log,
            )
        self.until(lambda: "up after" in self.log() and self.serves())

    def serves(self) -> bool:
        """Whether the deployments' process has come as far as to start runs."""
        return bool(
            self.path(".prefect/serve.lock").exists() and "rebuild" in self.api.deployments()
        )

    def run_at_work(self) -> str:
        """Start a run, until its first stage waits; its id."""
        for name in ("ready", "go"):
            self.path(name).unlink(missing_ok=True)
        run_id = self.api.start("rebuild", force=True)
        self.until(self.path("ready").exists)
        return run_id

    def kill_prefect(self) -> None:
        """End its server as a lack of memory does."""
        own = psutil.Process(self.pid).children(recursive=True)
        server = next(one for one in own if one.cmdline()[2:4] == ["prefect", "server"])
        for one in (server, *server.children(recursive=True)):
            one.kill()

    @property
    def pid(self) -> int:
        """Its number."""
        assert self.process is not None
        return self.process.pid

    def ended(self) -> float:
        """Wait for its end; how long that took, in seconds."""
        assert self.process is not None
        begin = time.monotonic()
        self.process.wait(PATIENCE_S)
        return time.monotonic() - begin

    def log(self) -> str:
        """What it has printed."""
        return self.path("up.log").read_text("utf-8")

    def path(self, name: str) -> Path:
        """A file of the checkout."""
        return self.project.folder / name

    def until(self, happened: Callable[[], object]) -> None:
        """Wait for something."""
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < deadline, self.log()[-6_000:]
            time.sleep(0.2)

    def known(self, run_id: str) -> dict[str, Any]:
        """A run, once Prefect knows how it ended."""
        self.until(lambda: self.api.run(run_id)["state_type"] in FINAL)
        return self.api.run(run_id)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """It runs when a test begins that did not end it."""
    folder, tag = tmp_path_factory.mktemp("up"), f"killed-{os.getpid()}-{time.time()}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ENGINE_VARIABLES)}
    own = {
        "PREFECT_HOME": str(folder / "prefect"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
        "TAG": tag,
    }
    project = Project(folder, kept | own)
    project.add_stage("first", FIRST)
    project.add_stage("second", '    Path("two").write_text(Path("one").read_text())')
    (folder / "dvc.yaml").write_text(PIPELINE.format(python=sys.executable), "utf-8")
    for name in ("recordings", "mlruns"):
        (folder / name).mkdir()
    for name in ("prefect.yaml", "params.schema.json", "params.yaml"):
        text = (ROOT / name).read_text("utf-8")
        for old, new in (
            ("entrypoint: flows", f"entrypoint: {ROOT}/flows"),
            ("path: demo/audio", "path: recordings"),
            ("executor: auto ", "executor: serial "),
            ('"*/10 * * * *"', '"*/10 * * * *"\n        active: false'),  # no run but the test's
        ):
            text = text.replace(old, new)
        (folder / name).write_text(text, "utf-8")
    project.run("dvc", "init", "--no-scm")
    prefect, mlflow = str(unused_port()), str(unused_port())
    ports = ("--prefect-port", prefect, "--mlflow-port", mlflow)
    made = Up(project, Api(f"http://127.0.0.1:{prefect}/api"), ports, tag)
    try:
        made.start()
        yield made
    finally:
        for pid in relatives(tag):
            os.kill(int(pid), signal.SIGKILL)


def test_a_run_outlives_prefect_with_its_own_outcome(up):
    """The work goes on, each party warns once, and the next `make up` reports how it ended."""
    run_id = up.run_at_work()

    up.kill_prefect()
    up.until(lambda: "the rest ends once the run at work has" in up.log())
    up.path("go").touch()
    up.until(up.path("two").exists)

    assert up.ended() < QUICK_S
    assert up.log().count("warning: a service has ended by itself") == 1
    assert up.log().count("warning") - 1 == up.log().count(LOST) <= 1  # of a run that looked first
    assert "Traceback" not in up.log()
    assert "rebuild: Completed; Prefect hears of it when it is back" in up.log()
    assert relatives(up.tag) == []
    up.start()
    assert up.known(run_id)["state_type"] == "COMPLETED"
    assert list(up.path(".prefect/outcomes").iterdir()) == []


def test_what_a_killed_make_up_has_left_is_ended_by_the_next(up):
    """It says so in a line; ports and locks are free again, and a run is begun anew."""
    run_id, killed = up.run_at_work(), up.pid
    up.process.kill()
    up.process.wait()
    left = set(relatives(up.tag))
    assert len(left) > 5  # services and the run at work

    up.start()

    assert f"make up (PID {killed}) was killed; what it had left is ended: " in up.log()
    assert left.isdisjoint(relatives(up.tag))
    assert up.known(run_id)["state_type"] in ("CRASHED", "CANCELLED")


def test_ctrl_c_ends_a_run_that_prefect_has_left(up):
    """At once: nobody waits for a server that is gone."""
    run_id = up.run_at_work()
    up.kill_prefect()
    up.until(lambda: "the rest ends once the run at work has" in up.log())

    up.process.send_signal(signal.SIGINT)

    assert up.ended() < QUICK_S
    assert "Traceback" not in up.log()
    assert relatives(up.tag) == []
    assert list(up.path(".prefect/outcomes").iterdir()) == [
        up.path(f".prefect/outcomes/{run_id}.json")
    ]
