"""A stage is the same work with Prefect, without it, and when Prefect dies on the way."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from flows.engines import prefect_server
from flows.health import TIMEOUT_S
from flows.orchestrator import answers
from flows.runs import Work
from flows.stage import StageError, conclude, progress, say, step, table
from genrenet.errors import DataError
from tests.flows.test_health import serving

COUNTING = """
    tracks = step(sorted)([2, 1])
    with progress("Counting", total=len(tracks), unit="tracks") as advance:
        for track in tracks:
            advance(1)
    row = {"track": 1, "level_db": float("nan"), "audio_s": 482.81641723356006, "p": 3.14159e-7}
    table("what was counted", [row], description="All of it")
    say("counted [all] tracks")
"""
WAITING = """
    with Path("done").open("a") as done:
        done.write("begun ")
    Path("ready").touch()
    with progress("Waiting", total=60, unit="tracks") as advance:
        for _ in range(60):
            time.sleep(0.05)
            advance(1)
    with Path("done").open("a") as done:
        done.write("ended")
"""


def fail(error: BaseException) -> None:
    """Raise ``error``."""
    raise error


def wait_for(path: Path) -> None:
    """Return once ``path`` is there."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.05)


HEAVY = """
    from genrenet.learning.backend import prepare_backend
    prepare_backend()
    import numpy as np
    import tensorflow as tf
    x, kernel = tf.ones((64, 64, 64, 16)), tf.ones((3, 3, 16, 32))
    y = np.ones((1_000, 1_000))
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    for _ in range(10):
        tf.nn.conv2d(x, kernel, 1, "SAME").numpy()
        y @ y
    share = (time.process_time() - cpu_s) / (time.perf_counter() - wall_s)
    Path("share").write_text(str(share))
"""


def test_a_step_outside_of_a_run_is_a_plain_call():
    """Tests and notebooks call stages without an engine."""
    assert step(divmod)(7, 2) == (3, 1)


def test_what_can_be_mended_exits_with_2_and_its_message_untouched(capsys):
    """Messages quote file names, which may look like console markup."""
    message = "[bold]a.wav[/bold]: " + 40 * "no audio, "

    assert conclude(lambda: fail(DataError(message))) == 2
    assert capsys.readouterr().err == f"error: {message}\n"


def test_an_interrupt_exits_as_shells_expect():
    """128 + SIGINT."""
    assert conclude(lambda: fail(KeyboardInterrupt())) == 130


def test_a_failure_of_the_program_passes():
    """Its traceback is what mends it."""
    with pytest.raises(ZeroDivisionError):
        conclude(lambda: fail(ZeroDivisionError()))


def test_a_failure_that_was_told_elsewhere_is_not_told_again(capsys):
    """The stage that failed under DVC has printed its own message."""
    assert conclude(lambda: fail(StageError("told", exit_code=7))) == 7
    assert capsys.readouterr().err == ""


def test_a_failing_stage_leaves_its_verdict_for_rebuild(tmp_path, monkeypatch):
    """DVC itself passes on neither the exit code nor the reason."""
    monkeypatch.setenv("GENRENET_VERDICT", str(tmp_path / "verdict.json"))

    conclude(lambda: fail(DataError("mend it")))

    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert verdict == {"exit_code": 2, "message": "mend it"}


def test_work_is_done_once():
    """Whoever asks for the outcome first."""
    calls: list[int] = []
    work = Work(lambda: calls.append(1))

    work.do()
    work.outcome()
    work.outcome()

    assert calls == [1]


def test_work_that_failed_fails_again_and_is_not_repeated():
    """Prefect must not turn a failure into a second try."""
    work = Work(lambda: fail(DataError("mend it")))

    for attempt in (work.do, work.outcome):
        with pytest.raises(DataError, match="mend it"):
            attempt()


def test_progress_away_from_a_terminal_is_a_line_now_and_then(capsys, monkeypatch):
    """A log file wants no bar."""
    monkeypatch.setattr("flows.progress.LINE_EVERY_S", 0)

    with progress("features", total=4, unit="tracks") as advance:
        advance(3)
        advance(1)

    assert capsys.readouterr().err.startswith("features: 3/4 tracks, ")


def test_reports_without_an_orchestrator_are_silent_or_plain(capsys):
    """``say`` still speaks; a table has nowhere to go."""
    say("counted [all] tracks")
    table("shards", [{"n": 1}])

    assert capsys.readouterr().err == "counted [all] tracks\n"


@pytest.mark.parametrize("url", ["", "localhost:4200", "file:///etc/hosts", "http://[bad"])
def test_what_is_no_address_does_not_answer(url):
    """A typing error in the environment must not stop the work."""
    assert not answers(url)


def test_a_server_that_hangs_does_not_answer():
    """The port is open and nobody speaks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        start = time.monotonic()

        assert not answers(f"http://127.0.0.1:{listener.getsockname()[1]}/api")
        assert time.monotonic() - start < TIMEOUT_S + 1


def test_without_an_api_prefect_is_not_imported(project):
    """Its import costs two seconds for each stage."""
    project.add_stage("lone", "    Path('loaded').write_text(str('prefect' in sys.modules))")

    code, errors = project.run("toy.lone")

    assert (code, errors) == (0, "lone: no Prefect API answers; running without\n")
    assert (project.folder / "loaded").read_text() == "False"


def test_a_wrong_api_costs_one_warning(project):
    """With what answers there; the stage does its work."""
    project.add_stage("lone", "    Path('done').touch()")
    with serving({"/api/health": (200, b"true")}) as server:
        url = f"http://me:secret@127.0.0.1:{server.server_port}"
        code, errors = project.run("toy.lone", PREFECT_API_URL=url)

    place = f"http://127.0.0.1:{server.server_port}"
    assert code == 0
    assert errors == (
        f"lone: warning: PREFECT_API_URL={place}: what answers there is no Prefect API (did you "
        f"mean {place}/api?); running without\n"
    )
    assert (project.folder / "done").exists()


@pytest.mark.engine
def test_with_an_api_the_stage_is_a_flow_run(project, api):
    """Task, progress, table and log are there to be looked at."""
    project.add_stage("counting", COUNTING)

    code, errors = project.run("toy.counting", PREFECT_API_URL=api.url)

    assert (code, errors) == (0, "counted [all] tracks\n")
    run = api.last_run("counting")
    assert run["state_type"] == "COMPLETED"
    assert run["parameters"]["params"]["corpus"]
    assert [t["state_type"] for t in api.of_run("task_runs", run)] == ["COMPLETED"]
    shown = {a["key"]: a["data"] for a in api.of_run("artifacts", run)}
    assert shown["counting-progress"] == 100
    row = {"track": 1, "level_db": None, "audio_s": 482.8, "p": 3.142e-7}
    assert json.loads(shown["what-was-counted"]) == [row]
    assert "counted [all] tracks" in api.logged(run)


@pytest.mark.engine
def test_a_user_error_fails_the_run_with_its_message(project, api):
    """And shows no traceback, neither ours nor Prefect's."""
    project.add_stage("refusing", "    step(Path.joinpath)\n    raise DataError('[x] mend it')")

    code, errors = project.run("toy.refusing", PREFECT_API_URL=api.url)

    assert (code, errors) == (2, "error: [x] mend it\n")
    state = api.last_run("refusing")["state"]
    assert (state["type"], state["message"]) == ("FAILED", "[x] mend it")


@pytest.mark.engine
def test_a_failure_of_the_program_shows_our_frames_only(project, api):
    """What Prefect wraps around a step tells nothing about the failure."""
    project.add_stage("broken", "    step(lambda: 1 / 0)()")

    code, errors = project.run("toy.broken", PREFECT_API_URL=api.url)

    assert code == 1
    assert errors.count("Traceback") == 1
    assert "site-packages/prefect" not in errors
    run = api.last_run("broken")
    assert run["state"]["message"] == "ZeroDivisionError: division by zero"
    assert "ZeroDivisionError" in api.logged(run)


@pytest.mark.engine
def test_an_interrupted_stage_is_a_cancelled_run(project, api):
    """Ctrl-C, or ``rebuild`` that is being stopped."""
    project.add_stage("waiting", WAITING)
    process = project.start("toy.waiting", PREFECT_API_URL=api.url)
    wait_for(project.folder / "ready")

    process.send_signal(signal.SIGINT)

    assert process.communicate()[1].endswith("interrupted\n")
    assert process.returncode == 130
    assert api.last_run("waiting")["state_type"] == "CANCELLED"


@pytest.mark.engine
def test_a_server_that_dies_takes_no_work_with_it(project):
    """The work is done once, one line warns, and nobody waits for long."""
    project.add_stage("waiting", WAITING)
    with prefect_server(project.folder / "server") as server:
        process = project.start("toy.waiting", PREFECT_API_URL=server.url_once_up() or "")
        wait_for(project.folder / "ready")
        os.killpg(server.process.pid, signal.SIGKILL)
        start = time.monotonic()
        _, errors = process.communicate()

    assert process.returncode == 0
    assert (project.folder / "done").read_text() == "begun ended"
    warnings = [line for line in errors.splitlines() if line.startswith("warning: Prefect is lost")]
    assert len(warnings) == 1
    assert time.monotonic() - start < 60


@pytest.mark.engine
def test_a_stage_keeps_to_its_threads(project):
    """With one thread, TensorFlow and NumPy take no more than a core between them."""
    project.add_stage("heavy", HEAVY)
    (project.folder / "params.yaml").write_text("compute: {n_threads: 1}", "utf-8")

    code, errors = project.run("toy.heavy")

    assert code == 0, errors
    assert float((project.folder / "share").read_text("utf-8")) < 1.1
