"""Register: the report goes with the model, the user's recordings do not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.register import register
from flows.results import FIGURES, METRICS, REPORT, REPORTS
from genrenet.params import Params
from genrenet.serving.bundle import BUNDLE, read_bundle, write_json

SCORES = {
    "track": {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "majority": 0.5, "n": 4},
    "window": {},
    "baseline": {"accuracy": 0.5},
}


@pytest.fixture
def project(bundle, tmp_path, monkeypatch):
    """A folder with a bundle, its report, and a preview beside the report."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/store/mlflow.db")
    shutil.copytree(bundle, BUNDLE)
    FIGURES.mkdir(parents=True)
    for path in REPORT:
        if path != FIGURES:
            path.write_text("", "utf-8")
    certificate = read_bundle(bundle).certificate.model_dump()
    write_json({**SCORES, "certificate": certificate}, METRICS)
    (REPORTS / "preview").mkdir()
    (REPORTS / "preview" / "original.wav").write_bytes(b"a user's recording")
    return tmp_path


@pytest.mark.engine
@pytest.mark.filterwarnings("ignore")  # MLflow warns of what it does itself
def test_a_version_holds_the_report_and_no_recording(project):
    """``augment --preview`` writes into the folder of the report."""
    register(Params())

    held = {path.name for path in Path("store").rglob("*")}
    assert {path.name for path in REPORT} <= held
    assert "original.wav" not in held


def test_registering_imports_neither_scikit_learn_nor_matplotlib():
    """They cost seconds, and ``evaluate`` has used them already."""
    code = "import sys, flows.register; print({'sklearn', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
