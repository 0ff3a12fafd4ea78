"""A checkout in which nothing is wrong, and the only finding of a check."""

import shutil

import pytest

from tests.flows.conftest import ROOT

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


def the_one(check, project):
    """The only finding of a check, which knows a cure unless all is well."""
    (found,) = check(project)
    assert bool(found.cure) == (found.state != "ok")
    return found
