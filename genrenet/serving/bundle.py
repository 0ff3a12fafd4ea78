"""The bundle: a folder with all that an answer depends on, and nothing that changes by itself.

``model.keras``
    The network; its inputs are windows, its outputs logits.
``bundle.json``
    :class:`Bundle`: specification, labels, vote, temperature, certificate, settings, versions.
``provenance.json``
    Which tracks weights, normalisation, balancing, early stopping and calibration saw.
``history.json``
    Epochs of every seed.
"""

import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from genrenet.atomic import replacing
from genrenet.errors import DataError
from genrenet.learning.network_input import NetworkInput
from genrenet.sections.augment import Augment
from genrenet.sections.corpus import Corpus, Split
from genrenet.sections.features import Features, Preprocessing
from genrenet.sections.train import Train
from genrenet.serving.store import open_store, shown, tracking_uri
from genrenet.settings import Settings

BUNDLE = Path("models/genrenet")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold


class BundleParams(Settings):
    """The sections of ``params.yaml`` that a model depends on."""

    corpus: Corpus
    features: Features
    split: Split
    augment: Augment
    train: Train


class CertificateStamp(Settings):
    """The audit that the split passed under which a model was trained."""

    level: str
    digest: str


class Bundle(Settings):
    """What ``bundle.json`` says.

    Attributes
    ----------
    specification, specification_hash
        How a recording becomes windows.
    labels : tuple of str
        Classes, in the order of the network's outputs.
    vote : {'mean'}
        A track's probabilities are the mean of its windows'.
    temperature : float
        By which logits are divided.
    data_fingerprint : str
        Digest of the shards that were learned from.
    certificate : CertificateStamp or None
        Level and digest of the audited split; None where it breaches the audit, as in a study.
    params : BundleParams
        The settings.
    seed : int
        The seed whose network this is.
    run_digest : str
        Of shards, split, training settings and seeds; it names the MLflow run.
    versions : dict
        Libraries at training.
    """

    format: Literal[1] = 1
    specification: Preprocessing
    specification_hash: str
    labels: tuple[str, ...]
    vote: Literal["mean"] = "mean"
    temperature: float
    data_fingerprint: str
    certificate: CertificateStamp | None
    params: BundleParams
    seed: int
    run_digest: str
    versions: dict[str, str]

    @property
    def network_input(self) -> NetworkInput:
        """How windows become what the network takes."""
        return network_input(self.params.train, self.specification)


def network_input(settings: Train, spec: Preprocessing) -> NetworkInput:
    """How windows become what the network takes, from the settings."""
    return NetworkInput(feature=settings.feature, floor_db=settings.floor_db, n_mels=spec.n_mels)


def read_bundle(folder: Path) -> Bundle:
    """Read ``bundle.json``.

    Raises
    ------
    DataError
        The folder is no bundle, or its features cannot be reproduced by this version.
    """
    path = folder / "bundle.json"
    try:
        bundle = Bundle.model_validate_json(path.read_text("utf-8"))
    except OSError as error:
        raise DataError(
            f"{folder}: is no model of genrenet (no readable bundle.json). Give --model a bundle's "
            "folder, such as models/genrenet, or models:/NAME@ALIAS."
        ) from error
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise DataError(
            f"{path}: was written by another version of genrenet ({place}: "
            f"{error.errors()[0]['msg']}). Train again with this one, or install that one."
        ) from error
    if bundle.specification.hash != bundle.specification_hash:
        raise DataError(
            f"{path}: the specification's hash is {bundle.specification.hash}, the bundle says "
            f"{bundle.specification_hash}: the file was edited. Train again."
        )
    if not (folder / "model.keras").is_file():
        raise DataError(f"{folder}: holds no model.keras, the network. Train again.")
    return bundle


def certificate_of(bundle: Bundle) -> CertificateStamp:
    """The certificate of a bundle that is to be judged or registered.

    Raises
    ------
    DataError
        It has none.
    """
    if bundle.certificate is None:
        raise DataError(
            "the model has no certificate: the split that it was trained under breaches the leak "
            "audit, as those of studies do. Its score says nothing and it cannot be registered. "
            "Train under an audited split: dvc repro."
        )
    return bundle.certificate


def content_hash(folder: Path) -> str:
    """Hash of a bundle's network and of what ``bundle.json`` says (16 hex digits of BLAKE2b).

    ``run_digest`` tells what it was made from; other code or other libraries make another network
    from that.
    """
    content = b"".join((folder / name).read_bytes() for name in ("model.keras", "bundle.json"))
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def write_json(value: Any, path: Path) -> None:
    """Write a JSON file whole or not at all, the same bytes for the same value."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", "utf-8")


def make_repeatable(path: Path) -> None:
    """Rewrite a ``.keras`` file without its date, and without addresses in memory."""
    with (
        replacing(path) as temporary,
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(temporary, "w") as new,
    ):
        for name in sorted(old.namelist()):
            new.writestr(zipfile.ZipInfo(name, EPOCH), _repeatable(name, old.read(name)))


def _repeatable(name: str, content: bytes) -> bytes:
    if name == "metadata.json":
        about = {**json.loads(content), "date_saved": "1980-01-01@00:00:00"}
        return json.dumps(about, sort_keys=True).encode()
    return _numbered(content) if name == "config.json" else content


def _numbered(config: bytes) -> bytes:
    """Keras names an object that layers may share by its address: number them instead."""
    numbers: dict[bytes, int] = {}
    return re.sub(
        rb'("shared_object_id": )(\d+)',
        lambda found: found[1] + b"%d" % numbers.setdefault(found[2], len(numbers)),
        config,
    )


def locate(model: str | Path) -> Path:
    """The folder of a bundle that is given by path or by ``models:/NAME@ALIAS``.

    Raises
    ------
    DataError
        MLflow is not installed, does not answer, or knows no such model.
    """
    if not str(model).startswith("models:/"):
        return Path(model).expanduser()
    try:
        import mlflow
    except ImportError as error:
        raise DataError(f"{model}: needs MLflow: pip install 'genrenet[pipeline]'.") from error
    open_store(mlflow)
    try:
        folder = Path(mlflow.artifacts.download_artifacts(str(model)))
    except (mlflow.MlflowException, OSError) as error:
        why = str(getattr(error, "message", error)).rstrip(".")
        raise DataError(
            f"{model}: {shown(f'MLflow at {tracking_uri()} says: {why}')}. Expected "
            "models:/NAME@ALIAS or models:/NAME/VERSION of a model that is registered there."
        ) from error
    return next((path.parent for path in folder.rglob("bundle.json")), folder)
