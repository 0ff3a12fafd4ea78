"""The version: one of a model's in the registry, by number or by alias, with its files."""

import difflib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from genrenet.errors import DataError
from genrenet.learning.provenance import seen_tracks
from genrenet.serving.bundle import Bundle, read_bundle
from genrenet.serving.store import shown, tracking_uri
from tasks.tracking import connect, telling

CHAMPION = "champion"
PREDICTIONS = "predictions.parquet"


@dataclass(frozen=True, kw_only=True)
class Version:
    """What the registry says of a version.

    Attributes
    ----------
    name, number : str
        The model's name, and which of its versions.
    run_id : str
        The MLflow run that it came of.
    tags : mapping of str to str
        Its tags.
    """

    name: str
    number: str
    run_id: str
    tags: Mapping[str, str]

    @property
    def address(self) -> str:
        """Where MLflow finds it."""
        return f"models:/{self.name}/{self.number}"


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a version holds.

    Attributes
    ----------
    bundle : Bundle
        What its ``bundle.json`` says.
    folder : Path
        Where the bundle lies.
    seen : set of str
        Ids of the tracks that it was made from.
    seeds : list of dict
        Its ``history.json``.
    predictions : pd.DataFrame or None
        What ``evaluate`` wrote: ``track_id, genre, group, prediction`` and more.
    """

    bundle: Bundle
    folder: Path
    seen: set[str]
    seeds: list[dict[str, Any]]
    predictions: pd.DataFrame | None

    @property
    def split(self) -> str:
        """Digest of the split that its certificate is of."""
        return self.bundle.certificate.digest if self.bundle.certificate else "none"


def find_version(name: str, wanted: str) -> Version:
    """The version of a model that has this number or alias.

    Raises
    ------
    DataError
        There is no such model, version or alias; the message tells what there is.
    """
    versions, aliases = _registered(name)
    for number in (wanted.lower().removeprefix("v"), aliases.get(wanted)):
        if number in versions:
            return versions[number]
    near = difflib.get_close_matches(wanted, aliases, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise DataError(
        f"{name} has no version and no alias '{wanted}'. Versions: {', '.join(versions)}; "
        f"aliases: {', '.join(f'{a} ({n})' for a, n in aliases.items()) or 'none'}.{hint}"
    )


def find_versions(name: str) -> list[Version]:
    """All versions of a model, the first one first.

    Raises
    ------
    DataError
        There is no such model.
    """
    versions, _ = _registered(name)
    return list(versions.values())


def find_champion(name: str) -> Version | None:
    """The version that the alias ``champion`` points to, if there is one."""
    versions, aliases = _registered(name)
    return versions.get(aliases.get(CHAMPION, ""))


@contextmanager
def held_by(version: Version) -> Iterator[Held]:
    """What a version holds, as long as it is looked at.

    Raises
    ------
    DataError
        Its files cannot be read, or are no bundle that this genrenet can use.
    """
    with tempfile.TemporaryDirectory(prefix="genrenet-") as folder:
        yield _read(version, _download(version, folder))


def set_champion(version: Version) -> None:
    """Point the alias ``champion`` to a version."""
    mlflow = connect()
    with telling(mlflow):
        client = mlflow.MlflowClient()
        client.set_registered_model_alias(version.name, CHAMPION, version.number)


def replace_tags(version: Version, tags: Mapping[str, str], prefix: str) -> None:
    """Make ``tags`` all that a version's tags say under ``prefix``."""
    mlflow = connect()
    changed = {key: value for key, value in tags.items() if version.tags.get(key) != value}
    with telling(mlflow):
        client = mlflow.MlflowClient()
        for key, value in changed.items():  # MLflow takes one at a time
            client.set_model_version_tag(version.name, version.number, key, value)
        for key in {key for key in version.tags if key.startswith(prefix)} - set(tags):
            client.delete_model_version_tag(version.name, version.number, key)


def add_files(version: Version, folder: Path, place: str) -> None:
    """Put a folder's files into the run of a version, which stays as it ended."""
    mlflow = connect()
    with telling(mlflow):
        mlflow.MlflowClient().log_artifacts(version.run_id, str(folder), place)


def _registered(name: str) -> tuple[dict[str, Version], dict[str, str]]:
    """A model's versions by number, the first one first, and its aliases."""
    mlflow = connect()
    with telling(mlflow):
        client = mlflow.MlflowClient()
        if not client.search_registered_models(filter_string=f"name = '{name}'"):
            others = ", ".join(model.name for model in client.search_registered_models())
            raise DataError(
                f"MLflow at {shown(tracking_uri())} has no model '{name}'; it has: "
                f"{others or 'none'}. Run 'dvc repro', whose stage register makes one (where it "
                "finds nothing to do: 'dvc repro --force --single-item register'), or point "
                "MLFLOW_TRACKING_URI to the store that has it."
            )
        found = client.search_model_versions(f"name = '{name}'")
        aliases = client.get_registered_model(name).aliases
    versions = {
        str(one.version): Version(
            name=name, number=str(one.version), run_id=one.run_id, tags=dict(one.tags)
        )
        for one in sorted(found, key=lambda one: int(one.version))
    }
    return versions, {alias: str(number) for alias, number in aliases.items()}


def _download(version: Version, folder: str) -> Path:
    mlflow = connect()
    try:
        return Path(mlflow.artifacts.download_artifacts(version.address, dst_path=folder))
    except (mlflow.MlflowException, OSError) as error:
        why = str(error).partition("\n")[0]
        at = f"MLflow at {tracking_uri()}"
        raise DataError(
            shown(f"{version.address}: its files cannot be read from {at}: {why}")
        ) from error


def _read(version: Version, files: Path) -> Held:
    place = next((path.parent for path in files.rglob("bundle.json")), None)
    if place is None:
        raise DataError(f"{version.address}: holds no bundle of genrenet.")
    try:
        bundle = read_bundle(place)
    except DataError as error:
        raise DataError(f"{version.address}: {error}") from error
    predictions = next(files.rglob(PREDICTIONS), None)
    return Held(
        bundle=bundle,
        folder=place,
        seen=seen_tracks(json.loads((place / "provenance.json").read_text("utf-8"))),
        seeds=json.loads((place / "history.json").read_text("utf-8")),
        predictions=None if predictions is None else pd.read_parquet(predictions),
    )
