"""What the forms show: the settings as they are, for as long as the deployments are served."""

import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from flows.form import definitions
from flows.leftovers import is_ours
from flows.workspace import PARAMS
from genrenet.errors import DataError

if TYPE_CHECKING:
    from prefect.client.schemas.responses import DeploymentResponse

LOOK_S = 2  # between two looks at the file


def keep_shown(names: Sequence[str]) -> None:
    """Show what ``params.yaml`` holds in the forms of these deployments, until the process ends."""
    Thread(target=_follow, args=(names, _signature()), daemon=True).start()


def _follow(names: Sequence[str], shown: object) -> None:
    from httpx import HTTPError  # Prefect's, as are its own errors

    while True:
        time.sleep(LOOK_S)
        present = _signature()
        if present != shown:
            try:
                _show(names)
            except (HTTPError, DataError):  # it is busy or away: the next look will do
                continue
            shown = present


def _signature() -> object:
    """Another one whenever the file is another."""
    try:
        about = Path(PARAMS).stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino


def _show(names: Sequence[str]) -> None:
    from prefect import get_client
    from prefect.client.schemas.actions import DeploymentUpdate
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName

    chosen = DeploymentFilter(name=DeploymentFilterName(any_=list(names)))
    with get_client(sync_client=True) as client:
        for deployment in client.read_deployments(deployment_filter=chosen):
            if is_ours(deployment) and (schema := _renewed(deployment)):
                update = DeploymentUpdate(parameter_openapi_schema=schema)
                client.update_deployment(deployment.id, update)


def _renewed(deployment: "DeploymentResponse") -> dict[str, Any] | None:
    """The schema of a deployment's parameters, its form as it is now; None if it has none."""
    schema = deployment.parameter_openapi_schema or {}
    if "settings" not in schema.get("properties", {}):
        return None
    return {**schema, "definitions": definitions()}
