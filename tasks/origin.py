"""The origin: which code and which data a run was made from, as anyone may check it."""

import subprocess
from hashlib import md5
from pathlib import Path
from typing import Any

FEATURES = "data/features"  # relative: the same place in everyone's checkout, filled by 'dvc pull'


def origin_tags() -> dict[str, str]:
    """The commit, and the digest of ``dvc.lock``, which names every file by its content."""
    return {"git.commit": _git_commit(), "dvc.lock": _file_digest(Path("dvc.lock"))}


def dataset(name: str, digest: str) -> Any:
    """Shards of windows as MLflow's UI lists them among a run's inputs."""
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.data.sources import LocalArtifactDatasetSource

    return MetaDataset(LocalArtifactDatasetSource(FEATURES), name=name, digest=digest)


def _git_commit() -> str:
    command = ["git", "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git
        return "unknown"
    return found.stdout.strip() or "unknown"


def _file_digest(path: Path) -> str:
    """As DVC writes digests, so that one can be looked up in the other."""
    return md5(path.read_bytes(), usedforsecurity=False).hexdigest() if path.exists() else "none"
