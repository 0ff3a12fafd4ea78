"""The whole path on a small demo corpus, with every engine: what a new user sees.

One run of ``rebuild`` in a copy of the project serves all tests here; they go through it in order.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
import pytest
import yaml

from flows.engines import prefect_server
from genrenet.features.shards import shard_paths

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[1]
SMALL = {
    "demo": {"artists_per_style": 3, "tracks_per_artist": 2},
    "features": {"n_shards": 4, "hop_length": 1024},
    "train": {"epochs": 2, "windows_per_track": 2, "channels": [4, 8]},
}
STAGES = ("demo", "catalog", "features", "split", "augment", "train", "evaluate", "register")


@dataclass(frozen=True)
class Checkout:
    """A copy of the project under version control, and what was printed by what ran in it."""

    folder: Path
    environment: dict[str, str]
    api: str

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command in the checkout; everything that it printed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def dvc(self, *arguments: str) -> str:
        """Run DVC."""
        return self.run(sys.executable, "-m", "dvc", *arguments)

    def set(self, section: str, **values: object) -> None:
        """Change settings."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text("utf-8"))
        params[section].update(values)
        path.write_text(yaml.safe_dump(params, sort_keys=False), "utf-8")

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.run("git", "add", "-A")
        self.run(
            "git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", message
        )

    def bytes_of(self, folder: str) -> dict[str, bytes]:
        """Every shard in a folder."""
        return {path.name: path.read_bytes() for path in shard_paths(self.folder / folder)}

    def mlflow(self) -> mlflow.MlflowClient:
        """The checkout's MLflow store."""
        return mlflow.MlflowClient(f"sqlite:///{self.folder}/mlruns/mlflow.db")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A fresh checkout after ``python -m flows.rebuild``, against a Prefect server that stays."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    foreign = ("PREFECT", "RAY_", "GENRENET_", "DVC_", "MLFLOW_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with prefect_server(folder / ".prefect") as server:
        url = server.url_once_up()
        assert url is not None, server.log.read_text("utf-8")
        made = Checkout(folder, environment | {"PREFECT_API_URL": url}, url)
        made.run("git", "init", "-q")
        for section, values in SMALL.items():
            made.set(section, **values)
        made.commit("start")
        made.run(sys.executable, "-m", "flows.rebuild")
        made.commit("rebuilt")
        yield made


def test_every_stage_is_a_completed_flow_run_of_the_rebuild(checkout):
    """Read back through the API: eight subflows of one parent."""
    from tests.flows.conftest import Api

    api = Api(checkout.api)
    parent = api.last_run("rebuild")
    runs = {name: api.last_run(name) for name in STAGES}

    assert parent["state_type"] == "COMPLETED"
    assert {name: run["state_type"] for name, run in runs.items()} == dict.fromkeys(
        STAGES, "COMPLETED"
    )
    tasks = {task["id"] for task in api.of_run("task_runs", parent)}
    assert {run["parent_task_run_id"] for run in runs.values()} <= tasks


def test_the_shard_reports_name_more_than_one_worker(checkout):
    """The table artifact shows that Ray spread the work."""
    from tests.flows.conftest import Api

    artifacts = Api(checkout.api).find("artifacts", artifacts={"key": {"any_": ["shards"]}})
    rows = json.loads(artifacts[-1]["data"])

    assert len(rows) == 4
    assert len({row["worker"] for row in rows}) > 1


def test_bare_repro_finds_nothing_to_do(checkout):
    """What the orchestrated run made is what DVC wants."""
    printed = checkout.dvc("repro")

    assert "Data and pipelines are up to date." in printed
    assert "Running stage" not in printed


def test_shards_made_in_this_process_have_the_same_bytes(checkout):
    """Without Ray and without Prefect: the same files."""
    before = checkout.bytes_of("data/features"), checkout.bytes_of("data/augmented")
    for folder in ("data/features", "data/augmented"):
        shutil.rmtree(checkout.folder / folder)
    plain = Checkout(checkout.folder, {**checkout.environment, "PREFECT_API_URL": ""}, "")
    for stage in ("features", "augment"):
        plain.run(sys.executable, "-m", f"flows.{stage}")

    assert (checkout.bytes_of("data/features"), checkout.bytes_of("data/augmented")) == before


@pytest.mark.parametrize(
    ("section", "change", "stale"),
    [
        ("evaluate", {"confidence": 0.9}, {"evaluate"}),
        ("train", {"dropout": 0.2}, {"train"}),
        ("augment", {"copies": 2}, {"augment"}),
        ("split", {"seed": 1}, {"split"}),
        ("features", {"n_mels": 40}, {"features", "augment", "train"}),
        ("compute", {"executor": "serial"}, set()),
    ],
)
def test_a_changed_setting_makes_stale_what_depends_on_it(checkout, section, change, stale):
    """Stages further down follow once their inputs have changed."""
    before = (checkout.folder / "params.yaml").read_text("utf-8")
    checkout.set(section, **change)
    status = json.loads(checkout.dvc("status", "--json"))
    (checkout.folder / "params.yaml").write_text(before, "utf-8")

    changed = {
        stage
        for stage, reasons in status.items()
        if any(
            "params.yaml" in reason.get("changed deps", {})
            for reason in reasons
            if isinstance(reason, dict)
        )
    }
    assert changed == stale


def test_an_experiment_changes_the_metrics_and_only_what_depends_on_it(checkout):
    """``dvc exp run -S`` and ``dvc metrics diff``, as in DVC's own guide."""
    printed = checkout.dvc("exp", "run", "-S", "evaluate.confidence=0.8", "evaluate")
    difference = json.loads(checkout.dvc("metrics", "diff", "--json"))

    assert "Stage 'train' didn't change" in printed
    assert "track.accuracy_low" in str(difference) or "accuracy_low" in str(difference)
    checkout.run("git", "checkout", "-q", "params.yaml", "dvc.lock", "reports")
    checkout.dvc("checkout", "--force")


def test_the_report_has_all_its_parts(checkout):
    """Metrics, predictions of every test track, figures, card, lists of what was left out."""
    reports = checkout.folder / "reports"
    metrics = json.loads((reports / "metrics.json").read_text("utf-8"))
    predictions = pd.read_parquet(reports / "predictions.parquet")
    splits = pd.read_parquet(checkout.folder / "data/splits.parquet")

    assert set(metrics) == {"track", "window", "baseline", "certificate"}
    assert metrics["certificate"]["level"] == "performer"
    assert set(predictions["track_id"]) == set(splits.loc[splits["split"] == "test", "track_id"])
    assert {path.stem for path in (reports / "figures").glob("*.png")} == {
        *("confusion", "confusion-normalised", "learning-curves"),
        *("roc", "precision-recall", "accuracy"),
    }
    assert "performer is heard on two sides" in (reports / "model_card.md").read_text("utf-8")


def test_mlflow_has_runs_curves_figures_and_a_challenger(checkout):
    """One parent run with a child for each seed, and a registered version."""
    client = checkout.mlflow()
    experiment = client.get_experiment_by_name("genrenet")
    runs = client.search_runs([experiment.experiment_id])
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    (parent,) = [run for run in runs if run not in children]

    assert {child.data.params["seed"] for child in children} == {"0", "1"}
    assert len(client.get_metric_history(children[0].info.run_id, "val_loss")) == 2
    assert "val_accuracy_mean" in parent.data.metrics
    assert "track.accuracy" in parent.data.metrics
    assert parent.data.params["features.hop_length"] == "1024"
    assert parent.inputs.dataset_inputs
    assert len(client.list_artifacts(parent.info.run_id, "figures")) == 6
    version = client.get_model_version_by_alias("genrenet", "challenger")
    assert version.run_id == parent.info.run_id


def test_the_store_is_rebuilt_from_the_bundle(checkout):
    """Deleting ``mlruns/`` loses nothing: run, metrics, figures and version come back."""
    client = checkout.mlflow()
    before = client.get_run(client.get_model_version_by_alias("genrenet", "challenger").run_id)
    shutil.rmtree(checkout.folder / "mlruns")
    checkout.dvc("repro", "--force", "--single-item", "evaluate", "register")

    client = checkout.mlflow()
    version = client.get_model_version_by_alias("genrenet", "challenger")
    after = client.get_run(version.run_id)
    assert after.data.tags["genrenet.digest"] == before.data.tags["genrenet.digest"]
    own = {k: v for k, v in before.data.metrics.items() if not k.startswith("system/")}
    assert after.data.metrics == own
    assert len(client.list_artifacts(version.run_id, "figures")) == 6


def test_the_registered_model_answers_as_the_bundle_does(checkout):
    """By alias through MLflow, by path, and as a pyfunc that takes raw audio."""
    song = next((checkout.folder / "demo/audio").rglob("*.mp3"))
    command = (str(Path(sys.executable).with_name("genrenet")), "predict", str(song))
    by_path = checkout.run(*command)
    by_alias = checkout.run(*command, "--model", "models:/genrenet@challenger")
    served = checkout.run(sys.executable, "-c", SERVE, str(song))

    assert by_path.startswith(f"🎵 {song.name}: ")
    assert by_alias == by_path
    label, confidence = json.loads(served.splitlines()[-1])
    assert by_path.strip() == f"🎵 {song.name}: {label} ({confidence:.2%} confidence)"


SERVE = """
import base64, json, pathlib, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri("sqlite:///mlruns/mlflow.db")
model = mlflow.pyfunc.load_model("models:/genrenet@challenger")
audio = base64.b64encode(pathlib.Path(sys.argv[1]).read_bytes()).decode()
answer = model.predict(pd.DataFrame({"audio": [audio]})).iloc[0]
print(json.dumps([answer["label"], float(answer["confidence"])]))
"""
