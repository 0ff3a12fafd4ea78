"""The doctor finds what was planted, says what cures it, and never falls ill itself."""

import fcntl
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import HTTPServer
from pathlib import Path

import pytest

from flows.doctor import __main__ as doctor
from flows.doctor import machine, packages, repository, services, store
from flows.doctor.finding import ok
from flows.health import TIMEOUT_S
from tests.flows.test_health import Healthy

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "keras", "ray", "prefect", "mlflow", "dvc")
QUIET = {"MLFLOW_TRACKING_URI": "", "COLUMNS": "250", "NO_PROXY": "localhost,127.0.0.1"}
PREFECT, MLFLOW, RAY = "PREFECT_API_URL", "MLFLOW_TRACKING_URI", "RAY_ADDRESS"


@pytest.fixture
def sound(project):
    """A checkout in which nothing is wrong."""
    for name in ("params.yaml", "dvc.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, project.folder / name)
    for name in (".dvc/tmp", "mlruns"):
        (project.folder / name).mkdir(parents=True)
    (project.folder / ".dvc/config").write_text("[core]\n    no_scm = true\n", "utf-8")
    return project


@pytest.fixture
def here(sound, monkeypatch):
    """That checkout as the current folder of a process that knows no server."""
    for name in (PREFECT, MLFLOW, RAY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(sound.folder / "prefect"))
    monkeypatch.chdir(sound.folder)
    return sound.folder


@pytest.fixture
def listener():
    """A port at which somebody listens, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def server():
    """A port at which Prefect's API says that it is well."""
    with HTTPServer(("127.0.0.1", 0), Healthy) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield serving.server_port
        serving.shutdown()


@pytest.fixture
def free_port():
    """A port at which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def the_one(check, project):
    """The only finding of a check, which knows a cure unless all is well."""
    (found,) = check(project)
    assert bool(found.cure) == (found.state != "ok")
    return found


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


PROJECT = """
[project]
name = "genrenet"
requires-python = ">=3.11"
dependencies = ["numpy>=99,<100", "rich>=1", 'no-such-thing>=1; python_version < "3"']
[project.optional-dependencies]
pipeline = ["no-such-package>=2", "rich>=1", "pydantic>=2"]
tags = ["no-such-tags>=1"]
"""


def test_packages_out_of_bounds_are_named_with_the_bounds(here):
    """Those of the core, and of each extra that is there for the most part."""
    (here / "pyproject.toml").write_text(PROJECT, "utf-8")

    wrong, missing = packages.packages(here)

    assert (wrong.state, missing.state) == ("problem", "problem")
    assert "no-such-package is not installed; wanted is >=2" in wrong.found + missing.found
    assert "wanted is <100,>=99" in wrong.found + missing.found
    assert "pip install 'numpy<100,>=99'" in wrong.cure + missing.cure


def test_an_extra_that_is_not_there_is_told_with_its_use(here):
    """Nobody has to have it."""
    (here / "pyproject.toml").write_text(PROJECT, "utf-8")

    found = the_one(packages.extras, here)

    assert found.state == "note"
    assert "'tags' is not installed (no-such-tags)" in found.found
    assert "for corpus.layout: tags" in found.cure


def test_the_use_of_every_extra_is_known():
    """Else the note would not say what one lacks."""
    assert packages.EXTRAS.keys() == packages.requirements(ROOT).keys() - {""}


def test_without_a_checkout_the_installation_says_what_it_needs(tmp_path):
    """The same as ``pyproject.toml``: a wheel has nothing else."""
    told, written = packages.requirements(tmp_path), packages.requirements(ROOT)

    assert told.keys() == written.keys()
    for extra, every in written.items():
        bounds = {(r.name, str(r.specifier)) for r in every}
        assert {(r.name, str(r.specifier)) for r in told[extra]} == bounds


def test_a_python_out_of_bounds_is_told(here):
    """With how to name another."""
    (here / "pyproject.toml").write_text(PROJECT.replace(">=3.11", "<3"), "utf-8")

    found = the_one(packages.python, here)

    assert (found.state, "wanted is <3" in found.found) == ("problem", True)


@pytest.mark.parametrize("content", [b"features: {n_fft: fast}", b"\xff\xfe", b"- 1", b"a: b: c"])
def test_settings_that_cannot_be_are_told_of_every_corpus(here, content):
    """Of the project's, and of those of a further one."""
    (here / "corpora/archive").mkdir(parents=True)
    (here / "corpora/archive/params.yaml").write_bytes(content)

    theirs, own = repository.settings(here)

    assert theirs.state == "problem"
    assert theirs.found.startswith("corpora/archive/params.yaml: ")
    assert own.found == "params.yaml: valid"


def rwlock(folder, pid):
    """Write what DVC writes when ``pid`` begins."""
    info = {"pid": pid, "cmd": "dvc repro"}
    lock = {"write": {"/data/splits.parquet": info}, "read": {"/data/features": [info]}}
    (folder / repository.RWLOCK).write_text(json.dumps(lock), "utf-8")


def test_the_lock_of_a_run_that_was_killed_is_told(here):
    """DVC gets over it, as nobody has that PID."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    rwlock(here, gone.pid)

    found = the_one(repository.locks, here)

    assert found.state == "note"
    assert f"killed (PID {gone.pid})" in found.found


def test_a_lock_whose_pid_has_gone_to_another_program_is_a_problem(here):
    """DVC waits for that program."""
    rwlock(here, os.getpid())

    found = the_one(repository.locks, here)

    assert found.state == "problem"
    assert f"{os.getpid()} is now: {sys.executable}" in found.found
    assert "rm .dvc/tmp/rwlock" in found.cure


def test_a_damaged_lock_is_a_problem(here):
    """DVC does nothing at all any more."""
    (here / repository.RWLOCK).touch()

    found = the_one(repository.locks, here)

    assert (found.state, found.found) == ("problem", ".dvc/tmp/rwlock is damaged")


def test_a_dvc_that_is_at_work_is_told(here):
    """By what it writes down, and by the lock that it holds."""
    with subprocess.Popen([sys.executable, "-c", "input()", "dvc"], stdin=subprocess.PIPE) as dvc:
        rwlock(here, dvc.pid)
        assert f"at work (PID {dvc.pid})" in the_one(repository.locks, here).found
        dvc.communicate(b"\n")
    (here / repository.RWLOCK).unlink()
    (here / repository.LOCK).write_text(" 77\n", "utf-8")
    assert the_one(repository.locks, here).state == "ok"

    with (here / repository.LOCK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "at work (PID 77)" in the_one(repository.locks, here).found


def test_the_remote_and_the_cache_are_dvc_s_own(here):
    """What ``config.local`` says lies over what is committed."""
    assert the_one(repository.dvc, here).state == "note"

    text = "[core]\n    no_scm = true\n    remote = shared\n['remote \"shared\"']\n    url = s3://x/y\n"
    (here / ".dvc/config").write_text(text, "utf-8")
    (here / ".dvc/config.local").write_text("[cache]\n    dir = ../elsewhere\n", "utf-8")

    assert the_one(repository.dvc, here).found == "remote shared: s3://x/y"
    assert repository.dvc_cache(here).resolve() == here / "elsewhere"


def test_a_folder_without_dvc_or_git_is_a_problem(here):
    """Each with the command that makes it."""
    shutil.rmtree(here / ".dvc")

    assert "dvc init" in the_one(repository.dvc, here).cure
    assert "git init" in the_one(repository.git, here).cure


@pytest.mark.parametrize(("free_gb", "state"), [(0.5, "problem"), (5, "note"), (50, "ok")])
def test_a_disk_that_is_full_is_told_before_the_work(here, monkeypatch, free_gb, state):
    """Once for all that lies on it."""
    usage = shutil.disk_usage(here)._replace(free=int(free_gb * 1e9))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    found = the_one(machine.disk, here)

    assert found.state == state
    assert found.found == f"{free_gb:.1f} GB free for data, .dvc/cache, mlruns"


def test_a_disk_without_hard_links_is_a_note(here, monkeypatch):
    """DVC copies then."""
    assert the_one(machine.links, here).state == "ok"

    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)

    assert "no links here" in the_one(machine.links, here).found


@pytest.mark.parametrize(("limit", "state"), [("500000000", "problem"), ("max", None)])
def test_a_container_has_the_memory_that_it_was_given(here, tmp_path, monkeypatch, limit, state):
    """Not what its host has."""
    (tmp_path / "memory.max").write_text(limit, "utf-8")
    monkeypatch.setattr(machine, "CGROUP_LIMITS", (tmp_path / "memory.max",))

    found = the_one(machine.memory, here)

    assert found.state == state or state is None
    assert found.found.endswith(" of 0.5 GB free") == (state == "problem")


@pytest.mark.parametrize(
    ("hidden", "has_cuda", "told", "state"),
    [
        (None, True, "by which TensorFlow sees it", "ok"),
        (None, False, "no CUDA libraries", "note"),
        ("-1", True, "hidden by CUDA_VISIBLE_DEVICES='-1'", "note"),
    ],
)
def test_a_gpu_is_told_without_loading_tensorflow(here, monkeypatch, hidden, has_cuda, told, state):
    """By what the driver says."""
    driver = here / "bin/nvidia-smi"
    driver.parent.mkdir()
    driver.write_text("#!/bin/sh\necho NVIDIA T4\n", "utf-8")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{driver.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(machine, "_has_cuda", lambda: has_cuda)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)

    found = the_one(machine.gpu, here)

    assert found.found.startswith("NVIDIA T4, ")
    assert told in found.found
    assert found.state == state


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
    here, monkeypatch, server, free_port, named
):
    """One that answers is not, and neither is none."""
    check, variable, form = named
    assert the_one(check, here).state == "ok"

    monkeypatch.setenv(variable, form.format(server))
    assert the_one(check, here).state == "ok"

    monkeypatch.setenv(variable, form.format(free_port))
    found = the_one(check, here)
    assert found.state == "problem"
    assert f"{variable}={form.format(free_port)}: " in found.found
    assert "Connection refused" in found.found
    assert f"unset {variable}" in found.cure


@pytest.mark.parametrize(
    ("check", "variable", "path"),
    [(services.prefect, PREFECT, "/api"), (services.mlflow, MLFLOW, "")],
)
def test_no_password_of_an_address_is_told(here, monkeypatch, free_port, check, variable, path):
    """A finding is shown to others."""
    at = f"127.0.0.1:{free_port}{path}"
    monkeypatch.setenv(variable, f"http://me:secret@{at}")

    found = the_one(check, here).found
    assert f"{variable}=http://{at}: " in found
    assert "secret" not in found


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


def test_a_proxy_that_catches_this_machine_is_told(here, monkeypatch):
    """With the line that exempts it."""
    monkeypatch.setenv("http_proxy", "http://proxy:8080")
    monkeypatch.setenv("no_proxy", "intranet")

    assert the_one(services.proxies, here).cure == "export NO_PROXY=intranet,localhost,127.0.0.1"

    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    assert the_one(services.proxies, here).state == "ok"


def schema_of(folder, revision):
    """A store of that schema."""
    with sqlite3.connect(folder / "mlruns/mlflow.db") as opened:
        opened.execute("create table alembic_version (version_num text)")
        opened.execute("insert into alembic_version values (?)", [revision])
    opened.close()


@pytest.mark.parametrize(
    ("revision", "state", "told"),
    [
        ("newest", "ok", "as the installed MLflow's"),
        ("older", "problem", "mlflow db upgrade sqlite:///"),
        ("ffffffffffff", "problem", "make setup"),
    ],
)
def test_a_store_of_another_mlflow_is_told(here, revision, state, told):
    """An older one can be brought up, a newer one needs a newer MLflow."""
    known, newest = store._revisions()
    schema_of(
        here, {"newest": newest, "older": next(iter(known - {newest}))}.get(revision, revision)
    )

    found = next(store.store(here))

    assert found.state == state
    assert told in found.found + found.cure


def test_the_schema_that_mlflow_demands_is_known():
    """MLflow itself takes seconds to say it."""
    from mlflow.store.db.utils import _get_latest_schema_revision

    assert store._revisions()[1] == _get_latest_schema_revision()


def test_a_store_that_is_no_database_is_told(here):
    """With what brings the last model's run back."""
    (here / "mlruns/mlflow.db").write_text("half a download " * 100, "utf-8")

    found = next(store.store(here))

    assert "file is not a database" in found.found
    assert "--single-item evaluate register" in found.cure


def test_a_store_that_is_still_to_be_made_is_well(here):
    """The first run makes it; a server's is the server's."""
    assert {finding.state for finding in store.store(here)} == {"ok"}
