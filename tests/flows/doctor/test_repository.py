"""The repository: settings, Git, DVC's remote, and what its killed runs have left."""

import fcntl
import json
import os
import shutil
import subprocess
import sys

import psutil
import pytest

from flows.doctor import repository
from tests.flows.doctor.conftest import the_one


@pytest.mark.parametrize("content", [b"features: {n_fft: fast}", b"\xff\xfe", b"- 1", b"a: b: c"])
def test_settings_that_cannot_be_are_told_of_every_corpus(here, content):
    """Of the project's, and of those of a further one."""
    (here / "corpora/archive").mkdir(parents=True)
    (here / "corpora/archive/params.yaml").write_bytes(content)

    theirs, own = repository.settings(here)

    assert theirs.state == "problem"
    assert theirs.found.startswith("corpora/archive/params.yaml: ")
    assert own.found == "params.yaml: valid"


def rwlock(folder, pid):
    """Write what DVC writes when ``pid`` begins."""
    info = {"pid": pid, "cmd": "dvc repro"}
    lock = {"write": {"/data/splits.parquet": info}, "read": {"/data/features": [info]}}
    (folder / repository.RWLOCK).write_text(json.dumps(lock), "utf-8")


def test_the_lock_of_a_run_that_was_killed_is_told(here):
    """DVC gets over it, as nobody has that PID."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    rwlock(here, gone.pid)

    found = the_one(repository.locks, here)

    assert found.state == "note"
    assert f"killed (PID {gone.pid})" in found.found


def test_a_lock_whose_pid_has_gone_to_another_program_is_a_problem(here):
    """DVC waits for that program."""
    rwlock(here, os.getpid())

    found = the_one(repository.locks, here)

    assert found.state == "problem"
    assert f"{os.getpid()} is now: {psutil.Process().cmdline()[0]}" in found.found
    assert "rm .dvc/tmp/rwlock" in found.cure


def test_a_damaged_lock_is_a_problem(here):
    """DVC does nothing at all any more."""
    (here / repository.RWLOCK).touch()

    found = the_one(repository.locks, here)

    assert (found.state, found.found) == ("problem", ".dvc/tmp/rwlock is damaged")


def test_a_dvc_that_is_at_work_is_told(here):
    """By what it writes down, and by the lock that it holds."""
    command = [sys.executable, "-c", "print(flush=True); input()", "dvc"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as dvc:
        dvc.stdout.readline()  # until then it may still be on its way to being that program
        rwlock(here, dvc.pid)
        assert f"at work (PID {dvc.pid})" in the_one(repository.locks, here).found
        dvc.communicate(b"\n")
    (here / repository.RWLOCK).unlink()
    (here / repository.LOCK).write_text(" 77\n", "utf-8")
    assert the_one(repository.locks, here).state == "ok"

    with (here / repository.LOCK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "at work (PID 77)" in the_one(repository.locks, here).found


def test_the_remote_and_the_cache_are_dvc_s_own(here):
    """What ``config.local`` says lies over what is committed."""
    assert the_one(repository.dvc, here).state == "note"

    text = "[core]\n    no_scm = true\n    remote = shared\n['remote \"shared\"']\n    url = s3://x/y\n"
    (here / ".dvc/config").write_text(text, "utf-8")
    (here / ".dvc/config.local").write_text("[cache]\n    dir = ../elsewhere\n", "utf-8")

    assert the_one(repository.dvc, here).found == "remote shared: s3://x/y"
    assert repository.dvc_cache(here).resolve() == here / "elsewhere"


def test_no_password_of_the_remote_is_told(here):
    """A finding is shown to others."""
    text = (
        "[core]\n    remote = s\n['remote \"s\"']\n    url = https://me:hunter2@example.org/store\n"
    )
    (here / ".dvc/config").write_text(text, "utf-8")

    assert the_one(repository.dvc, here).found == "remote s: https://example.org/store"


def test_a_folder_without_dvc_or_git_is_a_problem(here):
    """Each with the command that makes it."""
    shutil.rmtree(here / ".dvc")

    assert "dvc init" in the_one(repository.dvc, here).cure
    assert "git init" in the_one(repository.git, here).cure
