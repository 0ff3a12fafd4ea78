"""The services: what answers where it was said to be, and what stands there instead."""

import os

import psutil
import pytest

from flows.doctor import services
from flows.ports import holder
from tests.flows.doctor.conftest import MLFLOW, PREFECT, RAY, the_one
from tests.flows.test_health import BOTH, serving


@pytest.fixture
def server():
    """A port at which Prefect's API says that it is well, and nothing else is."""
    with serving({"/api/health": (200, b"true")}) as one:
        yield one.server_port


@pytest.mark.parametrize(
    "named",
    [
        (services.prefect, PREFECT, "http://127.0.0.1:{}/api"),
        (services.mlflow, MLFLOW, "http://127.0.0.1:{}"),
        (services.ray, RAY, "127.0.0.1:{}"),
        (services.ray, RAY, "ray://127.0.0.1:{}"),
    ],
)
def test_a_server_that_was_named_and_does_not_answer_is_a_problem(
    here, monkeypatch, free_port, named
):
    """One that answers is not, and neither is none."""
    check, variable, form = named
    assert the_one(check, here).state == "ok"

    with serving(BOTH) as server:
        monkeypatch.setenv(variable, form.format(server.server_port))
        assert the_one(check, here).state == "ok"

    monkeypatch.setenv(variable, form.format(free_port))
    found = the_one(check, here)
    assert found.state == "problem"
    assert f"{variable}={form.format(free_port)}: " in found.found
    assert "Connection refused" in found.found
    assert f"unset {variable}" in found.cure


def test_two_servers_that_were_taken_for_each_other_are_problems(here, monkeypatch, server):
    """Both answer, and neither is the one."""
    monkeypatch.setenv(MLFLOW, f"http://127.0.0.1:{server}")
    assert "is the Prefect API, no MLflow server" in the_one(services.mlflow, here).found

    with serving({"/health": (200, b"OK")}) as other:
        monkeypatch.setenv(PREFECT, f"http://127.0.0.1:{other.server_port}/api")
        assert "is the MLflow server, no Prefect API" in the_one(services.prefect, here).found


@pytest.mark.parametrize(
    ("check", "variable", "path"),
    [
        (services.prefect, PREFECT, "/api"),
        (services.mlflow, MLFLOW, ""),
        (services.ray, RAY, ""),
    ],
)
def test_no_password_of_an_address_is_told(here, monkeypatch, free_port, check, variable, path):
    """A finding is shown to others."""
    at = f"127.0.0.1:{free_port}{path}"
    monkeypatch.setenv(variable, f"http://me:secr@et@{at}")

    found = the_one(check, here).found
    assert f"{variable}=http://{at}: " in found
    assert "et@" not in found


def test_an_api_that_only_the_profile_names_may_be_down(here, free_port):
    """A rebuild starts one; but one may have meant to start it."""
    profile = f'active = "x"\n[profiles.x]\nPREFECT_API_URL = "http://127.0.0.1:{free_port}/api"\n'
    (here / "prefect").mkdir()
    (here / "prefect/profiles.toml").write_text(profile, "utf-8")

    assert the_one(services.prefect, here).state == "note"


def test_a_taken_port_is_told_with_who_holds_it(here, monkeypatch, server, free_port):
    """Unless it is the server that belongs there."""
    monkeypatch.setattr(services, "PORTS", {"Prefect": server, "MLflow": server, "Ray": free_port})

    prefect, mlflow, other = services.ports(here)

    assert (prefect.state, mlflow.state, other.state) == ("ok", "note", "ok")
    assert f"Prefect is up at http://127.0.0.1:{server}" in prefect.found
    assert f"{server} is held by PID {os.getpid()} (" in mlflow.found
    assert other.found == f"{free_port} is free for Ray"


def test_no_password_of_a_command_is_told(here, monkeypatch, server):
    """The one that holds a port may have been given that of a database."""
    command = ["mlflow", "server", "--backend-store-uri", "postgresql://me:p/word@host/store"]
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: command)

    assert "--backend-store-uri postgresql://host" in holder(server)


def test_a_proxy_that_catches_this_machine_is_told(here, monkeypatch):
    """With the line that exempts it."""
    monkeypatch.setenv("http_proxy", "http://proxy:8080")
    monkeypatch.setenv("no_proxy", "intranet")

    assert the_one(services.proxies, here).cure == "export NO_PROXY=intranet,localhost,127.0.0.1"

    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    assert the_one(services.proxies, here).state == "ok"
