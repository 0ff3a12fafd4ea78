"""Fan-out: every job once, errors as they are, and never more at once than was allowed."""

import itertools
import os
import subprocess
import sys
import time
import types

import pytest

from genrenet.errors import DataError
from genrenet.sections.compute import Compute
from tasks import fanout
from tasks.fanout import OWN_RAY, START_S, fan_out, handed_on, uses_ray

RAY = Compute(executor="ray")


def double(number):
    """A job."""
    return 2 * number


def refuse(number):
    """A job that cannot be done."""
    raise DataError(f"number {number} is refused")


def span(_):
    """When a job began and ended, and where."""
    begin = time.time()
    time.sleep(0.2)
    return begin, time.time(), os.getpid()


def results(function, jobs, compute, **changes):
    """All results of a fan-out."""
    return list(fan_out(function, jobs, compute=compute, **{"estimate_s": 0.0} | changes))


@pytest.fixture
def no_ray(monkeypatch):
    """Nobody has started one."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.parametrize(
    ("n_jobs", "n_workers", "saved_s", "expected"),
    [
        (2, 2, START_S + 1, True),
        (2, 2, START_S - 1, False),
        (9, 4, START_S + 1, True),
        (1, 4, 10 * START_S, False),
        (9, 1, 10 * START_S, False),
    ],
)
def test_an_engine_is_started_where_it_saves_more_than_it_costs(
    no_ray, n_jobs, n_workers, saved_s, expected
):
    """Starting costs seconds; one job cannot be shared, and one core shares nothing."""
    n_at_once = min(n_jobs, n_workers)
    estimate_s = saved_s if n_at_once == 1 else saved_s * n_at_once / (n_at_once - 1)

    assert uses_ray(Compute(n_workers=n_workers), estimate_s, n_jobs=n_jobs) == expected


def test_a_ray_that_is_up_is_used(monkeypatch):
    """It costs nothing any more; but who says serial gets serial."""
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")

    assert uses_ray(Compute(), 0.0, n_jobs=1)
    assert not uses_ray(Compute(executor="serial"), 1e9, n_jobs=9)


def test_work_in_this_process_is_done_as_it_is_asked_for(no_ray):
    """The first result is there before the last job begins."""
    begun = []
    work = fan_out(begun.append, [1, 2, 3], compute=Compute(), estimate_s=0.0)
    next(work)

    assert begun == [1]


def test_no_jobs_start_nothing(monkeypatch):
    """Not even a Ray that does not answer."""
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")

    assert results(double, [], RAY) == []


def test_a_ray_that_does_not_start_is_said_so(no_ray, monkeypatch):
    """What Ray raises then is a page of its own; the way out is one setting."""
    ray = types.SimpleNamespace(is_initialized=lambda: False, init=fail)
    monkeypatch.setitem(sys.modules, "ray", ray)

    with pytest.raises(DataError, match=r"does not start .* \(timed out\)\. .* serial to"):
        results(double, [1, 2], RAY)


def test_a_ray_that_others_started_is_given_what_the_setting_names(monkeypatch):
    """Keys and certificates, and nothing else of what stands in the environment."""
    planted = {"AWS_ACCESS_KEY_ID": "key", "SSL_CERT_FILE": "ca.pem", "https_proxy": "proxy:1"}
    monkeypatch.setattr(os, "environ", planted | {"HOME": "/home/me", "MY_AWS_KEY": "no"})

    assert handed_on("there:1", Compute()) == planted
    assert handed_on("there:1", Compute(environment=())) == {}
    assert handed_on("there:1", Compute(environment=("MY_*",))) == {"MY_AWS_KEY": "no"}


def test_the_ray_of_a_rebuild_is_given_nothing(monkeypatch):
    """It has inherited everything; another one's address is another one's."""
    environment = {"AWS_ACCESS_KEY_ID": "key", OWN_RAY: "here:1"}
    monkeypatch.setattr(os, "environ", environment)

    assert handed_on("here:1", Compute()) == {}
    assert handed_on("there:1", Compute()) == {"AWS_ACCESS_KEY_ID": "key"}


JOINING = """
import os
from genrenet.sections.compute import Compute
from tasks.fanout import fan_out
jobs = ["AWS_PLANTED", "OTHER_PLANTED"]
print(*fan_out(os.getenv, jobs, compute=Compute(executor="ray", n_workers=1), estimate_s=0))
"""


@pytest.mark.parametrize("address", ["foo", "127.0.0.1:9", "ray://127.0.0.1:9", "ray://a:b"])
def test_a_ray_that_is_named_and_not_there_is_told_at_once(monkeypatch, address):
    """With what came, what was expected and what to do; Ray itself would take half a minute."""
    monkeypatch.setenv("RAY_ADDRESS", address)
    monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(is_initialized=lambda: False))

    with pytest.raises(DataError, match=rf"RAY_ADDRESS={address} \(.+\)\. Expected ray://HOST"):
        results(double, [1, 2], RAY)


@pytest.mark.engine
def test_the_workers_of_a_ray_that_was_up_before_have_the_keys(two_ray_workers):
    """It was started by a process that did not have them."""
    import ray

    address = ray.get_runtime_context().gcs_address
    planted = {"RAY_ADDRESS": address, "AWS_PLANTED": "key", "OTHER_PLANTED": "secret"}
    joined = subprocess.run(
        [sys.executable, "-c", JOINING],
        env=os.environ | planted,
        capture_output=True,
        text=True,
        check=True,
    )

    assert joined.stdout == "key None\n"


STARTING = """
import os, signal, sys
from genrenet.sections.compute import Compute
from tasks.fanout import fan_out
signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped as asked"))
jobs = fan_out(os.getenv, ["A"], compute=Compute(executor="ray", n_workers=1), estimate_s=0)
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.engine
def test_a_request_to_stop_is_taken_as_before_where_ray_was_started():
    """Ray's own way is to abort the process: Prefect would call a cancelled run crashed."""
    environment = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
    started = subprocess.run(
        [sys.executable, "-c", STARTING],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.stderr.splitlines()[-1] == "stopped as asked"


def fail(**_):
    """As Ray does on a machine that is too busy."""
    raise RuntimeError("timed out.")


@pytest.mark.engine
def test_no_more_jobs_than_allowed_are_submitted(two_ray_workers, monkeypatch):
    """Two for each worker: the others stay here, where they cost nothing."""
    import ray

    waiting = []
    wait = ray.wait
    monkeypatch.setattr(
        ray, "wait", lambda jobs, **how: waiting.append(len(jobs)) or wait(jobs, **how)
    )

    results(double, range(12), RAY)

    assert max(waiting) == 2 * fanout.IN_FLIGHT


def die(_):
    """Take the worker along."""
    os._exit(1)


@pytest.mark.engine
def test_a_job_that_kills_every_worker_ends_the_run(two_ray_workers):
    """After four attempts, with what to do about it."""
    with pytest.raises(DataError, match=r"lost a job 4 times.* run again.* lower compute.n_work"):
        results(die, [1], RAY)


@pytest.mark.engine
def test_every_job_is_done_once(two_ray_workers):
    """More jobs than are ever in flight; results in the order in which they are ready."""
    assert sorted(results(double, range(20), RAY)) == [2 * n for n in range(20)]


@pytest.mark.engine
def test_work_leaves_this_process(two_ray_workers):
    """It is done by others."""
    assert os.getpid() not in {pid for _, _, pid in results(span, range(2), RAY)}


@pytest.mark.engine
def test_one_worker_is_one_worker(two_ray_workers):
    """Also where Ray has more cores."""
    spans = sorted(results(span, range(3), Compute(executor="ray", n_workers=1)))

    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))


@pytest.mark.engine
def test_an_error_is_the_error(two_ray_workers):
    """Not Ray's page about it: the message is for the user."""
    with pytest.raises(DataError) as refusal:
        results(refuse, [7], RAY)

    assert str(refusal.value) == "number 7 is refused"
    assert type(refusal.value) is DataError


@pytest.mark.engine
def test_more_cores_than_there_are_is_refused(two_ray_workers):
    """Ray would wait for ever, without a word."""
    with pytest.raises(DataError, match=r"takes 64 cores, .* more than 2: .* Lower compute.th"):
        results(double, [1], RAY, n_threads=64)
