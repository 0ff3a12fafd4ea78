"""``python -m flows.serve``: the deployments of ``prefect.yaml``, served from this checkout.

They are registered with the Prefect API of ``PREFECT_API_URL``, else of ``make up``, else of
Prefect's profile; their runs are started here, one at a time. A switched schedule stays as it was
switched in Prefect.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from flows.addresses import home
from flows.engines import found_api
from flows.health import prefect_silence
from flows.leftovers import clear_leftovers
from flows.login import prefect_refusal
from flows.orchestrator import bear_outages
from flows.outcomes import report_kept
from flows.quiet import spare_repetition
from flows.shown import keep_shown
from flows.stage import conclude
from genrenet.checkout import checkout
from genrenet.errors import DataError
from genrenet.serving.store import shown

if TYPE_CHECKING:
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.deployments.runner import RunnerDeployment

PATIENCE_S = 90  # until the API answers; it may have been started with us
FILE = Path("prefect.yaml")
CURE = "Set PREFECT_API_URL to a Prefect API that answers, or run `make up`, which starts one."
LATE_S = 10  # between looks for runs whose outcome Prefect may not know
QUERY_S = 2  # between questions for runs that are due: somebody waits for the one he has started


class Schedule(BaseModel, extra="forbid"):
    """When a deployment runs by itself."""

    cron: str
    timezone: str | None = None
    active: bool = True


class Deployment(BaseModel):
    """An entry of ``prefect.yaml``, as far as serving needs it."""

    name: str
    entrypoint: str
    description: str | None = None
    tags: list[str] = []
    parameters: dict[str, Any] = {}
    schedules: list[Schedule] = []
    concurrency_limit: int | None = None


def main() -> int:
    """Serve until Ctrl-C; the program's exit code."""
    return conclude(serve)


def serve() -> None:
    """Register the deployments and start their runs, until a signal comes.

    Raises
    ------
    DataError
        They are served already, no Prefect API answers or lets us in, or ``prefect.yaml`` holds
        something that cannot be served.
    """
    os.chdir(checkout())
    entries = read_deployments(FILE)
    with _alone():
        os.environ["PREFECT_API_URL"] = _api_once_up()
        import prefect

        bear_outages()
        spare_repetition()
        made = [_deployment(entry) for entry in entries]
        clear_leftovers([former for one in made if (former := _former(one))])
        threading.Thread(target=_report_late, daemon=True).start()
        keep_shown([one.name for one in made])
        # not paused: to stop the service is no wish to stop the schedules
        prefect.serve(
            *made,
            limit=1,
            pause_on_shutdown=False,
            print_starting_message=False,
            query_seconds=QUERY_S,
        )


def _report_late() -> None:
    """Tell Prefect, once it is back, of runs that have ended while it was away."""
    while True:
        time.sleep(LATE_S)
        with suppress(Exception):  # it has gone again: the next time
            report_kept()


@contextmanager
def _alone() -> Iterator[None]:
    """Be the only service of this checkout."""
    lock = FileLock(home() / "serve.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise DataError(
            f"the deployments of {Path.cwd()} are served already. Use that service, or stop it "
            "first (Ctrl-C where it or `make up` runs)."
        ) from error
    try:
        yield
    finally:
        lock.release()


def read_deployments(path: Path) -> list[Deployment]:
    """The entries of a ``prefect.yaml``.

    Raises
    ------
    DataError
        The file cannot be read, or an entry is not what it should be.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        return [Deployment.model_validate(entry) for entry in content["deployments"]]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(f"{path}: {place} of a deployment: {first['msg']}.") from error
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: cannot be read as Prefect's list of deployments: {error}."
        ) from error


def _api_once_up() -> str:
    """The API to register with, which may have been started with us."""
    said = os.environ.get("PREFECT_API_URL")
    url = said or found_api()
    begin = time.monotonic()
    while said and (why := prefect_silence(said)):
        if not why.may_end or time.monotonic() - begin > PATIENCE_S:
            raise DataError(shown(f"PREFECT_API_URL={said}: {why}. {CURE}"))
        time.sleep(0.5)
    if url is None:
        where = "the address of `make up` or of Prefect's profile"
        raise DataError(f"no Prefect API answers at {where}. {CURE}")
    if refusal := prefect_refusal(url):
        raise DataError(shown(f"Prefect at {url}: {refusal}."))
    return url


def _deployment(entry: Deployment) -> "RunnerDeployment":
    """An entry as Prefect serves it; the switches of its schedules are as they were left."""
    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Cron

    made = RunnerDeployment.from_entrypoint(
        entry.entrypoint,
        entry.name,
        description=entry.description,
        tags=entry.tags,
        parameters=entry.parameters,
        schedules=[Cron(s.cron, timezone=s.timezone, active=s.active) for s in entry.schedules],
        concurrency_limit=entry.concurrency_limit,
    )
    if former := _former(made):
        switches = {str(one.schedule): one.active for one in former.schedules}
        for schedule in made.schedules or ():
            schedule.active = switches.get(str(schedule.schedule), schedule.active)
        made.paused = former.paused
    return made


def _former(made: "RunnerDeployment") -> "DeploymentResponse | None":
    """What Prefect knows of a deployment from before."""
    from prefect import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            return client.read_deployment_by_name(f"{made.flow_name}/{made.name}")
        except ObjectNotFound:
            return None


if __name__ == "__main__":
    sys.exit(main())
