"""The machine: full disks, little memory, no hard links, a GPU that is not used."""

import os
import shutil
from pathlib import Path

import pytest

from flows.doctor import machine
from tests.flows.doctor.conftest import the_one


@pytest.mark.parametrize(("free_gb", "state"), [(0.5, "problem"), (5, "note"), (50, "ok")])
def test_a_disk_that_is_full_is_told_before_the_work(here, monkeypatch, free_gb, state):
    """Once for all that lies on it."""
    usage = shutil.disk_usage(here)._replace(free=int(free_gb * 1e9))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    found = the_one(machine.disk, here)

    assert found.state == state
    assert found.found == f"{free_gb:.1f} GB free for data, .dvc/cache, mlruns"


def test_a_disk_without_hard_links_is_a_note(here, monkeypatch):
    """DVC copies then."""
    assert the_one(machine.links, here).state == "ok"

    def refuse(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)

    assert "no links here" in the_one(machine.links, here).found


@pytest.mark.parametrize(("limit", "state"), [("500000000", "problem"), ("max", None)])
def test_a_container_has_the_memory_that_it_was_given(here, tmp_path, monkeypatch, limit, state):
    """Not what its host has."""
    (tmp_path / "memory.max").write_text(limit, "utf-8")
    monkeypatch.setattr(machine, "CGROUP_LIMITS", (tmp_path / "memory.max",))

    found = the_one(machine.memory, here)

    assert found.state == state or state is None
    assert found.found.endswith(" of 0.5 GB free") == (state == "problem")


@pytest.mark.parametrize(
    ("hidden", "has_cuda", "told", "state"),
    [
        (None, True, "by which TensorFlow sees it", "ok"),
        (None, False, "no CUDA libraries", "note"),
        ("-1", True, "hidden by CUDA_VISIBLE_DEVICES='-1'", "note"),
    ],
)
def test_a_gpu_is_told_without_loading_tensorflow(here, monkeypatch, hidden, has_cuda, told, state):
    """By what the driver says."""
    driver = here / "bin/nvidia-smi"
    driver.parent.mkdir()
    driver.write_text("#!/bin/sh\necho NVIDIA T4\n", "utf-8")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{driver.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(machine, "_has_cuda", lambda: has_cuda)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)

    found = the_one(machine.gpu, here)

    assert found.found.startswith("NVIDIA T4, ")
    assert told in found.found
    assert found.state == state
