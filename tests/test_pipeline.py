"""The whole path on a small demo corpus, with every engine: what a new user sees.

One run of ``rebuild`` in a copy of the project serves all tests here; they go through it in order.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import yaml
from moto.server import ThreadedMotoServer

from flows.addresses import Addresses
from genrenet.features.shards import shard_paths
from tests.browser import browser
from tests.flows.conftest import Api
from tests.servers import unused_port

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[1]
SMALL = {
    "demo": {"artists_per_style": 3, "tracks_per_artist": 2},
    "features": {"n_shards": 4, "hop_length": 1024},
    "train": {"epochs": 2, "windows_per_track": 2, "channels": [4, 8]},
}
PREDICT = "import sys; from genrenet.serving.cli import main; sys.exit(main())"
CHAMPION = ("--model", "models:/genrenet@champion")
PATIENCE_S = 120
TABLES = {
    "shards": "n_windows",
    "quarantine": "Nothing is quarantined",
    "split": "validation",
    "metrics": "precision",
}
"""Tables of a run, and a text that the page of each shows."""
STAGES = (
    *("demo", "catalog", "features", "duplicates", "split", "augment", "card"),
    *("train", "evaluate", "register"),
)


@dataclass(frozen=True)
class Checkout:
    """A copy of the project under version control, and what was printed by what ran in it."""

    folder: Path
    environment: dict[str, str]

    @property
    def addresses(self) -> Addresses:
        """Where its windows are."""
        text = (self.folder / ".prefect/up.json").read_text("utf-8")
        return Addresses.model_validate_json(text)

    @property
    def api(self) -> Api:
        """Prefect's API."""
        return Api(self.addresses.prefect)

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

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        """Run DVC."""
        return self.run(sys.executable, "-m", "dvc", *arguments, fails=fails)

    def answer(self, song: Path, *options: str, fails: bool = False) -> str:
        """What ``genrenet predict`` prints."""
        command = (sys.executable, "-c", PREDICT, "predict", "--json", str(song))
        return self.run(*command, *options, fails=fails)

    def clone(self, folder: Path) -> "Checkout":
        """What somebody else gets by ``git clone`` and ``dvc pull``."""
        self.run("git", "clone", "-q", str(self.folder), str(folder))
        clone = replace(self, folder=folder)
        clone.dvc("pull")
        return clone

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

    def store(self) -> dict[str, Any]:
        """What the MLflow store holds, read by a process that has not seen it before."""
        return dict(json.loads(self.run(sys.executable, "-c", STORE).splitlines()[-1]))


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
    foreign = ("PREFECT", "RAY_", "GENRENET_", "DVC_", "MLFLOW_", "AWS_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    made = Checkout(folder, environment)
    made.run("git", "init", "-q")
    for section, values in SMALL.items():
        made.set(section, **values)
    deployments = (folder / "prefect.yaml").read_text("utf-8")
    quiet = deployments.replace('- cron: "*/10 * * * *"', '- cron: "0 0 1 1 *"')  # not in our way
    (folder / "prefect.yaml").write_text(quiet, "utf-8")
    made.commit("start")
    with windows(made):
        made.run(sys.executable, "-m", "flows.rebuild")
        made.commit("rebuilt")
        yield made


@contextmanager
def windows(checkout: Checkout) -> Iterator[None]:
    """What ``make up`` runs, once both pages open."""
    ports = ("--prefect-port", str(unused_port()), "--mlflow-port", str(unused_port()))
    with subprocess.Popen(
        [sys.executable, "-m", "flows.up", *ports],
        cwd=checkout.folder,
        env=checkout.environment,
        stdout=subprocess.DEVNULL,  # its runs' lines would fill a pipe that nobody reads
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert any("up after" in line for line in process.stderr or ())
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def test_every_stage_is_a_completed_flow_run_of_the_rebuild(checkout):
    """Read back through the API: subflows of one parent."""
    api = checkout.api
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
    artifacts = checkout.api.find("artifacts", artifacts={"key": {"any_": ["shards"]}})
    rows = json.loads(artifacts[-1]["data"])

    assert len(rows) == 4
    assert len({row["worker"] for row in rows}) > 1


@pytest.mark.browser
def test_prefects_page_shows_the_stages_and_what_they_made(checkout):
    """A person opens the run, every stage's table, and a figure, which has a width."""
    api, page = checkout.api, checkout.addresses.prefect_page
    made = {one["key"]: one["id"] for one in api.find("artifacts")}
    with browser() as window:
        window.open(f"{page}/runs/flow-run/{api.last_run('rebuild')['id']}")
        for text in ("Completed", "catalog: runs", "register: runs"):
            window.see(text)
        for key, text in TABLES.items():
            window.open(f"{page}/artifacts/artifact/{made[key]}")
            window.see(text)
        window.open(f"{page}/artifacts/artifact/{made['confusion']}")
        assert window.picture_width() > 400
        assert window.errors == []

    assert {"mlflow-run", "roc"} <= set(made)


@pytest.mark.browser
def test_a_form_that_is_filled_in_wrongly_says_where_and_starts_nothing(checkout):
    """A person unfolds the section of training, gives a number below its limit, and submits."""
    deployment = checkout.api.deployments()["rebuild"]
    before = len(checkout.api.find("flow_runs"))
    with browser() as window:
        page = f"{checkout.addresses.prefect_page}/deployments/deployment"
        window.open(f"{page}/{deployment['id']}/run")
        window.see("Changes to params.yaml")
        window.page.get_by_text("Train", exact=True).first.click()
        window.field("Epochs (Optional)").fill("-3")
        window.page.get_by_role("button", name="Submit").click()
        window.see("Validation failed for field 'settings.train.epochs'")

    assert len(checkout.api.find("flow_runs")) == before


@pytest.mark.browser
def test_each_window_opens_the_other(checkout):
    """From a stage's run in Prefect to the run in MLflow, and back."""
    stage = checkout.api.last_run("evaluate")
    page = f"{checkout.addresses.prefect_page}/runs/flow-run/{stage['id']}"
    (there,) = (a for a in checkout.api.of_run("artifacts", stage) if a["key"] == "mlflow-run")
    with browser() as window:
        window.open(f"{checkout.addresses.prefect_page}/artifacts/artifact/{there['id']}")
        address = window.link("The run in MLflow").get_attribute("href")
        window.open(str(address))
        window.see("test tracks are answered rightly")
        assert window.link("evaluate").get_attribute("href") == page
        window.open(page)
        window.see("Parent Run")
        assert window.errors == []


@pytest.mark.browser
def test_mlflows_page_shows_the_challenger_and_what_it_is_worth(checkout):
    """The version's page has its figures and its certificate, and leads to its report."""
    metrics = json.loads((checkout.folder / "reports/metrics.json").read_text("utf-8"))
    accuracy, digest = metrics["track"]["accuracy"], metrics["certificate"]["digest"]
    with browser() as window:
        window.open(f"{checkout.addresses.mlflow}/#/models/genrenet/versions/1")
        for text in ("challenger", "performer", f"{accuracy:.1%}", f"{accuracy:.4f}", digest):
            window.see(text)
        report = window.link("Report").get_attribute("href")
        window.open(f"{checkout.addresses.mlflow}/{report}")
        for text in ("report/model_card.md", "performer is heard on two sides"):
            window.see(text)
        assert window.errors == []


@pytest.mark.browser
def test_mlflow_compares_runs_by_what_their_models_are_worth(checkout):
    """The page opens on the accuracy by track, and not on how busy the machine was."""
    client = mlflow.MlflowClient(checkout.addresses.mlflow)
    run_id = client.get_model_version_by_alias("genrenet", "challenger").run_id
    where = client.get_run(run_id).info.experiment_id
    with browser() as window:
        page = f'#/compare-runs?runs=["{run_id}"]&experiments=["{where}"]'
        window.open(f"{checkout.addresses.mlflow}/{page}")
        axes = window.page.locator(".pcp-plot .axis-title")
        axes.first.wait_for()
        assert axes.all_text_contents() == ["by_track/accuracy"]
        assert window.errors == []


def test_the_weekly_refresh_puts_the_model_to_the_gate(checkout, song):
    """Nothing is stale, and after two epochs on 18 tracks it is not fit: that is told and kept."""
    api = checkout.api
    run = api.ended(api.start("refresh-model"), patience_s=PATIENCE_S)

    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Refused")
    assert "register: unchanged" in api.logged(run)
    told = {one["key"] for one in api.of_run("artifacts", run)}
    assert {"promotion", "promotion-figure"} <= told
    assert "champion" in checkout.answer(song, *CHAMPION, fails=True)


def test_a_forced_promotion_is_loaded_by_the_champions_name(checkout, song):
    """Started as the page does; the next load of the alias follows."""
    api = checkout.api
    asked = api.start("promote", force=True, reason="to try the page")
    run = api.ended(asked, patience_s=PATIENCE_S)

    assert run["state_type"] == "COMPLETED"
    assert json.loads(checkout.answer(song, *CHAMPION)) == json.loads(checkout.answer(song))


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
    plain = Checkout(checkout.folder, {**checkout.environment, "PREFECT_API_URL": ""})
    for stage in ("features", "augment"):
        plain.run(sys.executable, "-m", f"flows.{stage}")

    assert (checkout.bytes_of("data/features"), checkout.bytes_of("data/augmented")) == before


def test_a_changed_setting_makes_stale_what_depends_on_it_and_nothing_else(checkout):
    """Stages further down follow once their inputs have changed."""
    stale = json.loads(checkout.run(sys.executable, "-c", STALE).splitlines()[-1])

    assert stale == {
        "evaluate.confidence": ["evaluate"],
        "train.dropout": ["train"],
        "augment.copies": ["augment"],
        "split.seed": ["split"],
        "features.n_mels": ["augment", "features", "train"],
        "compute.executor": [],
    }


STALE = """
import json, pathlib
import yaml
from dvc.repo import Repo

path = pathlib.Path("params.yaml")
before, stale = path.read_text("utf-8"), {}
changes = {"evaluate.confidence": 0.9, "train.dropout": 0.2, "augment.copies": 2, "split.seed": 1,
           "features.n_mels": 40, "compute.executor": "serial"}
for name, value in changes.items():
    section, key = name.split(".")
    params = yaml.safe_load(before)
    params[section][key] = value
    path.write_text(yaml.safe_dump(params), "utf-8")
    status = Repo().status()
    stale[name] = sorted(
        stage for stage, why in status.items() if "params.yaml" in str(why) and ":" not in stage
    )  # of the main line: nobody has run the studies
path.write_text(before, "utf-8")
print(json.dumps(stale))
"""


def test_the_report_has_all_its_parts(checkout):
    """Metrics, predictions of every test track, figures, card, lists of what was left out."""
    reports = checkout.folder / "reports"
    metrics = json.loads((reports / "metrics.json").read_text("utf-8"))
    predictions = pd.read_parquet(reports / "predictions.parquet")
    splits = pd.read_parquet(checkout.folder / "data/splits.parquet")

    assert set(metrics) == {"track", "window", "baseline", "shortcut", "certificate"}
    assert metrics["certificate"]["level"] == "performer"
    assert set(predictions["track_id"]) == set(splits.loc[splits["split"] == "test", "track_id"])
    assert {path.stem for path in (reports / "figures").glob("*.png")} == {
        *("confusion", "confusion-normalised", "learning-curves"),
        *("roc", "precision-recall", "accuracy"),
    }
    for page in ("model_card.md", "audit.md", "dataset_card.md"):
        assert "performer is heard on two sides" in (reports / page).read_text("utf-8"), page


def test_mlflow_has_runs_curves_figures_and_a_challenger(checkout):
    """One parent run with a child for each seed and one for the machine; a registered version."""
    store = checkout.store()

    assert {seed["params"]["seed"] for seed in store["seeds"]} == {"0", "1"}
    assert store["epochs"] == 2
    assert {"training/val_accuracy_mean", "by_track/accuracy"} <= set(store["metrics"])
    assert "system/cpu_utilization_percentage" in store["machine"]
    assert store["params"]["features.hop_length"] == "1024"
    assert store["datasets"] == 2  # learned from, and tested on
    assert store["figures"] == 6
    assert int(store["version"]) == 1


def test_the_store_is_rebuilt_from_the_bundle(checkout):
    """Deleting ``mlruns/`` loses nothing: run, metrics, figures and version come back."""
    before = checkout.store()
    shutil.rmtree(checkout.folder / "mlruns")
    checkout.dvc("repro", "--force", "--single-item", "evaluate", "register")

    after = checkout.store()

    assert after["run_id"] != before["run_id"]
    for store in (before, after):  # how busy the machine was is nobody's knowledge any more
        store.pop("machine")
        store.pop("run_id")
    assert after == before


STORE = """
import json
import mlflow

client = mlflow.MlflowClient("sqlite:///mlruns/mlflow.db")
runs = client.search_runs([client.get_experiment_by_name("genrenet").experiment_id])
children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
(parent,) = [run for run in runs if run not in children]
seeds = [run for run in children if "seed" in run.data.params]
version = client.get_model_version_by_alias("genrenet", "challenger")
assert version.run_id == parent.info.run_id
own = ("genrenet.digest", "certificate.level", "certificate.digest", "specification", "data")
print(json.dumps({
    "run_id": parent.info.run_id,
    "tags": {name: parent.data.tags[name] for name in own},
    "params": parent.data.params,
    "metrics": parent.data.metrics,
    "seeds": sorted(({"params": r.data.params, **r.data.metrics} for r in seeds), key=str),
    "machine": [name for run in children if run not in seeds for name in run.data.metrics],
    "epochs": len(client.get_metric_history(seeds[0].info.run_id, "val_loss")),
    "datasets": len(parent.inputs.dataset_inputs),
    "figures": len(client.list_artifacts(parent.info.run_id, "figures")),
    "version": version.version,
}))
"""


def test_the_registered_model_answers_as_the_bundle_does(checkout):
    """By path, by alias through MLflow, and as a pyfunc that takes raw audio."""
    song = next((checkout.folder / "demo/audio").rglob("*.mp3"))

    *lines, served = checkout.run(sys.executable, "-c", ANSWER, str(song)).splitlines()

    by_path, by_alias = lines[-2:]
    label, confidence = json.loads(served)
    assert by_path == f"🎵 {song.name}: {label} ({confidence:.2%} confidence)"
    assert by_alias == by_path


ANSWER = """
import base64, json, pathlib, sys
from genrenet.serving.cli import app

song = sys.argv[1]
app(["predict", song], standalone_mode=False)
app(["predict", song, "--model", "models:/genrenet@challenger"], standalone_mode=False)

import mlflow, pandas as pd
mlflow.set_tracking_uri("sqlite:///mlruns/mlflow.db")
model = mlflow.pyfunc.load_model("models:/genrenet@challenger")
audio = base64.b64encode(pathlib.Path(song).read_bytes()).decode()
answer = model.predict(pd.DataFrame({"audio": [audio]})).iloc[0]
print(json.dumps([answer["label"], float(answer["confidence"])]))
"""


def test_an_experiment_changes_the_metrics_and_only_what_depends_on_it(checkout):
    """``dvc exp run -S`` and ``dvc metrics diff``, as in DVC's own guide."""
    printed = checkout.dvc(
        "exp", "run", "-n", "narrow", "-S", "evaluate.confidence=0.8", "evaluate"
    )
    difference = json.loads(checkout.dvc("metrics", "diff", "--json"))

    assert "Stage 'train' didn't change" in printed
    assert "track.accuracy_low" in str(difference) or "accuracy_low" in str(difference)
    checkout.run("git", "checkout", "-q", "params.yaml", "dvc.lock", "reports")
    checkout.dvc("checkout", "--force")


def test_two_commits_are_compared_in_every_plot(checkout):
    """``dvc plots diff`` finds for both what ``dvc.yaml`` names, on our page."""
    named = yaml.safe_load((checkout.folder / "dvc.yaml").read_text("utf-8"))["plots"]
    names = {plot if isinstance(plot, str) else next(iter(plot)) for plot in named}

    *_, printed = checkout.dvc("plots", "diff", "HEAD", "narrow", "--json").splitlines()
    *_, page = checkout.dvc("plots", "diff", "HEAD", "narrow").splitlines()

    plots = json.loads(printed)
    assert "errors" not in plots
    compared = {
        name: {revision for part in parts for revision in part["revisions"]}
        for name, parts in plots["data"].items()
    }
    assert compared == {name: {"HEAD", "narrow"} for name in names}
    html = Path(page.removeprefix("file://")).read_text("utf-8")
    assert "<title>genrenet: plots</title>" in html
    assert "dvc_plots" not in checkout.run("git", "status", "--short")


@pytest.fixture(scope="module")
def song(checkout: Checkout) -> Path:
    """A recording that a clone does not have: the demo corpus is not shared."""
    return next((checkout.folder / "demo/audio").rglob("*.flac"))


@pytest.fixture(scope="module")
def answer(checkout: Checkout, song: Path) -> str:
    """What the model says of it where it was trained."""
    return checkout.answer(song)


@pytest.fixture
def bucket() -> Iterator[str]:
    """The address of a store that speaks S3, with an empty bucket."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    request = urllib.request.Request(f"{url}/bucket", method="PUT")  # noqa: S310  our own server
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  the same
    yield url
    server.stop()


def test_a_clone_answers_after_a_bare_pull(checkout, song, answer, tmp_path):
    """``git clone``, ``dvc pull``, ``genrenet predict``; also where nobody made the demo corpus."""
    checkout.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    checkout.commit("a folder to share")
    checkout.dvc("push")

    clone = checkout.clone(tmp_path / "clone")

    assert clone.answer(song) == answer
    assert not (clone.folder / "demo/audio").exists()
    (clone.folder / "demo/dvc.lock").unlink()
    clone.dvc("pull")


def test_what_is_shared_through_s3_answers_alike(checkout, song, answer, bucket, tmp_path):
    """With the credentials that stand in the environment, and not without."""
    (none := tmp_path / "none").touch()
    nowhere = {
        "AWS_EC2_METADATA_DISABLED": "true",
        **dict.fromkeys(("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"), str(none)),
    }
    planted = {"AWS_ACCESS_KEY_ID": "who", "AWS_SECRET_ACCESS_KEY": "knows"}
    nobody = replace(checkout, environment=checkout.environment | nowhere)
    somebody = replace(checkout, environment=nobody.environment | planted)
    checkout.dvc("remote", "add", "--default", "bucket", "s3://bucket/genrenet")
    checkout.dvc("remote", "modify", "bucket", "endpointurl", bucket)
    checkout.commit("a bucket to share")

    assert "redentials" in nobody.dvc("push", fails=True)
    somebody.dvc("push")

    assert somebody.clone(tmp_path / "clone").answer(song) == answer
