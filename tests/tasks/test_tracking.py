"""MLflow's runs: one for each bundle, whatever it was made from, in a store wherever it lies."""

import shutil
import time
from contextlib import ExitStack

import pytest

from genrenet.errors import DataError
from genrenet.serving.bundle import content_hash, read_bundle
from genrenet.serving.location import locate
from tasks import child_run, model_run, tracking
from tasks.child_run import PARENT
from tasks.model_run import record_evaluation, record_training
from tasks.registry import register_bundle
from tasks.run_page import file_page, run_page
from tests.learning.test_summary import METRICS
from tests.servers import line_to, unused_port

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of what it does itself
]

SEEDS = [{"seed": 0, "best_epoch": 1, "history": {"loss": [1.0, 2.0], "val_loss": [1.0, 2.0]}}]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store of its own."""
    path = tmp_path / "store" / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    return path


@pytest.fixture
def retrained(bundle, tmp_path):
    """What other code makes of the same data: another network under the same digest."""
    folder = tmp_path / "retrained"
    shutil.copytree(bundle, folder)
    (folder / "model.keras").write_bytes(b"another network")
    return folder


def record(folder, files=(), links=None, **metrics):
    """Record a bundle's training and its metrics, as ``evaluate`` does; the run's id."""
    about, content = read_bundle(folder), content_hash(folder)
    record_training(about, content, SEEDS)
    return record_evaluation(about, content, metrics, list(files), links=links)


def recorded(folder, *arguments, **figures):
    """The run of a bundle, once it is recorded."""
    run = record(folder, *arguments, **figures)
    return runs()[run]


def every_run():
    """Every run, the seeds' among them."""
    found = tracking.connect().search_runs(experiment_names=["genrenet"], output_format="list")
    return {run.info.run_id: run for run in found}


def runs():
    """Every run but the seeds'."""
    return {i: run for i, run in every_run().items() if PARENT not in run.data.tags}


def test_a_bundle_that_is_recorded_again_keeps_its_run(store, bundle):
    """With the latest metrics."""
    first, second = record(bundle, accuracy=0.5), record(bundle, accuracy=0.6)

    assert first == second
    assert list(runs()) == [first]
    assert runs()[first].data.metrics["accuracy"] == 0.6


def test_another_bundle_of_the_same_data_is_another_run(store, bundle, retrained):
    """Its metrics do not stand beside the former network, nor its settings beside the former."""
    first, second = record(bundle, accuracy=0.5), record(retrained, accuracy=0.9)

    assert runs()[first].data.metrics["accuracy"] == 0.5
    assert runs()[second].data.metrics["accuracy"] == 0.9
    assert record(bundle, accuracy=0.5) == first


def test_a_run_that_was_opened_for_a_training_becomes_its_bundle_s(store, bundle):
    """So that what was sampled meanwhile is found beside the training."""
    with tracking.open_run(read_bundle(bundle).run_digest, "songs") as opened:
        pass

    assert record(bundle) == opened.info.run_id


@pytest.mark.parametrize(("stop", "ended"), [(KeyboardInterrupt, "KILLED"), (OSError, "FAILED")])
def test_a_training_that_is_stopped_was_killed_and_did_not_fail(store, stop, ended):
    """Prefect calls it cancelled; so it is for the machine's child."""
    with pytest.raises(stop), tracking.open_run("0" * 16, "songs", watch=True):
        raise stop

    assert [run.info.status for run in every_run().values()] == [ended, ended]


def test_what_matters_comes_first_where_runs_are_compared(store, bundle, monkeypatch):
    """By the first metric that was logged and by the first of the alphabet, as the UI does both."""
    monkeypatch.setattr(child_run, "SAMPLE_S", 0.1)
    with tracking.open_run(read_bundle(bundle).run_digest, "songs", watch=True):
        time.sleep(0.5)
    found = recorded(bundle, **FIGURES).data.metrics

    assert next(iter(found)) == min(found) == "by_track/accuracy"


def test_how_busy_the_machine_was_is_kept_in_a_child(store, monkeypatch):
    """One for each run, which a rerun goes on with."""
    monkeypatch.setattr(child_run, "SAMPLE_S", 0.1)
    for _ in range(2):
        with tracking.open_run("0" * 16, "songs", watch=True) as run:
            time.sleep(0.5)

    (machine,) = (one for one in every_run().values() if PARENT in one.data.tags)
    assert machine.info.run_name == "machine"
    assert machine.data.tags[PARENT] == run.info.run_id
    assert "system/cpu_utilization_percentage" in machine.data.metrics
    steps = (
        tracking.connect()
        .MlflowClient()
        .get_metric_history(machine.info.run_id, "system/cpu_utilization_percentage")
    )
    assert len({one.step for one in steps}) == len(steps) >= 2


def test_a_store_may_be_named_relatively(tmp_path, monkeypatch):
    """As in MLflow's own guide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")

    experiment = tracking.connect().get_experiment_by_name("genrenet")

    assert experiment.artifact_location == (tmp_path / "artifacts").as_uri()


def test_a_store_that_dies_is_told_as_one(store):
    """With what to do; the process that wrote to it goes on."""
    tracking.connect()
    with (
        pytest.raises(DataError, match=r"does not work: .* unset MLFLOW_TRACKING_URI"),
        tracking.open_run("0" * 16, "songs"),
    ):
        store.write_bytes(b"no database")


def test_a_machine_without_git_has_an_unknown_commit(store, bundle, monkeypatch):
    """The training is recorded all the same."""
    monkeypatch.setenv("PATH", "")
    assert recorded(bundle).data.tags["git.commit"] == "unknown"


def test_a_record_that_was_cut_off_leaves_each_seed_once(store, bundle, monkeypatch):
    """The rerun takes the place of what was half done."""
    record_child = model_run.record_child
    with monkeypatch.context() as patch:
        patch.setattr(model_run, "record_child", lambda *child: [record_child(*child), 1 / 0])
        with pytest.raises(ZeroDivisionError):
            record(bundle)
    run = record(bundle)

    (child,) = (one for one in every_run().values() if PARENT in one.data.tags)
    assert child.data.tags[PARENT] == run
    assert child.info.run_name == "seed-0"


def test_a_run_names_what_it_learned_from_and_what_it_was_tested_on(store, bundle):
    """By digest, and by a place that is the same in everyone's checkout."""
    run = recorded(bundle)

    inputs = {one.tags[0].value: one.dataset for one in run.inputs.dataset_inputs}
    assert set(inputs) == {"training", "evaluation"}
    assert inputs["training"].digest == read_bundle(bundle).data_fingerprint
    assert inputs["evaluation"].digest != inputs["training"].digest
    assert {one.source for one in inputs.values()} == {'{"uri": "data/features"}'}


def test_a_run_lists_the_settings_that_have_a_value(store, bundle):
    """What is not set would stand between what differs."""
    params = recorded(bundle).data.params

    assert params["train.dropout"] == "0.3"
    assert "features.fmax" not in params
    assert "None" not in params.values()


FIGURES = {
    "by_track/accuracy": 0.75,
    "by_track/accuracy_low": 0.5,
    "by_track/accuracy_high": 0.9,
    "by_track/n": 12,
    "by_track/majority": 0.5,
    "classical/accuracy": 0.625,
}


def test_a_run_s_page_says_what_came_of_it(store, bundle, tmp_path):
    """Score, certificate, the report's files and the Prefect runs, each a link; calls add up."""
    card, figure = tmp_path / "model_card.md", tmp_path / "roc.png"
    for path in (card, figure):
        path.write_text("content", "utf-8")
    record(bundle, links={"train": "http://prefect/1"})
    run = recorded(bundle, [card, figure], {"evaluate": "http://prefect/2"}, **FIGURES)

    page = run.data.tags["mlflow.note.content"]
    here = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts"
    assert "**75.0%** of 12 test tracks are answered rightly (interval 50.0% to 90.0%)" in page
    assert read_bundle(bundle).certificate.digest in page
    assert "[evaluate](http://prefect/2) · [train](http://prefect/1)" in page
    assert f"[model\\_card.md]({here}/report/model_card.md?" in page
    assert f"[figures]({here}/figures/roc.png?" in page


def test_a_run_that_was_not_judged_says_so(store, bundle):
    """Rather than a score of nothing."""
    record_training(read_bundle(bundle), content_hash(bundle), SEEDS)

    (run,) = runs().values()
    assert "not yet judged" in run.data.tags["mlflow.note.content"]


def test_the_address_of_a_run_opens_it_among_trained_models():
    """Whether or not the server's address ends in a slash."""
    for base in ("http://localhost:5000", "http://localhost:5000/"):
        assert run_page("abc", "1", base) == (
            "http://localhost:5000/#/experiments/1/runs/abc?workflowType=machine_learning"
        )


def test_the_address_of_a_file_opens_it_among_trained_models():
    """Within the pages; a name may hold any sign."""
    assert file_page("abc", "1", "report/a card.md") == (
        "#/experiments/1/runs/abc/artifacts/report/a%20card.md?workflowType=machine_learning"
    )


def test_an_experiment_says_what_it_holds_unless_somebody_has(store):
    """A description that was changed in the UI stays."""
    mlflow = tracking.connect()
    found = mlflow.get_experiment_by_name("genrenet")
    assert "a run for each bundle" in found.tags["mlflow.note.content"]

    mlflow.set_experiment_tag("mlflow.note.content", "mine")
    tracking.connect()
    assert mlflow.get_experiment_by_name("genrenet").tags["mlflow.note.content"] == "mine"


def test_a_server_gets_runs_files_and_models(mlflow_server, bundle, tmp_path, monkeypatch):
    """All through its address: this process knows nothing of where it keeps them."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    card = tmp_path / "model_card.md"
    card.write_text("# Card", "utf-8")
    run = recorded(bundle, [card], **FIGURES)
    register_bundle(read_bundle(bundle), bundle, [], "songs", "a card", METRICS)

    assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
    assert "model\\_card.md" in run.data.tags["mlflow.note.content"]
    assert content_hash(locate("models:/songs@challenger")) == content_hash(bundle)


def test_a_server_that_dies_costs_seconds_and_the_rerun_goes_on(mlflow_server, monkeypatch):
    """One plain error when the work is done; later the same run is open again."""
    port = unused_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    with ExitStack() as work:
        with line_to(mlflow_server, port):
            run = work.enter_context(tracking.open_run("d" * 16, "songs", watch=True))
        begin = time.monotonic()
        with pytest.raises(DataError, match="Start an MLflow server there"):
            work.close()
    assert time.monotonic() - begin < 15

    with line_to(mlflow_server, port), tracking.open_run("d" * 16, "songs") as again:
        assert again.info.run_id == run.info.run_id
