"""Resuming: what was finished is kept, what changed is made anew, and the bytes are the same."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import yaml

from flows.catalog import catalog
from flows.features import features
from flows.stage import main
from genrenet.features.plans import shard_of
from tests.signals import noise, write

SR = 8_000
N_SHARDS = 12
SETTINGS = {
    "corpus": {"path": "corpus", "labels": "labels.csv"},
    "features": {
        "sr": SR,
        "n_fft": 512,
        "hop_length": 128,
        "n_mels": 16,
        "n_mfcc": 8,
        "n_shards": N_SHARDS,
    },
    "train": {"channels": [4]},
}
LONG = {"n_fft": 4_096, "hop_length": 64, "overlap_s": 0}  # 0.25 core-seconds a shard
COUNTS = re.compile(r"(\d+) shards built .* (\d+) kept")
PIPELINE = {
    "stages": {
        "features": {
            "cmd": f"{sys.executable} -m flows.catalog && {sys.executable} -m flows.features",
            "deps": ["corpus"],
            "outs": [{"data/features": {"persist": True}}],
        }
    }
}


@dataclass
class Project:
    """A folder with settings and recordings, in which stages run as programs of their own."""

    folder: Path
    environment: dict[str, str]
    features: dict[str, object] = field(default_factory=dict)

    def start(self, *command: str, **compute: object) -> subprocess.Popen[str]:
        """Begin a program, with these settings under ``compute``."""
        self.set(compute)
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str) -> str:
        """Run a command in one process to its good end; what it said."""
        process = self.start(*command, executor="serial")
        said = process.communicate()[0]
        assert process.returncode == 0, said
        return said

    def extract(self) -> None:
        """Make the catalog and the shards, in this process."""
        self.set({"executor": "serial"})
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.delenv("PREFECT_API_URL", raising=False)
            assert main(catalog) == main(features) == 0

    def set(self, compute: dict[str, object]) -> None:
        """Write the settings."""
        settings = {**SETTINGS, "compute": compute}
        settings["features"] = {**SETTINGS["features"], **self.features}
        (self.folder / "params.yaml").write_text(yaml.safe_dump(settings), "utf-8")

    @property
    def shards(self) -> Path:
        """Where they are."""
        return self.folder / "data/features"

    def finished(self) -> list[Path]:
        """The shards that are there."""
        return list(self.shards.glob("*.parquet"))

    def bytes(self) -> dict[str, bytes]:
        """Of every file that stands among the shards."""
        return {path.name: path.read_bytes() for path in self.shards.iterdir()}

    def written(self) -> dict[str, int]:
        """When each shard was."""
        return {path.name: path.stat().st_mtime_ns for path in self.shards.iterdir()}


def make(folder: Path, *, n_tracks: int, duration_s: float, **features: object) -> Project:
    """A project of two genres with four artists."""
    for n in range(n_tracks):
        name = f"corpus/genre {n % 2}/artist {n % 4}/{n}.wav"
        write(folder / name, noise(sr=SR, duration_s=duration_s, seed=n), SR)
    (folder / "labels.csv").write_text("track_id,genre,group\n", "utf-8")
    foreign = ("PREFECT", "RAY_", "GENRENET_", "DVC_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    environment["RAY_gcs_rpc_server_reconnect_timeout_s"] = "5"
    return Project(folder, environment, features)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A dozen short recordings, extracted."""
    made = make(tmp_path, n_tracks=12, duration_s=4)
    made.extract()
    return made


@pytest.fixture(scope="module")
def long_work(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three core-seconds of extraction, in a dozen shards."""
    made = make(tmp_path_factory.mktemp("long"), n_tracks=120, duration_s=20, **LONG)
    made.extract()
    return made


Victims = Callable[[psutil.Process], list[psutil.Process]]
"""What is killed of a running stage; the list may be empty, or some of it may have ended."""


def driver(run: psutil.Process) -> list[psutil.Process]:
    """The stage itself."""
    return [run]


def worker(run: psutil.Process) -> list[psutil.Process]:
    """One process that builds a shard."""
    busy = [p for p in run.children(recursive=True) if "ray::build_shard" in " ".join(p.cmdline())]
    return busy[:1]


def whole_ray(run: psutil.Process) -> list[psutil.Process]:
    """Everything that Ray has started for the stage."""
    return run.children(recursive=True)


def kill(run: subprocess.Popen[str], victims: Victims) -> bool:
    """Whether there was one to be killed."""
    n_killed = 0
    with suppress(psutil.NoSuchProcess):
        for process in victims(psutil.Process(run.pid)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
                n_killed += 1
    return n_killed > 0


def struck(project: Project, victims: Victims, moment: random.Random) -> subprocess.Popen[str]:
    """A run of which something was killed in the middle, at a random moment."""
    after, delay_s = moment.randint(1, N_SHARDS // 2), moment.uniform(0, 0.3)
    for path in project.finished():
        path.unlink()
    run, killed = project.start("flows.features", executor="ray", n_workers=2), False
    while run.poll() is None and not killed:
        time.sleep(0.005)
        if len(project.finished()) >= after:
            time.sleep(delay_s)
            killed = kill(run, victims)
    if killed and len(project.finished()) < N_SHARDS:
        return run
    said = run.communicate()[0]
    assert killed or run.returncode == 0, said
    return struck(project, victims, moment)  # a busy machine let us strike too late


@pytest.mark.engine
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("victims", "ends_well"), [(driver, 0), (worker, 1), (whole_ray, 0)])
def test_a_run_that_was_killed_is_finished_by_the_next(long_work, victims, ends_well):
    """By SIGKILL, in the middle; a worker is replaced, for the rest the next run carries on."""
    undisturbed = long_work.bytes()
    run = struck(long_work, victims, random.Random(victims.__name__))
    said = run.communicate()[0]

    assert (run.returncode == 0) == bool(ends_well), said
    n_left = len(long_work.finished())
    assert n_left == N_SHARDS or not ends_well
    built, kept = map(int, COUNTS.search(long_work.run("flows.features")).groups())
    assert kept >= n_left  # a worker that outlives its driver may have finished one more
    assert built + kept == N_SHARDS
    assert long_work.bytes() == undisturbed


def add(corpus: Path) -> str:
    """Another recording; its id."""
    write(corpus / "genre 0/artist 0/new.wav", noise(sr=SR, duration_s=4, seed=99), SR)
    return "genre 0/artist 0/new.wav"


def change(corpus: Path) -> str:
    """Other sound in a file; its id."""
    write(corpus / "genre 0/artist 0/4.wav", noise(sr=SR, duration_s=4, seed=99), SR)
    return "genre 0/artist 0/4.wav"


def remove(corpus: Path) -> str:
    """One recording less; its id."""
    (corpus / "genre 0/artist 0/8.wav").unlink()
    return "genre 0/artist 0/8.wav"


@pytest.mark.parametrize("alter", [add, change, remove])
def test_one_track_is_one_shard(project, alter):
    """Added, changed or removed: every other file stays as it was written."""
    before = project.written()
    track_id = alter(project.folder / "corpus")
    project.extract()
    after = project.written()

    its = f"shard-{shard_of(track_id, N_SHARDS):05d}-of-{N_SHARDS:05d}.parquet"
    assert {name for name in before | after if before.get(name) != after.get(name)} == {its}


def test_other_labels_and_groups_rewrite_nothing(project):
    """They are joined from the catalog."""
    before = project.written()
    listed = (project.folder / "data/catalog.parquet").read_bytes()
    lines = ["track_id,genre,group", "genre 0/artist 0/4.wav,genre 1,somebody"]
    (project.folder / "labels.csv").write_text("\n".join(lines), "utf-8")
    project.extract()

    assert (project.folder / "data/catalog.parquet").read_bytes() != listed
    assert project.written() == before


def test_a_second_run_writes_nothing(project):
    """Not even the catalog's, made anew."""
    before = project.written()
    project.extract()

    assert project.written() == before


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_dvc_transfers_the_one_shard_that_changed(tmp_path):
    """And the folder's new listing."""
    project = make(tmp_path, n_tracks=12, duration_s=2)
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump(PIPELINE), "utf-8")
    project.run("dvc", "init", "--no-scm", "-q")
    project.run("dvc", "remote", "add", "-d", "there", str(tmp_path / "remote"))

    def pushed() -> set[Path]:
        project.run("dvc", "repro")
        project.run("dvc", "push")
        return {path for path in (tmp_path / "remote").rglob("*") if path.is_file()}

    before = pushed()
    add(tmp_path / "corpus")
    new = pushed() - before

    assert len(before) == len(project.bytes()) + 1
    assert sorted(path.suffix for path in new) == ["", ".dir"]
