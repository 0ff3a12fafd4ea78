"""Where a model is: a folder, or a version that MLflow keeps."""

import os
import sys
from pathlib import Path
from typing import Any

from genrenet.errors import DataError
from genrenet.serving.store import open_store, shown, tracking_uri


def locate(model: str | Path) -> Path:
    """The folder of a bundle that is given by path or by ``models:/NAME@ALIAS``.

    Raises
    ------
    DataError
        MLflow is not installed, does not answer, or knows no such model; the message names those
        that it knows.
    """
    if not str(model).startswith("models:/"):
        return Path(model).expanduser()
    bar = str(sys.stderr.isatty())  # nobody reads a bar in a file
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", bar)
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
            "models:/NAME@ALIAS or models:/NAME/VERSION of a model that is registered there: "
            f"{_registered(mlflow)}."
        ) from error
    return next((path.parent for path in folder.rglob("bundle.json")), folder)


def _registered(mlflow: Any) -> str:
    """The models that MLflow keeps, such as 'genrenet (champion, challenger)'."""
    try:
        models = mlflow.MlflowClient().search_registered_models()
    except mlflow.MlflowException:
        return "it does not say which"
    told = (f"{one.name} ({', '.join(one.aliases) or 'no alias'})" for one in models)
    return ", ".join(told) or "none"
