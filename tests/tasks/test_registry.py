"""The registry: a version is one bundle with one card, and holds nothing else."""

import shutil
from pathlib import Path

import pytest

from genrenet.errors import DataError
from genrenet.serving.bundle import content_hash, read_bundle, write_json
from tasks import tracking
from tasks.registry import register_bundle

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
        read_bundle(folder), folder, report, "songs", card
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
    assert challenger(mlflow).description == "# Model card of another evaluation\n"
    assert register(bundle) == first


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
