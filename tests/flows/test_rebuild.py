"""``rebuild`` is ``dvc repro`` as one Prefect run, and leaves nothing running behind it."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from filelock import FileLock

from flows import engines
from flows.addresses import Addresses
from flows.engines import end, found_api, prefect_server, without_run_context
from flows.repro import SKIPPED
from genrenet.sections.compute import Compute
from tests.flows.conftest import relatives

PIPELINE = """
stages:
  first:
    cmd: {python} -m toy.first
    deps: [source]
    outs: [one]
  second:
    cmd: {python} -m toy.second
    deps: [one]
    outs: [two]
"""
FIRST = """
    if Path("refuse").exists():
        raise DataError("mend [it]")
    if Path("wait").exists():
        Path("ready").write_text(os.environ["RAY_ADDRESS"])
        for _ in range(600):
            time.sleep(0.1)
            if Path("go").exists():
                break
    Path("one").write_text(Path("source").read_text())
"""
ASKING = """
    from tasks.fanout import connect, fan_out, handed_on
    (there,) = fan_out(os.getenv, ["AWS_PLANTED"], compute=params.compute, estimate_s=0)
    cores = connect(params.compute).cluster_resources()["CPU"]
    handed = handed_on(os.environ["RAY_ADDRESS"], params.compute)
    Path("one").write_text(f"{os.environ['AWS_PLANTED']} {there} {cores:.0f} {handed}")
"""


@pytest.fixture
def pipeline(project):
    """A DVC project of two stages, one after the other."""
    project.add_stage("first", FIRST)
    project.add_stage("second", '    Path("two").write_text(Path("one").read_text())')
    (project.folder / "dvc.yaml").write_text(PIPELINE.format(python=sys.executable), "utf-8")
    (project.folder / "source").write_text("a", "utf-8")
    project.run("dvc", "init", "--no-scm")
    return project


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Stage 'features' didn't change, skipping", "features"),
        ("Stage 'demo/dvc.yaml:demo' didn't change, skipping", "demo/dvc.yaml:demo"),
        ("'data.dvc' didn't change, skipping", "data.dvc"),
        ("Stage 'split' is cached - skipping run, checking out outputs", "split"),
    ],
)
def test_what_dvc_skips_is_recognised(line, name):
    """DVC tells it in its output only."""
    match = SKIPPED.match(line)

    assert match is not None
    assert match[1] == name


def test_a_stage_that_runs_is_not_taken_for_skipped():
    """It reports for itself."""
    assert SKIPPED.match("Running stage 'features':") is None


def test_an_outer_run_is_not_handed_on():
    """Prefect would take the stage for a part of the deployment's run."""
    variables = {"PREFECT__FLOW_RUN_ID": "1", "PREFECT_API_URL": "2"}

    assert without_run_context(variables) == {"PREFECT_API_URL": "2"}


def test_an_api_that_only_the_profile_knows_is_found(tmp_path, monkeypatch, capsys):
    """``prefect config set`` writes there; what the environment names in vain costs a warning."""
    url = "http://127.0.0.1:4200/api"
    profiles = f'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "{url}"\n'
    (tmp_path / "profiles.toml").write_text(profiles, "utf-8")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setattr(engines, "answers", lambda asked: asked == url)

    assert found_api() == url
    (told,) = capsys.readouterr().err.splitlines()
    assert told == (
        "warning: PREFECT_API_URL=http://127.0.0.1:9/api: [Errno 111] Connection refused; "
        "looking elsewhere"
    )


def test_a_make_up_on_its_way_is_waited_for(monkeypatch):
    """Two servers that set up one history at once fail; one that has gone is not waited for."""
    there = Addresses(prefect="http://127.0.0.1:1/api", mlflow="http://127.0.0.1:2")
    looks = iter([there, there, there])
    answer = iter([False, False, True])
    monkeypatch.setattr(engines, "told", lambda: next(looks, None))
    monkeypatch.setattr(engines, "answers", lambda _: next(answer))
    monkeypatch.setattr(engines.time, "sleep", lambda _: None)

    assert engines.coming_api() == there.prefect
    assert engines.coming_api() is None


def test_where_the_work_is_serial_no_ray_is_started(tmp_path, monkeypatch):
    """It would take seconds and half a gigabyte for nothing."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(engines, "found_api", lambda: "http://127.0.0.1:1/api")

    with engines.engines(tmp_path, Compute(executor="serial")) as variables:
        assert variables == {"PREFECT_API_URL": "http://127.0.0.1:1/api"}


def test_a_process_that_ignores_the_request_is_killed():
    """A stage may hang in C code."""
    stubborn = "import signal, time; signal.signal(2, signal.SIG_IGN); print(1); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-uc", stubborn], stdout=subprocess.PIPE, start_new_session=True
    )
    with process:
        process.stdout.readline()

        assert not end(process, by=signal.SIGINT, patience_s=0.2)
        assert process.returncode == -signal.SIGKILL


def test_a_folder_without_a_pipeline_is_refused(project):
    """Before any engine is started."""
    code, errors = project.run("flows.rebuild")

    assert code == 2
    assert "there is no dvc.yaml. Run from the project's folder." in errors


@pytest.mark.engine
def test_stages_are_subflows_and_skipped_ones_cached_tasks(pipeline, api):
    """The first run does everything, the second nothing, the third stops where it must."""
    given = {"PREFECT_API_URL": api.url, "RAY_ADDRESS": "local"}

    assert pipeline.run("flows.rebuild", **given)[0] == 0
    first = api.last_run("rebuild")
    subflows = api.find("flow_runs", flow_runs={"parent_flow_run_id": {"any_": [first["id"]]}})
    assert first["state_type"] == "COMPLETED"
    assert [run["state_type"] for run in subflows] == ["COMPLETED", "COMPLETED"]
    assert [t["name"] for t in api.of_run("task_runs", first)] == ["first", "second"]

    assert pipeline.run("flows.rebuild", **given)[0] == 0
    tasks = api.of_run("task_runs", api.last_run("rebuild"))
    assert [(t["name"], t["state_name"]) for t in tasks] == [
        ("first", "Cached"),
        ("second", "Cached"),
    ]

    (pipeline.folder / "refuse").touch()
    code, errors = pipeline.run("flows.rebuild", "--force", "first", **given)
    assert code == 2
    assert errors.count("error: mend [it]\n") == 1
    assert "Traceback" not in errors
    third = api.last_run("rebuild")
    assert (third["state_type"], third["state"]["message"]) == ("FAILED", "mend [it]")
    assert [t["state_type"] for t in api.of_run("task_runs", third)] == ["FAILED"]


@pytest.mark.engine
def test_the_environment_and_the_budget_reach_stages_and_workers(pipeline, api):
    """They inherit keys and certificates, at no cost; Ray has the cores that it was granted."""
    pipeline.add_stage("first", ASKING)
    settings = "compute: {executor: ray, n_workers: 1}"
    (pipeline.folder / "params.yaml").write_text(settings, "utf-8")

    code, errors = pipeline.run("flows.rebuild", PREFECT_API_URL=api.url, AWS_PLANTED="key")

    assert code == 0, errors
    assert (pipeline.folder / "one").read_text("utf-8") == "key key 1 {}"


@pytest.mark.engine
def test_an_interrupted_rebuild_leaves_nothing_behind(pipeline):
    """It has started Prefect and Ray itself, and DVC holds its locks."""
    (pipeline.folder / "wait").touch()
    tag = f"rebuild-{os.getpid()}-{time.time()}"
    process = pipeline.start("flows.rebuild", TAG=tag)
    while not (pipeline.folder / "ready").exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)
    assert len(relatives(tag)) > 6  # rebuild, Prefect, DVC, the stage, and Ray's own

    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate()

    assert process.returncode == 130
    assert time.monotonic() - start < 20
    assert relatives(tag) == []
    assert (pipeline.folder / ".dvc" / "tmp" / "rwlock").read_text() == "{}"
    assert (pipeline.folder / "ready").read_text()  # where its Ray was


@pytest.mark.engine
def test_a_rebuild_outlives_its_prefect(pipeline):
    """All stages are done, the exit code is the work's, and each process warns once at most."""
    (pipeline.folder / "wait").touch()
    with prefect_server(pipeline.folder / "server") as server:
        given = {"PREFECT_API_URL": server.url_once_up() or "", "RAY_ADDRESS": "local"}
        process = pipeline.start("flows.rebuild", **given)
        while not (pipeline.folder / "ready").exists():
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.1)
        os.killpg(server.process.pid, signal.SIGKILL)
        (pipeline.folder / "wait").unlink()
        (pipeline.folder / "go").touch()
        _, errors = process.communicate()

    assert process.returncode == 0, errors
    assert (pipeline.folder / "two").read_text() == "a"
    assert 1 <= errors.count("warning: Prefect is lost") <= 2  # of the rebuild, of the stage


def test_a_rebuild_looks_early_whether_what_is_named_is_there(pipeline):
    """Before DVC removes what a stage would make anew; MLflow may still come until training."""
    named = {"RAY_ADDRESS": "127.0.0.1:9", "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    code, errors = pipeline.run("flows.rebuild", **named)

    assert code == 2
    assert "warning: MLFLOW_TRACKING_URI=http://127.0.0.1:9: [Errno" in errors
    assert "no Ray answers at RAY_ADDRESS=127.0.0.1:9 ([Errno" in errors
    assert not (pipeline.folder / "one").exists()


def test_a_second_rebuild_in_a_workspace_is_refused(pipeline):
    """Before it starts anything; the first one is not disturbed."""
    (pipeline.folder / ".prefect").mkdir()
    with FileLock(pipeline.folder / ".prefect/work.lock"):
        code, errors = pipeline.run("flows.rebuild")

    assert code == 2
    assert "another run is at work here. Wait for it, or stop it" in errors
    assert not (pipeline.folder / "one").exists()


@pytest.mark.engine
@pytest.mark.parametrize(
    ("lock", "told"),
    [
        ("{", r"Unable to read RWLock-file.*remove that file and run again"),
        ('{"write": {"HERE/one": {"pid": 1, "cmd": "init"}}}', r"\(PID 1\): init .*remove"),
    ],
)
def test_a_lock_that_bars_the_way_is_told_with_the_way_out(pipeline, api, lock, told):
    """In Prefect too, where nobody sees DVC's own lines: who holds it, and what to do."""
    (pipeline.folder / ".dvc/tmp/rwlock").write_text(
        lock.replace("HERE", str(pipeline.folder)), "utf-8"
    )

    given = {"PREFECT_API_URL": api.url, "RAY_ADDRESS": "local"}
    assert pipeline.run("flows.rebuild", **given)[0] == 255
    assert re.search(told, api.last_run("rebuild")["state"]["message"])


@pytest.mark.engine
def test_what_dvc_complains_of_is_told(pipeline, api):
    """As the run's state in Prefect, where nobody sees DVC's own lines."""
    (pipeline.folder / "source").unlink()

    given = {"PREFECT_API_URL": api.url, "RAY_ADDRESS": "local"}
    code, errors = pipeline.run("flows.rebuild", **given)

    assert code == 255
    assert errors.count("ERROR: failed to reproduce 'first'") == 1
    assert "failed to reproduce 'first'" in api.last_run("rebuild")["state"]["message"]
