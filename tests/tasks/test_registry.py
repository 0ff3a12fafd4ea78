"""The registry: a version is one bundle with one card, and holds nothing else."""

import shutil
from pathlib import Path

import pytest

from genrenet.errors import DataError
from genrenet.serving.bundle import content_hash, read_bundle, write_json
from tasks import tracking
from tasks.registry import register_bundle
from tasks.run_page import file_page
from tests.learning.test_summary import METRICS

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of what it does itself
]

CARD = "# Model card\n\nTells 2 classes apart.\n"


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """MLflow with a store of its own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/store/mlflow.db")
    return tracking.connect()


@pytest.fixture
def report(tmp_path):
    """A file and a folder of a report."""
    figures, metrics = tmp_path / "figures", tmp_path / "metrics.json"
    figures.mkdir()
    (figures / "roc.png").write_bytes(b"picture")
    write_json({}, metrics)
    return [metrics, figures]


@pytest.fixture
def register(report):
    """Register a bundle; the version's number."""
    return lambda folder, card=CARD: register_bundle(
        read_bundle(folder), folder, report, "songs", card, METRICS
    )


def challenger(mlflow):
    """The version that is the challenger."""
    return mlflow.MlflowClient().get_model_version_by_alias("songs", "challenger")


def test_the_same_bundle_is_one_version(mlflow, register, bundle):
    """However often it is registered."""
    assert register(bundle) == register(bundle)
    assert challenger(mlflow).tags["genrenet.content"] == content_hash(bundle)


def files_of_challenger(mlflow, tmp_path):
    """A copy of its folder."""
    there = str(tmp_path / "model")
    return Path(mlflow.artifacts.download_artifacts("models:/songs@challenger", dst_path=there))


@pytest.mark.parametrize("name", ["model.keras", "bundle.json"])
def test_another_bundle_of_the_same_data_is_another_version(
    mlflow, register, bundle, tmp_path, name
):
    """As other libraries or another certificate level make it; the challenger holds its files."""
    changed = tmp_path / "changed"
    shutil.copytree(bundle, changed)
    about = read_bundle(bundle)
    if name == "model.keras":
        (changed / name).write_bytes(b"another network")
    else:
        stamp = about.certificate.model_copy(update={"level": "recording"})
        about = about.model_copy(update={"certificate": stamp})
        (changed / name).write_text(about.model_dump_json(), "utf-8")

    assert register(bundle) != register(changed)
    assert challenger(mlflow).tags["certificate.level"] == about.certificate.level
    held = files_of_challenger(mlflow, tmp_path)
    assert (held / "artifacts/changed" / name).read_bytes() == (changed / name).read_bytes()


def test_another_card_is_another_version(mlflow, register, bundle):
    """The files of the former one tell of the former evaluation, and stay what they are."""
    first, second = register(bundle), register(bundle, "# Model card of another evaluation\n")

    assert first != second
    assert challenger(mlflow).description.endswith("# Model card of another evaluation\n")
    assert register(bundle) == first


def test_what_a_user_writes_over_a_description_stays(mlflow, register, bundle):
    """A version is known by what it holds, not by what is said of it."""
    number = register(bundle)
    mlflow.MlflowClient().update_model_version("songs", number, description="the good one")

    assert register(bundle) == number
    assert challenger(mlflow).description == "the good one"


def test_a_version_says_how_good_it_is_and_where_its_report_is(mlflow, register, bundle):
    """First of all, and in tags, by which versions can be searched; the card follows."""
    number = register(bundle)
    found, about = challenger(mlflow), read_bundle(bundle)
    run = mlflow.get_run(found.run_id)

    assert found.description.startswith("**85.7%** of 42 held-out tracks")
    report = file_page(found.run_id, run.info.experiment_id, "report/model_card.md")
    assert f"[Report]({report})" in found.description
    assert f"models:/songs/{number}" in found.description
    assert CARD in found.description
    assert found.tags["accuracy"] == "0.8571"
    assert found.tags["data"] == about.data_fingerprint
    assert found.tags["specification"] == about.specification_hash
    assert found.tags["certificate.digest"] == about.certificate.digest


def test_a_version_knows_the_commit_of_its_training(mlflow, register, bundle):
    """Which its run was recorded with."""
    about = read_bundle(bundle)
    with tracking.open_run(about.run_digest, about.params.corpus.path):
        mlflow.set_tag("git.commit", "5f8c8c8")
    register(bundle)

    assert challenger(mlflow).tags["git.commit"] == "5f8c8c8"


def test_a_version_that_was_cut_off_is_made_anew(mlflow, register, bundle, monkeypatch):
    """Killed before it was described, it is not taken for a whole one."""
    with monkeypatch.context() as patch:
        patch.setattr("tasks.registry.with_card", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            register(bundle)

    assert register(bundle) == "2"
    assert register(bundle) == "2"
    assert challenger(mlflow).description


def test_a_version_has_the_bundle_the_report_and_how_to_ask_it(mlflow, register, bundle, tmp_path):
    """Signature and example say what it takes and what it answers."""
    register(bundle)
    held = files_of_challenger(mlflow, tmp_path)
    about = mlflow.models.Model.load(str(held))

    names = {path.name for path in (held / "artifacts").iterdir()}
    assert names == {"bundle", "metrics.json", "figures"}
    assert list(about.load_input_example(str(held))) == ["audio"]
    assert about.signature.inputs.input_names() == ["audio"]
    assert about.signature.outputs.input_names() == ["label", "confidence", "probabilities"]


def test_a_bundle_without_certificate_is_no_version(mlflow, register, bundle, tmp_path):
    """A study's model may have been tested on what it learned."""
    study = tmp_path / "study"
    shutil.copytree(bundle, study)
    about = read_bundle(bundle).model_copy(update={"certificate": None})
    (study / "bundle.json").write_text(about.model_dump_json(), "utf-8")

    with pytest.raises(DataError, match=r"has no certificate: .* it cannot be registered"):
        register(study)
    assert mlflow.MlflowClient().search_registered_models() == []
