"""A disk that is full or may not be written to: a message, exit code 2, no half file, no loss."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import genrenet
from flows.catalog import catalog
from flows.stage import main
from tests.signals import noise, write

ROOT = Path(genrenet.__file__).parents[1]
FEATURES = f"{sys.executable} -m flows.features"
SMALL = {"sr": 8_000, "n_fft": 512, "hop_length": 256, "n_mels": 64, "window_s": 1.0}
N_SHARDS = 8  # of 60-120 kB each


def may_mount() -> bool:
    """Whether this user may mount something that nobody else sees."""
    try:
        done = subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


mounts = pytest.mark.skipif(not may_mount(), reason="needs Linux namespaces, to mount a small disk")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A corpus of two genres and its catalog."""
    for genre in ("one", "two"):
        for number in range(8):
            y = noise(sr=8_000, duration_s=8, seed=number)
            write(tmp_path / "corpus" / genre / f"{number}.wav", y, 8_000)
    params = {
        "corpus": {"path": "corpus", "labels": "labels.csv"},
        "features": {**SMALL, "overlap_s": 0.5, "n_shards": N_SHARDS},
        "compute": {"executor": "serial"},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), "utf-8")
    (tmp_path / "labels.csv").write_text("track_id,genre\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert main(catalog) == 0
    Path("data/features").mkdir()
    return tmp_path


def shell(script: str, *namespace: str) -> list[str]:
    """Run a script of the shell: its lines, those of standard error included."""
    done = subprocess.run(
        [*namespace, "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "999"},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return (done.stdout + done.stderr).splitlines()


def said(lines: list[str], words: str) -> bool:
    """Whether one line is the error with these words and with the way out."""
    return any(
        line.startswith("error: ") and words in line and "what was finished is kept" in line
        for line in lines
    )


@mounts
def test_a_full_disk_keeps_what_was_finished_and_goes_on_from_there(project):
    """A real disk of 300 kB: some shards fit, none is half; with room, the others are built."""
    lines = shell(
        "mount -t tmpfs -o size=300k none data/features && "
        f"{{ {FEATURES}; echo code $?; ls -A data/features; echo then; }} && "
        f"mount -o remount,size=9m data/features && {FEATURES}; echo code $?; ls -A data/features",
        *("unshare", "-rm"),
    )
    out = [line for line in lines if line.startswith(("code", "shard", "then"))]
    before, after = out[: out.index("then")], out[out.index("then") + 1 :]

    assert said(lines, "No space left on device")
    assert (before[0], after[0]) == ("code 2", "code 0")
    assert 0 < len(before[1:]) < len(after[1:])
    assert all(name.endswith(".parquet") for name in before[1:] + after[1:])
    assert any(f"{len(before) - 1} kept" in line for line in lines)


@mounts
@pytest.mark.engine
@pytest.mark.timeout(600)
def test_a_worker_that_meets_a_full_disk_is_heard(project):
    """One of Ray's: the same message, and no half of what the other was writing."""
    settings = yaml.safe_load(Path("params.yaml").read_text("utf-8"))
    settings["compute"] = {"executor": "ray", "n_workers": 2}
    Path("params.yaml").write_text(yaml.safe_dump(settings), "utf-8")

    lines = shell(
        "mount -t tmpfs -o size=300k none data/features && "
        f"{{ {FEATURES}; echo code $?; ls -A data/features; }}",
        *("unshare", "-rm"),
    )
    code, *left = [line for line in lines if line.startswith(("code", "shard"))]

    assert said(lines, "No space left on device")
    assert code == "code 2"
    assert 0 < len(left) < N_SHARDS
    assert all(name.endswith(".parquet") for name in left)


@mounts
def test_a_read_only_disk_is_told(project):
    """Before any work is done; also root may not write there."""
    lines = shell(
        "mount --bind data/features data/features && "
        f"mount -o remount,ro,bind data/features; {FEATURES}; echo code $?",
        *("unshare", "-rm"),
    )

    assert said(lines, "Read-only file system")
    assert "code 2" in lines
    assert not list(Path("data/features").iterdir())


def test_a_file_that_may_not_grow_leaves_no_half_shard(project):
    """The user's quota; here the limit of a file's size, which binds everybody."""
    lines = shell(f"ulimit -f 20; {FEATURES}; echo code $?")

    assert said(lines, "File too large")
    assert "code 2" in lines
    assert not list(Path("data/features").iterdir())


def test_an_output_folder_that_is_a_file_is_told(project):
    """With its name."""
    Path("data/features").rmdir()
    Path("data/features").touch()

    lines = shell(f"{FEATURES}; echo code $?")

    assert said(lines, "data/features: File exists")
    assert "code 2" in lines
