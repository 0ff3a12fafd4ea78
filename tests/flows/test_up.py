"""``make up``: what it refuses, what it leaves, what stays from one time to the next."""

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from flows.addresses import Addresses, home, tell, told
from flows.identity import Identity
from flows.supervision import page_opens
from tests.flows.conftest import ROOT, Api, Project, relatives
from tests.flows.test_health import serving
from tests.servers import unused_port


def test_a_taken_port_is_named_with_what_holds_it(project):
    """Before anything is started."""
    (project.folder / "mlruns").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        code, errors = project.run("flows.up", "--mlflow-port", str(port))

    assert code == 2
    assert f"port {port} of 127.0.0.1 cannot be had (Address already in use" in errors
    assert str(os.getpid()) in errors
    assert f"make up MLFLOW_PORT={port + 1}" in errors


def test_a_second_time_in_one_checkout_is_refused(project):
    """It tells where the first one is."""
    (project.folder / "mlruns").mkdir()
    home = project.folder / ".prefect"
    home.mkdir()
    (home / "up.json").write_text('{"prefect": "http://a:1/api", "mlflow": "http://a:2"}', "utf-8")

    with FileLock(home / "up.lock"):
        code, errors = project.run("flows.up")

    assert code == 2
    assert "are up already: Prefect http://a:1, MLflow http://a:2." in errors
    assert (home / "up.json").exists()


@pytest.mark.parametrize("name", ["PREFECT_API_URL", "MLFLOW_TRACKING_URI"])
def test_a_server_that_is_named_and_not_there_is_told(project, name):
    """At once, and not by a service that ends after a while."""
    (project.folder / "mlruns").mkdir()

    code, errors = project.run("flows.up", **{name: "http://me:secret@127.0.0.1:9/api"})

    assert code == 2
    assert f"{name}=http://127.0.0.1:9/api: [Errno 111] Connection refused. Start" in errors
    assert "secret" not in errors


@pytest.mark.parametrize(
    ("module", "name", "told_"),
    [
        ("flows.up", "PREFECT_API_URL", "is no Prefect API (did you mean {}/api?). Start"),
        ("flows.serve", "PREFECT_API_URL", "is no Prefect API (did you mean {}/api?). Set"),
        ("flows.up", "MLFLOW_TRACKING_URI", "is the Prefect API, no MLflow server. Start"),
    ],
)
def test_another_server_is_not_taken_for_the_one_that_was_named(project, module, name, told_):
    """Told at once, without a traceback, and nothing is started."""
    (project.folder / "mlruns").mkdir()
    (project.folder / "prefect.yaml").write_text("deployments: []", "utf-8")
    begin = time.monotonic()
    with serving({"/api/health": (200, b"true")}) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        code, errors = project.run(module, **{name: url})

    assert code == 2
    assert len(errors.splitlines()) == 1
    assert f"{name}={url}: what answers there {told_.format(url)}" in errors
    assert time.monotonic() - begin < 30


@pytest.mark.parametrize(
    ("arguments", "variables", "told_"),
    [
        (("--host", "::"), {}, "LISTEN is '::', where this machine cannot listen"),
        (("--prefect-port", "70000"), {}, "Invalid value for"),
        (
            ("--prefect-port", "{0}", "--mlflow-port", "{0}"),
            {},
            "both servers cannot have port {0}.",
        ),
        ((), {"MLFLOW_TRACKING_URI": "foo"}, "MLFLOW_TRACKING_URI is 'foo'. Expected a server"),
    ],
)
def test_what_cannot_be_served_is_refused(project, arguments, variables, told_):
    """Before anything is started."""
    (project.folder / "mlruns").mkdir()
    port = unused_port()

    code, errors = project.run("flows.up", *(one.format(port) for one in arguments), **variables)

    assert code == 2
    assert told_.format(port) in errors


def test_deployments_are_served_once_in_a_checkout(project):
    """A second service would end the runs of the first."""
    (project.folder / "mlruns").mkdir()
    (project.folder / "prefect.yaml").write_text("deployments: []", "utf-8")
    (project.folder / ".prefect").mkdir()

    with FileLock(project.folder / ".prefect/serve.lock"):
        code, errors = project.run("flows.serve")

    assert code == 2
    assert "are served already" in errors


def test_a_run_at_work_outlives_a_server_that_dies(project):
    """It needs none, and has cost hours."""
    (project.folder / "mlruns").mkdir()
    (project.folder / "toy").mkdir()
    (project.folder / "toy/dying.py").write_text(DYING, "utf-8")

    code, errors = project.run("toy.dying")

    assert code == 3
    assert "the rest ends once the run at work has" in errors
    assert (project.folder / "done").exists()


DYING = """
import sys
from flows.addresses import Addresses, home
from flows.supervision import DEPLOYMENTS, supervise

home()
run = "import time; time.sleep(2); open('done', 'w')"
service = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {run!r}]); "
addresses = Addresses(prefect="http://127.0.0.1:9/api", mlflow="http://127.0.0.1:9")
commands = {
    DEPLOYMENTS: [sys.executable, "-c", service + "time.sleep(60)"],
    "mlflow": ["sh", "-c", "sleep 1; exit 3"],
}
sys.exit(supervise(commands, None, addresses))
"""


def test_addresses_are_those_of_services_that_are_up(tmp_path, monkeypatch):
    """Without passwords; what a killed `make up` has left is not believed."""
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    home()
    there = Addresses(
        prefect="http://me:secret@a:1/api", mlflow="http://me:p@ss@a:2", processes=(here(),)
    )
    without = there.model_copy(update={"prefect": "http://a:1/api", "mlflow": "http://a:2"})

    tell(there)
    assert told() == without
    tell(there.model_copy(update={"processes": (Identity(pid=os.getpid(), begun_s=0),)}))
    assert told() is None


def test_many_may_look_for_addresses_at_once(tmp_path, monkeypatch):
    """None takes another for `make up`, or its absence."""
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    home()
    tell(Addresses(prefect="http://a:1/api", mlflow="http://a:2", processes=(here(),)))

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: told(), range(1_000)))

    assert None not in found


def here() -> Identity:
    """Which process tests."""
    return Identity.of(os.getpid())


def test_addresses_that_cannot_be_read_are_none(tmp_path, monkeypatch):
    """As after a crash."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".prefect").mkdir()
    monkeypatch.chdir(tmp_path)

    assert told() is None
    (tmp_path / ".prefect/up.json").write_text("{", "utf-8")
    assert told() is None


def start(project: Project, **variables: str) -> "tuple[subprocess.Popen[str], Addresses]":
    """``make up`` on free ports, once its pages open."""
    prefect, mlflow = str(unused_port()), str(unused_port())
    ports = ("--prefect-port", prefect, "--mlflow-port", mlflow)
    process = project.start("flows.up", *ports, **variables)
    assert process.stderr is not None
    for line in process.stderr:
        if "up after" in line:
            break
    found = Addresses(
        prefect=f"http://127.0.0.1:{prefect}/api", mlflow=f"http://127.0.0.1:{mlflow}"
    )
    assert page_opens(found.mlflow)
    return process, found


@pytest.mark.engine
@pytest.mark.timeout(300)
def test_ctrl_c_leaves_nothing_but_the_history(project):
    """Nor does a terminal that closes; the next time knows of the first."""
    for name in ("prefect.yaml", "params.schema.json", "params.yaml"):
        text = (ROOT / name).read_text("utf-8")
        (project.folder / name).write_text(
            text.replace("entrypoint: flows", f"entrypoint: {ROOT}/flows"), "utf-8"
        )
    (project.folder / "mlruns").mkdir()
    tag = f"up-{os.getpid()}-{time.time()}"
    known = []
    for number in (signal.SIGINT, signal.SIGHUP):
        process, found = start(project, TAG=tag)
        api = Api(found.prefect)
        deadline = time.monotonic() + 60
        while len(deployments := api.find("deployments")) < 6:
            assert time.monotonic() < deadline, process.poll()
            time.sleep(0.5)
        known.append({one["id"] for one in deployments})
        assert (project.folder / ".prefect/up.json").exists()

        begin = time.monotonic()
        process.send_signal(number)
        process.communicate()

        assert process.returncode == 0
        assert time.monotonic() - begin < 30
        assert relatives(tag) == []
        assert not Path(project.folder / ".prefect/up.json").exists()
    assert known[0] == known[1]
