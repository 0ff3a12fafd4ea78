"""Whoever a server does not let in is told before anything is begun, and what to set."""

from pathlib import Path

import pytest

from flows.doctor import services
from flows.engines import prefect_server
from flows.health import MLFLOW, is_guarded
from flows.login import prefect_refusal
from tests.flows import test_rebuild as rebuilt
from tests.flows.doctor import conftest as doctors
from tests.flows.test_health import BOTH, serving

STRING = "PREFECT_API_AUTH_STRING"
LOGIN = "me:secret"
SEARCH = "/api/2.0/mlflow/experiments/search"
DOORS = ("/api/admin/version", "/api/flows/filter", SEARCH, f"{SEARCH}?max_results=1")
SHUT = BOTH | dict.fromkeys(DOORS, (401, b"Who?"))
TOLD = "does not let us in (set {} to what it expects)"
OF_PREFECT = TOLD.format("PREFECT_API_AUTH_STRING (NAME:PASSWORD) or PREFECT_API_KEY")
OF_MLFLOW = TOLD.format(
    "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN,"
)

pipeline = rebuilt.pipeline
sound, here = doctors.sound, doctors.here


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A Prefect API that lets in one person."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_API_AUTH_STRING", LOGIN)
        with prefect_server(tmp_path_factory.mktemp("server") / "prefect") as server:
            yield server.url_once_up()


@pytest.fixture
def shut():
    """The address of a server, Prefect and MLflow at once, that lets in nobody."""
    with serving(SHUT) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.mark.engine
def test_prefect_lets_in_whom_it_knows(guarded, tmp_path, monkeypatch):
    """By the environment or by a profile, as Prefect's own client reads them."""
    (tmp_path / "profiles.toml").write_text(
        f'active = "here"\n[profiles.here]\n{STRING} = "{LOGIN}"\n', "utf-8"
    )
    monkeypatch.delenv(STRING, raising=False)
    ask = prefect_refusal.__wrapped__

    assert OF_PREFECT in ask(guarded)
    monkeypatch.setenv(STRING, LOGIN)
    assert ask(guarded) is None
    monkeypatch.delenv(STRING)
    monkeypatch.setenv("PREFECT_PROFILES_PATH", str(tmp_path / "profiles.toml"))
    assert ask(guarded) is None


@pytest.mark.engine
def test_a_rebuild_that_prefect_does_not_let_in_goes_on_without(guarded, pipeline):
    """One warning names the cure; the work is done."""
    code, errors = pipeline.run("flows.rebuild", PREFECT_API_URL=guarded, **{STRING: "me:another"})

    assert code == 0
    assert errors.count("warning: ") == 1
    assert f"warning: Prefect at {guarded}: it {OF_PREFECT}; running without" in errors
    assert (pipeline.folder / "two").read_text() == "a"


def test_a_stage_that_prefect_does_not_let_in_goes_on_without(shut, project):
    """As with a rebuild; a failure of the client in mid-work would not name the cure."""
    project.add_stage("only", '    Path("done").touch()')

    code, errors = project.run("toy.only", PREFECT_API_URL=f"{shut}/api")

    assert code == 0
    assert errors.splitlines() == [
        f"only: warning: PREFECT_API_URL={shut}/api: it {OF_PREFECT}; running without"
    ]
    assert (project.folder / "done").exists()


def test_a_rebuild_that_mlflow_does_not_let_in_ends_before_it_begins(shut, pipeline):
    """DVC would remove the former model, and the stage that trains would fail after hours."""
    code, errors = pipeline.run("flows.rebuild", MLFLOW_TRACKING_URI=shut)

    assert code == 2
    assert f"error: MLFLOW_TRACKING_URI={shut}: it {OF_MLFLOW}." in errors
    assert not (pipeline.folder / "one").exists()


@pytest.mark.parametrize("module", ["flows.rebuild", "flows.up"])
def test_a_database_that_is_not_there_is_told_before_anything_is_begun(pipeline, module):
    """Its driver is not here either; no password is shown."""
    (pipeline.folder / "mlruns").mkdir()

    code, errors = pipeline.run(module, MLFLOW_TRACKING_URI="mysql://me:secret@127.0.0.1:9/store")

    assert code == 2
    assert "MLFLOW_TRACKING_URI=mysql://127.0.0.1:9/store: No module named 'MySQLdb'. " in errors
    assert "secret" not in errors
    assert not (pipeline.folder / "one").exists()


@pytest.mark.parametrize(
    ("module", "variable", "path", "told"),
    [
        ("flows.up", "PREFECT_API_URL", "/api", OF_PREFECT),
        ("flows.serve", "PREFECT_API_URL", "/api", OF_PREFECT),
        ("flows.up", "MLFLOW_TRACKING_URI", "", OF_MLFLOW),
    ],
)
def test_the_services_are_not_started_where_they_are_not_let_in(
    shut, project, module, variable, path, told
):
    """Told in one line, without a traceback."""
    (project.folder / "mlruns").mkdir()
    (project.folder / "prefect.yaml").write_text("deployments: []", "utf-8")

    code, errors = project.run(module, **{variable: shut + path})

    assert code == 2
    assert len(errors.splitlines()) == 1
    assert told in errors


@pytest.mark.parametrize(
    ("check", "variable", "told"),
    [
        (services.prefect, "PREFECT_API_URL", OF_PREFECT),
        (services.mlflow, "MLFLOW_TRACKING_URI", OF_MLFLOW),
    ],
)
@pytest.mark.usefixtures("here")
def test_the_doctor_knocks(shut, monkeypatch, check, variable, told):
    """A server that is well and does not let us in is a problem."""
    monkeypatch.setenv(variable, shut + ("/api" if "PREFECT" in variable else ""))

    (found,) = check(Path())

    assert found.state == "problem"
    assert found.cure
    assert told in found.found


def test_who_asks_by_the_address_is_known(shut):
    """A server that answers everybody, or nobody, is no guarded one."""
    with serving(SHUT | {f"/{MLFLOW.door}": (200, b"{}")}) as server:
        assert not is_guarded(MLFLOW, f"http://127.0.0.1:{server.server_port}")
    assert not is_guarded(MLFLOW, "http://127.0.0.1:9")
    assert is_guarded(MLFLOW, shut)
