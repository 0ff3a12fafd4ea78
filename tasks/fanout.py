"""Bounded fan-out: jobs to Ray, or to this process, results as they come."""

import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from genrenet.errors import DataError
from genrenet.sections.compute import Compute
from genrenet.serving.store import shown
from tasks.ray_address import EXPECTED, silence
from tasks.signals import own_signals

Job = TypeVar("Job")
Result = TypeVar("Result")

RAY_ENVIRONMENT = {
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # else it ships the folder
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # 15 s of silence by default, and a busy or sleeping machine has lost its only node
    "RAY_health_check_failure_threshold": "40",
}
OWN_RAY = "GENRENET_OWN_RAY"
"""Holds the address of the Ray that ``rebuild`` has started: its workers have its environment."""
QUIET = {"log_to_driver": False, "logging_level": "ERROR"}
START_S = 20.0  # until a Ray that is started here has its workers up and their imports done
RETRIES = 3  # of a job whose worker died; its own errors are not repeated
END_S = 5.0  # given to cancelled jobs to end
IN_FLIGHT = 2  # jobs submitted per worker: one runs, one waits; more only fills the scheduler


def fan_out(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    *,
    compute: Compute,
    estimate_s: float,
    n_threads: int = 1,
) -> Iterator[Result]:
    """Apply ``function`` to each job; results come in the order in which they are ready.

    Ray, if it is used, is up when this returns; the work is done as results are asked for.

    Parameters
    ----------
    function : callable
        A module's function; it and the job are sent to the worker.
    jobs : sequence
        Small, picklable, each worth seconds of work.
    compute : Compute
        ``executor: auto`` takes Ray where one is up (``RAY_ADDRESS``) or where sharing the work
        saves more than starting one costs.
    estimate_s : float
        Work in core-seconds.
    n_threads : int
        Cores that a job uses.

    Raises
    ------
    DataError
        Ray is not there, is too small, or was lost on the way.
    """
    if not jobs:
        return iter(())
    if not uses_ray(compute, estimate_s, n_jobs=len(jobs)):
        return map(function, jobs)
    ray = connect(compute)
    most = _most_in_flight(ray, compute.n_workers, n_threads)
    remote = ray.remote(num_cpus=n_threads, max_retries=RETRIES)(function)
    return _on_ray(ray, remote, jobs, most)


def uses_ray(compute: Compute, estimate_s: float, *, n_jobs: int) -> bool:
    """Whether the jobs go to Ray."""
    if compute.executor != "auto":
        return compute.executor == "ray"
    if os.environ.get("RAY_ADDRESS"):
        return True
    n_at_once = min(n_jobs, compute.n_workers or os.cpu_count() or 1)
    return estimate_s - estimate_s / n_at_once > START_S


def import_ray() -> Any:
    """Ray, told what it reads from the environment when it is imported."""
    for name, value in RAY_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray

    return ray


def connect(compute: Compute) -> Any:
    """Join the Ray that ``RAY_ADDRESS`` names, or start one on this machine."""
    ray = import_ray()
    if ray.is_initialized():
        return ray
    address = os.environ.get("RAY_ADDRESS")
    if address and (why := silence(address)):
        raise DataError(absence(address, why))
    try:
        if address:
            handed = handed_on(address, compute)
            variables = {"env_vars": handed} if handed else None
            with own_signals():
                ray.init(address=address, runtime_env=variables, **QUIET)
        else:
            start_ray(ray, compute)
    except Exception as error:  # what Ray raises, where its own processes do not come up too
        raise DataError(absence(address, error)) from error
    return ray


def absence(address: str | None, error: Exception | str) -> str:
    """What a user is told of a Ray that is not there, and why."""
    reason = shown(str(error).strip().partition("\n")[0].rstrip("."))
    if address:
        return (
            f"no Ray answers at RAY_ADDRESS={shown(address)} ({reason}). Expected {EXPECTED}. "
            "Start it, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN if it asks for one, or unset "
            "RAY_ADDRESS to work on this machine."
        )
    return (
        f"Ray does not start on this machine ({reason}). Run again, or set "
        "compute.executor: serial to work without."
    )


def start_ray(ray: Any, compute: Compute) -> None:
    """Start a Ray on this machine, of ``compute.n_workers`` cores, for this process's lifetime."""
    with own_signals():
        # without an address it would join any Ray that runs on this machine
        ray.init(address="local", num_cpus=compute.n_workers, include_dashboard=False, **QUIET)


def handed_on(address: str, compute: Compute) -> dict[str, str]:
    """What the workers of the Ray at ``address`` are given of this process's environment.

    Nothing, where ``rebuild`` has started that Ray: giving costs each stage seconds.
    """
    if os.environ.get(OWN_RAY) == address:
        return {}
    return {
        name: value
        for name, value in os.environ.items()
        if any(fnmatchcase(name, pattern) for pattern in compute.environment)
    }


def _on_ray(ray: Any, remote: Any, jobs: Sequence[Any], most: int) -> Iterator[Any]:
    """Results of the jobs, never more than ``most`` of which are submitted."""
    waiting, pending = list(reversed(jobs)), list[Any]()
    try:
        while waiting or pending:
            while waiting and len(pending) < most:
                pending.append(remote.remote(waiting.pop()))
            done, pending = ray.wait(pending, num_returns=1)
            yield _result(ray, done[0])
    finally:
        for reference in pending:  # on failure or interrupt nothing goes on unseen
            ray.cancel(reference, force=True)
        if pending:  # what they were writing can only be cleared away when they have ended
            ray.wait(pending, num_returns=len(pending), timeout=END_S)


def _most_in_flight(ray: Any, n_workers: int | None, n_threads: int) -> int:
    """Jobs that are submitted at once; a Ray with more cores than ``n_workers`` gets no more."""
    cores = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    if n_threads > max(cores):
        raise DataError(
            f"a job takes {n_threads} cores, and no machine of this Ray has more than "
            f"{max(cores)}: it would wait for ever. Lower compute.threads_per_seed."
        )
    n_places = sum(n // n_threads for n in cores)
    return n_workers if n_workers and n_workers < n_places else IN_FLIGHT * n_places


def _result(ray: Any, reference: Any) -> Any:
    """A job's result; its error is raised as it would be in this process."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:  # Ray itself: a worker, a machine, all of it
        reason = str(error).strip().partition("\n")[0]
        raise DataError(
            f"Ray has lost a job {1 + RETRIES} times, or is lost itself ({reason}) What was "
            "finished is kept: run again. If it comes back, memory may be short: lower "
            "compute.n_workers."
        ) from error


def absolute(path: str | Path) -> Path:
    """A path as every worker sees it."""
    return Path(path).expanduser().absolute()
