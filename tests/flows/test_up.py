"""``make up``: what it refuses, what it leaves, what stays from one time to the next."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from filelock import FileLock

from flows.addresses import Addresses, told
from flows.up import page_opens
from tests.flows.conftest import ROOT, Api, Project, relatives
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
    assert f"{name} is http://127.0.0.1:9/api, and no server answers there." in errors
    assert "secret" not in errors


def test_addresses_that_cannot_be_read_are_none(tmp_path, monkeypatch):
    """As after a crash."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".prefect").mkdir()
    monkeypatch.chdir(tmp_path)

    assert told() is None
    (tmp_path / ".prefect/up.json").write_text("{", "utf-8")
    assert told() is None


def test_a_store_without_a_server_has_no_page_to_wait_for():
    """``MLFLOW_TRACKING_URI`` may be a database."""
    assert page_opens("sqlite:///mlruns/mlflow.db")
    assert not page_opens("http://127.0.0.1:9")


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
    """Both pages open, all processes end with it, and the next time knows of the first."""
    for name in ("prefect.yaml", "params.schema.json", "params.yaml"):
        text = (ROOT / name).read_text("utf-8")
        (project.folder / name).write_text(
            text.replace("entrypoint: flows", f"entrypoint: {ROOT}/flows"), "utf-8"
        )
    (project.folder / "mlruns").mkdir()
    tag = f"up-{os.getpid()}-{time.time()}"
    known = []
    for _ in range(2):
        process, found = start(project, TAG=tag)
        api = Api(found.prefect)
        deadline = time.monotonic() + 60
        while len(deployments := api.find("deployments")) < 6:
            assert time.monotonic() < deadline, process.poll()
            time.sleep(0.5)
        known.append({one["id"] for one in deployments})
        assert (project.folder / ".prefect/up.json").exists()

        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate()

        assert process.returncode == 0
        assert time.monotonic() - begin < 30
        assert relatives(tag) == []
        assert not Path(project.folder / ".prefect/up.json").exists()
    assert known[0] == known[1]
