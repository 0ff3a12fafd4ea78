"""The deployments: what a person starts in Prefect's page runs, waits, stops and resumes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from flows.serve import read_deployments
from flows.workspace import PARAMS
from genrenet.errors import DataError
from tests.flows.conftest import ENGINE_VARIABLES, FINAL, ROOT, Api, Project, relatives
from tests.servers import line_to, unused_port

pytestmark = [pytest.mark.engine, pytest.mark.timeout(420)]

SCHEDULED = {"type": {"any_": ["SCHEDULED"]}}
PIPELINE = """
stages:
  catalog:
    cmd: {python} -m toy.catalog
    deps: ["${{corpus.path}}"]
    params: [train.epochs]
    outs: [one]
  second:
    cmd: {python} -m toy.second
    deps: [one]
    outs: [two]
"""
CATALOG = """
    if Path("refuse").exists():
        raise DataError("mend it")
    if Path("break").exists():
        Path("break").unlink()
        Path("ray").write_text(os.environ["RAY_ADDRESS"])
        raise RuntimeError("out of luck")
    if Path("wait").exists():
        wait(Path("ready").absolute(), params.compute)
    if "RAY_ADDRESS" in os.environ:
        import socket

        host, port = os.environ["RAY_ADDRESS"].split(":")
        socket.create_connection((host, int(port)), 5).close()
    Path("one").write_text(str(os.listdir("recordings")) + str(params.train.epochs))
"""
WAIT = """

def wait(ready, compute):
    def at_work():
        ready.write_text(str(os.getpid()))
        while ready.with_name("wait").exists():
            time.sleep(0.1)

    if "RAY_ADDRESS" not in os.environ:
        return at_work()
    from tasks.fanout import connect

    ray = connect(compute)
    ray.get(ray.remote(at_work).remote())
"""
PATIENCE_S = 90
CANCELLED_S = 20
WITH_RAY = {"compute": {"executor": "auto"}}
WITHOUT_RAY = {"compute": {"executor": "serial"}}


@dataclass
class Window:
    """What a person sees of the deployments, and does with them, over Prefect's API."""

    project: Project
    api: Api
    tag: str
    told: list[dict[str, Any]] = field(default_factory=list)
    service: "subprocess.Popen[bytes] | None" = None
    line: ExitStack = field(default_factory=ExitStack)

    def connect(self) -> None:
        """Let the service reach Prefect; until the line is closed."""
        port = urlsplit(self.project.environment["PREFECT_API_URL"]).port
        assert port
        self.line.enter_context(line_to(self.api.url, port))

    def serve(self) -> None:
        """Start ``flows.serve``, and wait until its deployments are registered."""
        with (self.project.folder / "serve.log").open("ab") as log:
            self.service = subprocess.Popen(
                [sys.executable, "-m", "flows.serve"],
                cwd=self.project.folder,
                env=self.project.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.until(lambda: b"Starting runner" in self.log() or len(self.api.deployments()) == 6)

    def log(self) -> bytes:
        """What the service has printed."""
        return (self.project.folder / "serve.log").read_bytes()

    def stop(self, number: signal.Signals) -> None:
        """End the service and what it started."""
        assert self.service is not None
        os.killpg(self.service.pid, number)
        self.service.wait()
        for pid in relatives(self.tag):
            os.kill(int(pid), signal.SIGKILL)

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run as the page does; its id."""
        return self.api.start(deployment, **parameters)

    def cancel(self, run_id: str) -> None:
        """Cancel a run as the page does."""
        cancelling = {"state": {"type": "CANCELLING"}}
        self.api.send("POST", f"flow_runs/{run_id}/set_state", cancelling)

    def ended(self, run_id: str) -> dict[str, Any]:
        """A run, once it has ended."""
        self.until(lambda: self.api.run(run_id)["state_type"] in FINAL)
        return self.api.run(run_id)

    def until(self, happened: Callable[[], object]) -> None:
        """Wait for something."""
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < deadline, self.log().decode()[-6_000:]
            time.sleep(0.2)

    def at_work(self) -> list[str]:
        """The processes of runs, beside the service's own."""
        own = {str(process.pid) for process in (self.service,) if process}
        return [pid for pid in relatives(self.tag) if pid not in own]

    def mark(self, name: str) -> Path:
        """Let the stage behave so."""
        path = self.project.folder / name
        path.touch()
        return path


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory, api: Api) -> Iterator[Window]:
    """The project's own deployments over a toy pipeline, the watch every minute."""
    folder, tag = tmp_path_factory.mktemp("served"), f"served-{os.getpid()}-{time.time()}"
    told: list[dict[str, Any]] = []
    post = _post(told)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ENGINE_VARIABLES)}
    own = {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{unused_port()}/api",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
        "GENRENET_NOTIFY": f"json://127.0.0.1:{post.server_port}/",
        "TAG": tag,
    }
    project = Project(folder, kept | own)
    project.add_stage("catalog", CATALOG)
    module = folder / "toy/catalog.py"
    module.write_text(module.read_text("utf-8").replace("\ndef catalog", WAIT + "\ndef catalog"))
    project.add_stage("second", '    Path("two").write_text(Path("one").read_text())')
    (folder / "dvc.yaml").write_text(PIPELINE.format(python=sys.executable), "utf-8")
    (folder / "recordings").mkdir()
    text = (
        (ROOT / "params.yaml").read_text("utf-8").replace("path: demo/audio", "path: ./recordings/")
    )
    text = text.replace("executor: auto ", "executor: serial ")
    (folder / "params.yaml").write_text(text, "utf-8")
    (folder / "params.schema.json").write_bytes((ROOT / "params.schema.json").read_bytes())
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
    for one in deployments["deployments"]:
        one["entrypoint"] = str(ROOT / one["entrypoint"])
        if one["name"] == "watch":
            one |= {"schedules": [{"cron": "* * * * *"}], "parameters": {"quiet_s": 0}}
    (folder / "prefect.yaml").write_text(yaml.safe_dump(deployments), "utf-8")
    project.run("dvc", "init", "--no-scm")
    made = Window(project, api, tag, told)
    try:
        made.connect()
        made.serve()
        yield made
    finally:
        made.stop(signal.SIGTERM)
        made.line.close()
        post.shutdown()
        post.server_close()


def _post(told: list[dict[str, Any]]) -> HTTPServer:
    """A web server that keeps the messages that it is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_what_is_served_is_what_the_file_says(window):
    """Names, tags, schedules that are on or off, and one run at a time."""
    found = window.api.deployments()

    assert set(found) == {"rebuild", "watch", "refresh-model", "promote", "leakage", "folds"}
    assert found["leakage"]["parameters"] == {"targets": ["studies/dvc.yaml:leakage"]}
    on = {name: [s["active"] for s in one["schedules"]] for name, one in found.items()}
    assert (on["rebuild"], on["watch"], on["refresh-model"]) == ([False], [True], [True])
    assert all(one["global_concurrency_limit"]["limit"] == 1 for one in found.values())
    assert all(one["description"] for one in found.values())


def test_the_form_has_every_setting_with_what_it_means(window):
    """As the page draws it from the parameters' schema."""
    schema = window.api.deployments()["rebuild"]["parameter_openapi_schema"]

    assert schema["properties"]["further_corpus"]["description"]
    epochs = schema["definitions"]["Train"]["properties"]["epochs"]
    assert epochs["exclusiveMinimum"] == 0
    assert epochs["description"].startswith("passes, at most")
    assert "default" not in epochs  # an empty field is left out


def test_a_run_with_a_form_changes_the_settings_and_shows_its_stages(window):
    """Each stage is a subflow; the settings stay, with their comments."""
    run = window.ended(window.start("rebuild", settings={"train": {"epochs": 3}, "demo": None}))

    assert run["state_type"] == "COMPLETED", run["state"]
    text = (window.project.folder / PARAMS).read_text("utf-8")
    assert "  epochs: 3               # passes, at most" in text
    parent = {"parent_flow_run_id": {"any_": [run["id"]]}}
    assert [one["state_type"] for one in window.api.find("flow_runs", flow_runs=parent)] == [
        "COMPLETED",
        "COMPLETED",
    ]
    logged = window.api.logged(run)
    for line in ("params.yaml: train.epochs: 9 → 3", "catalog: runs", "second: runs"):
        assert line in logged


def test_settings_that_the_models_refuse_start_nothing(window):
    """One beyond its bound is refused by the form, two that do not fit by the run."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        window.start("rebuild", settings={"train": {"epochs": -3}})
    assert b"settings.train.epochs" in refused.value.read()

    run = window.ended(window.start("rebuild", settings={"features": {"overlap_s": 99}}))

    assert (run["state_type"], run["run_count"]) == ("FAILED", 1)
    assert "features: overlap_s is 99.0 s and window_s is 3.0 s" in run["state"]["message"]
    assert "overlap_s: 1.5" in (window.project.folder / PARAMS).read_text("utf-8")


def test_a_cancelled_run_leaves_nothing_and_the_next_one_goes_on(window):
    """DVC, the stage and its task on Ray end within 20 s, and no lock stays; a second waits."""
    waiting = window.mark("wait")
    before = set(relatives(window.tag))
    run_id = _at_work(window, force=True, settings=WITH_RAY)
    at_work = set(relatives(window.tag)) - before
    task = (window.project.folder / "ready").read_text()
    assert b"ray::at_work" in Path(f"/proc/{task}/cmdline").read_bytes()
    assert {task} < at_work
    assert len(at_work) > 5  # the run, DVC, the stage, and Ray's own
    second = window.start("rebuild", force=True)
    time.sleep(3)
    assert window.api.run(second)["state_type"] == "SCHEDULED"
    window.api.send("DELETE", f"flow_runs/{second}")  # it would touch the locks

    begin = time.monotonic()
    window.cancel(run_id)
    window.until(lambda: at_work.isdisjoint(relatives(window.tag)))
    waiting.unlink()
    state = window.ended(run_id)["state_type"]
    took_s = time.monotonic() - begin
    lock = (window.project.folder / ".dvc/tmp/rwlock").read_text()

    assert (state, lock) == ("CANCELLED", "{}")
    assert took_s < CANCELLED_S
    assert window.ended(window.start("rebuild", settings=WITHOUT_RAY))["state_type"] == "COMPLETED"


def _at_work(window: Window, **parameters: Any) -> str:
    """A run whose stage waits; its id."""
    ready = window.project.folder / "ready"
    ready.unlink(missing_ok=True)
    run_id = window.start("rebuild", **parameters)
    window.until(lambda: ready.exists() and ready.read_text())
    return run_id


def test_a_failed_run_may_be_retried_from_its_page(window):
    """At once: what is kept of its first end is no news any more."""
    refusing = window.mark("refuse")
    run_id = window.start("rebuild", force=True)
    assert window.ended(run_id)["state_type"] == "FAILED"
    refusing.unlink()

    again = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": True}
    window.api.send("POST", f"flow_runs/{run_id}/set_state", again)

    assert window.ended(run_id)["state_type"] == "COMPLETED"


def test_a_suspended_run_stops_and_goes_on_when_it_is_resumed(window):
    """The page's other button: nothing works on under a run that is said to rest."""
    (window.project.folder / "ready").unlink(missing_ok=True)
    waiting = window.mark("wait")
    run = window.start("rebuild", force=True)
    window.until((window.project.folder / "ready").exists)
    rest = {"type": "PAUSED", "name": "Suspended", "state_details": {"pause_reschedule": True}}
    rest["state_details"]["pause_timeout"] = "2100-01-01T00:00:00Z"
    window.api.send("POST", f"flow_runs/{run}/set_state", {"state": rest})

    window.until(lambda: not window.at_work())
    assert window.api.run(run)["state_name"] == "Suspended"

    waiting.unlink()
    window.api.send("POST", f"flow_runs/{run}/resume", {})
    assert window.ended(run)["state_type"] == "COMPLETED"


def test_a_failure_of_the_program_is_tried_once_more(window):
    """A worker may have been lost, a disk full for a moment."""
    window.mark("break")

    run = window.ended(window.start("rebuild", force=True, settings=WITH_RAY))
    window.ended(window.start("rebuild", settings=WITHOUT_RAY))

    assert (run["state_type"], run["run_count"]) == ("COMPLETED", 2)


def test_what_the_user_can_mend_is_told_and_not_tried_again(window):
    """By the run's state, and to whom ``GENRENET_NOTIFY`` names."""
    refusing, n_before = window.mark("refuse"), len(window.log())

    run = window.ended(window.start("rebuild", force=True))
    refusing.unlink()

    assert (run["state_type"], run["run_count"]) == ("FAILED", 1)
    assert run["state"]["message"] == "mend it"
    window.until(lambda: not relatives(run["id"]))  # Prefect knows of its end before it has ended
    assert b"Traceback" not in window.log()[n_before:]
    window.until(lambda: [one for one in window.told if run["id"] in one["message"]])
    message = next(one for one in window.told if run["id"] in one["message"])
    assert "mend it" in message["message"]
    assert message["title"] == "genrenet: rebuild: Failed"
    assert f"/runs/flow-run/{run['id']}" in message["message"]


@pytest.mark.parametrize(
    ("deployment", "parameters", "told"),
    [
        ("promote", {"rollback": True}, "has no model 'genrenet'"),
        ("promote", {"force": True}, "needs a reason"),
        (
            "refresh-model",
            {"further_corpus": "nowhere"},
            "--corpus nowhere: there is no such corpus",
        ),
    ],
)
def test_the_other_deployments_say_what_they_miss(window, deployment, parameters, told):
    """Each hands over to the function that the command line calls."""
    run = window.ended(window.start(deployment, **parameters))

    assert (run["state_type"], run["run_count"]) == ("FAILED", 1)
    assert told in run["state"]["message"]


def test_the_watch_rebuilds_what_has_changed(window):
    """Every minute it looks by itself; a recording that came is built in."""
    window.ended(window.start("rebuild"))
    assert window.ended(window.start("watch"))["state_name"] == "Unchanged"
    window.until(lambda: any(run["auto_scheduled"] for run in _ended_watches(window)))

    (window.project.folder / "recordings" / "new.wav").touch()
    run = window.ended(window.start("watch"))

    assert run["state_type"] == "COMPLETED"
    window.until(lambda: "new.wav" in (window.project.folder / "two").read_text())


def _ended_watches(window: Window) -> list[dict[str, Any]]:
    runs = window.api.find("flow_runs", flows={"name": {"any_": ["watch"]}})
    return [run for run in runs if run["state_type"] == "COMPLETED"]


def test_a_run_that_ends_while_prefect_is_away_is_told_to_it(window):
    """Once it is back; the service has waited for it, and nothing but one line told of it."""
    waiting = window.mark("wait")
    run_id, n_before = _at_work(window, force=True), len(window.log())
    window.line.close()
    waiting.unlink()
    window.until(lambda: b"rebuild: Completed; Prefect hears of it" in window.log())
    told = window.log()[n_before:]
    assert window.api.run(run_id)["state_type"] == "RUNNING"

    window.connect()

    assert window.ended(run_id)["state_type"] == "COMPLETED"
    assert window.ended(window.start("rebuild"))["state_type"] == "COMPLETED"
    assert b"Traceback" not in told


def test_a_service_that_was_killed_goes_on_where_it_was(window):
    """Its run is told to be cut off, what somebody switched on stays on, and a rerun resumes."""
    schedule = window.api.deployments()["rebuild"]["schedules"][0]
    place = f"deployments/{window.api.deployments()['rebuild']['id']}/schedules/{schedule['id']}"
    window.api.send("PATCH", place, {"active": True})
    waiting = window.mark("wait")
    cut_off = _at_work(window, force=True)

    window.stop(signal.SIGKILL)
    waiting.unlink()
    window.serve()

    window.until(lambda: window.api.run(cut_off)["state_type"] == "CRASHED")
    assert "was stopped while it ran" in window.api.run(cut_off)["state"]["message"]
    assert window.ended(window.start("rebuild"))["state_type"] == "COMPLETED"
    assert [one["active"] for one in window.api.deployments()["rebuild"]["schedules"]] == [True]


def test_times_that_were_missed_are_made_up_for_once(window):
    """A machine that was off for a night does not look at the recordings fifty times."""
    window.stop(signal.SIGKILL)
    watch = window.api.deployments()["watch"]["id"]
    query = {"deployments": {"id": {"any_": [watch]}}, "flow_runs": {"state": SCHEDULED}}
    waiting = window.api.find("flow_runs", **query)
    missed = {run["id"] for run in waiting[:5]}
    for run_id in missed:
        past = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2026-01-01T02:00:00Z"}}
        window.api.send("POST", f"flow_runs/{run_id}/set_state", {"state": past, "force": True})

    window.serve()

    window.until(lambda: b"watch missed its time" in window.log())
    there = window.api.find("flow_runs", deployments=query["deployments"])
    assert len(missed & {run["id"] for run in there}) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("deployments: [{name: a}]", "entrypoint of a deployment: Field required"),
        ("deployments:\n  - {name: a, entrypoint: b, schedules: [{corn: 1}]}", "schedules.0.cron"),
        ("[", "cannot be read as Prefect's list of deployments"),
        ("{}", "cannot be read as Prefect's list of deployments"),
    ],
)
def test_a_file_that_cannot_be_served_is_refused(tmp_path, text, told):
    """With the place and what is expected there."""
    (tmp_path / "prefect.yaml").write_text(text, "utf-8")

    with pytest.raises(DataError, match=r"prefect\.yaml") as refused:
        read_deployments(tmp_path / "prefect.yaml")

    assert told in str(refused.value)
