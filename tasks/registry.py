"""The registry: a bundle as a version of an MLflow model, found by digest."""

import base64
import io
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile as sf

import genrenet
from genrenet.serving.bundle import Bundle
from tasks.tracking import DIGEST, connect, open_run

CHALLENGER = "challenger"
SERVED_MODEL = Path(__file__).with_name("served_model.py")


def register_bundle(
    bundle: Bundle, folder: Path, reports: Path, name: str, description: str
) -> str:
    """Make the bundle a version of the model ``name``, once, and the challenger; its number."""
    mlflow = connect()
    client = mlflow.MlflowClient()
    number = _find_version(client, name, bundle.run_digest)
    if number is None:
        number = _log_model(mlflow, bundle, folder, reports, name)
        client.update_model_version(name, number, description=description)
    client.set_registered_model_alias(name, CHALLENGER, number)
    return number


def _find_version(client: Any, name: str, run_digest: str) -> str | None:
    versions = client.search_model_versions(f"name = '{name}'")
    return next((v.version for v in versions if v.tags.get(DIGEST) == run_digest), None)


def _log_model(mlflow: Any, bundle: Bundle, folder: Path, reports: Path, name: str) -> str:
    with open_run(bundle.run_digest, bundle.params.corpus.path):
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(SERVED_MODEL),
            artifacts={"bundle": str(folder), "reports": str(reports)},
            code_paths=[str(Path(genrenet.__file__).parent)],
            signature=_signature(mlflow),
            input_example=_example(bundle.specification.sr),
            pip_requirements=_requirements(),
            registered_model_name=name,
        )
    client, number = mlflow.MlflowClient(), str(logged.registered_model_version)
    tags = {
        DIGEST: bundle.run_digest,
        "certificate.level": bundle.certificate.level,
        "certificate.digest": bundle.certificate.digest,
    }
    for key, value in tags.items():
        client.set_model_version_tag(name, number, key, value)
    return number


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
