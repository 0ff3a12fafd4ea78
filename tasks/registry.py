"""The registry: a bundle as a version of an MLflow model, found by what it holds."""

import base64
import io
from collections.abc import Mapping, Sequence
from importlib.metadata import requires, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import soundfile as sf

import genrenet
from genrenet.learning.summary import version_summary, with_card
from genrenet.serving.bundle import Bundle, certificate_of, content_hash
from genrenet.settings import digest
from tasks.child_run import CONTENT, DIGEST
from tasks.model_run import REPORT
from tasks.run_page import file_page
from tasks.tracking import connect, open_run, telling

CHALLENGER = "challenger"
REPORT_PAGE = f"{REPORT}/model_card.md"
CARD, ACCURACY, COMMIT = "genrenet.card", "accuracy", "git.commit"
SERVED_MODEL = Path(__file__).with_name("served_model.py")


def register_bundle(
    bundle: Bundle,
    folder: Path,
    report: Sequence[Path],
    name: str,
    card: str,
    metrics: Mapping[str, Any],
) -> str:
    """Make the bundle a version of the model ``name``, once, and the challenger; its number.

    Parameters
    ----------
    bundle, folder : Bundle, Path
        The bundle, and where it lies.
    report : sequence of Path
        Files and folders that go with it.
    name : str
        The model's.
    card : str
        The model card. Another bundle or another card is another version, as a version's files
        stay what they are; what is written over its description changes nothing.
    metrics : mapping
        What ``metrics.json`` says, for description and tags.

    Raises
    ------
    DataError
        The bundle has no certificate, or the store fails.
    """
    content, of_card = content_hash(folder), digest(card)
    tags = _tags(bundle, content) | {ACCURACY: f"{metrics['track']['accuracy']:.4f}"}
    mlflow = connect()
    client = mlflow.MlflowClient()
    with telling(mlflow):
        number = _find_version(client, name, content, of_card)
        if number is None:
            files = {"bundle": str(folder), **{path.stem: str(path) for path in report}}
            with open_run(bundle.run_digest, bundle.params.corpus.path, content=content) as run:
                commit = {k: v for k, v in run.data.tags.items() if k == COMMIT}
                number = _log_model(mlflow, bundle, files, name, tags | commit)
            where = file_page(run.info.run_id, run.info.experiment_id, REPORT_PAGE)
            summary = version_summary(metrics, f"models:/{name}/{number}", where)
            description = with_card(summary, card)
            client.update_model_version(name, number, description=description)
            # the last: a version that was cut off is made anew
            client.set_model_version_tag(name, number, CARD, of_card)
        client.set_registered_model_alias(name, CHALLENGER, number)
    return number


def _find_version(client: Any, name: str, content: str, of_card: str) -> str | None:
    found = (
        str(one.version)
        for one in client.search_model_versions(f"name = '{name}'")
        if (one.tags.get(CONTENT), one.tags.get(CARD)) == (content, of_card)
    )
    return next(found, None)


def _log_model(
    mlflow: Any, bundle: Bundle, files: dict[str, str], name: str, tags: dict[str, str]
) -> str:
    logged = mlflow.models.Model.log(
        artifact_path=None,  # its former name
        name="model",
        flavor=SimpleNamespace(save_model=_save),
        validate_serving_input=False,
        python_model=str(SERVED_MODEL),
        artifacts=files,
        code_paths=[str(Path(genrenet.__file__).parent)],
        signature=_signature(mlflow),
        input_example=_example(bundle.specification.sr),
        pip_requirements=_requirements(),
        registered_model_name=name,
        tags=tags,
    )
    return str(logged.registered_model_version)


def _save(*, validate_serving_input: bool, **model: Any) -> None:
    """MLflow's ``pyfunc``, which cannot be told to leave out the trial: an answer to the example.

    The trial takes longer than all the rest, as it loads TensorFlow, and ``evaluate`` has just had
    answers of the same bundle.
    """
    import mlflow

    mlflow.pyfunc.save_model(**model)


def _tags(bundle: Bundle, content: str) -> dict[str, str]:
    certificate = certificate_of(bundle)
    return {
        DIGEST: bundle.run_digest,
        CONTENT: content,
        "certificate.level": certificate.level,
        "certificate.digest": certificate.digest,
        "specification": bundle.specification_hash,
        "data": bundle.data_fingerprint,
    }


def _signature(mlflow: Any) -> Any:
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import Map

    answers = [
        ColSpec(DataType.string, "label"),
        ColSpec(DataType.double, "confidence"),
        ColSpec(Map(DataType.double), "probabilities"),
    ]
    return mlflow.models.ModelSignature(
        inputs=Schema([ColSpec(DataType.string, "audio")]), outputs=Schema(answers)
    )


def _example(sr: int) -> pd.DataFrame:
    """A second of a 440 Hz tone as a base64-encoded WAV file."""
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(sr) / sr)
    file = io.BytesIO()
    sf.write(file, tone, sr, format="WAV")
    return pd.DataFrame({"audio": [base64.b64encode(file.getvalue()).decode()]})


def _requirements() -> list[str]:
    """What prediction needs, at the versions that are installed."""
    names = [line.split(";")[0] for line in requires("genrenet") or [] if "extra ==" not in line]
    bare = [name.split("<")[0].split(">")[0].split("=")[0].strip() for name in names]
    return [f"{name}=={version(name)}" for name in [*bare, "pandas"]]
