"""The doctor looks at all of it at once, says what cures it, and never falls ill itself."""

import socket
import subprocess
import sys
import time

import pytest

from flows.doctor import __main__ as doctor
from flows.doctor import services
from flows.doctor.finding import ok
from flows.health import TIMEOUT_S
from tests.flows.doctor.conftest import MLFLOW, PREFECT

HEAVY = ("tensorflow", "keras", "ray", "prefect", "mlflow", "dvc")
QUIET = {"MLFLOW_TRACKING_URI": "", "COLUMNS": "250", "NO_PROXY": "localhost,127.0.0.1"}


@pytest.fixture
def listener():
    """A port at which somebody listens, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_healthy_checkout_exits_0_at_once(sound):
    """No problem, a line for each check, and no engine loaded for it."""
    code = f"""
import runpy, sys
try:
    runpy.run_module("flows.doctor", run_name="__main__", alter_sys=True)
except SystemExit as end:
    print("exit", end.code, *(name for name in {HEAVY} if name in sys.modules))
"""
    start = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=sound.folder,
        env=sound.environment | QUIET,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.splitlines()[-1] == "exit 0", told.stdout
    assert "problem" not in told.stdout
    assert "params.yaml: valid" in told.stdout
    assert time.monotonic() - start < 5


def test_servers_that_hang_hold_nobody_up(here, listener, monkeypatch):
    """All are asked at the same time, and for two seconds."""
    monkeypatch.setenv(PREFECT, f"http://127.0.0.1:{listener}/api")
    monkeypatch.setenv(MLFLOW, f"http://127.0.0.1:{listener}")
    monkeypatch.setattr(services, "PORTS", {"Prefect": listener, "MLflow": listener})

    start = time.monotonic()
    doctor.examine(here)

    assert time.monotonic() - start < 2 * TIMEOUT_S + 1


def test_a_problem_exits_2_with_its_cure_on_the_screen(here, monkeypatch, capsys):
    """As everything that the user can mend."""
    monkeypatch.setenv("COLUMNS", "250")
    (here / "params.yaml").write_text("features: {n_ftt: 2048}", "utf-8")

    assert doctor.main() == 2

    told = capsys.readouterr().out
    assert "params.yaml: features.n_ftt is not a setting. Did you mean 'n_fft'?" in told
    assert "→ Mend what is named" in told


def test_outside_of_a_checkout_the_rest_is_looked_at(tmp_path, monkeypatch):
    """A finding says that it is one's own folder that is missing."""
    monkeypatch.chdir(tmp_path)

    found = doctor.examine(tmp_path)

    assert found[-1].what == "checkout"
    assert found[-1].state == "problem"
    assert "Run in the project's folder" in found[-1].cure
    assert {"Python", "packages", "memory", "ports"} <= {finding.what for finding in found}


def broken(_):
    """A check that meets what nobody has foreseen."""
    yield ok("before", "fine")
    raise ZeroDivisionError("by nought")


def lacking(_):
    """A check whose library is not installed."""
    raise ModuleNotFoundError("No module named 'psutil'")


def test_a_check_that_fails_is_a_finding(here, monkeypatch):
    """The table comes all the same."""
    monkeypatch.setattr(doctor, "EVERYWHERE", (broken, lacking))
    monkeypatch.setattr(doctor, "IN_A_CHECKOUT", ())

    unforeseen, missing = doctor.examine(here)

    assert (unforeseen.what, unforeseen.state) == ("broken", "problem")
    assert "ZeroDivisionError: by nought" in unforeseen.found
    assert missing.state == "note"
    assert "genrenet[pipeline]" in missing.cure
