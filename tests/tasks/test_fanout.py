"""Fan-out: every job once, errors as they are, and never more at once than was allowed."""

import itertools
import os
import time

import pytest

from genrenet.errors import DataError
from genrenet.params import Compute
from tasks.fanout import WORTH_S, fan_out, uses_ray

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
    ("n_jobs", "estimate_s", "expected"),
    [(2, WORTH_S + 1, True), (2, WORTH_S - 1, False), (1, 10 * WORTH_S, False)],
)
def test_an_engine_is_started_where_it_is_worth_it(no_ray, n_jobs, estimate_s, expected):
    """Starting costs seconds, and one job cannot be shared."""
    assert uses_ray(Compute(), estimate_s, n_jobs=n_jobs) == expected


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
