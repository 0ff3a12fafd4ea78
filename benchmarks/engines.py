"""Engines: what DVC, Prefect and Ray cost on the demo, beside the same functions in one process.

Each run is of a copy of the project in which nothing has been made yet. The one process has Ray up
before its clock starts, so that it trains as many seeds at a time as the others do.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import THREADS
from benchmarks.rows import Contest, Row, wall_s
from genrenet.errors import DataError

ROOT = Path(__file__).parents[1]
FOUND = {"RAY_ADDRESS", "PREFECT_API_URL", "MLFLOW_TRACKING_URI"}
"""Engines that are up already would be used, and cost nothing."""


def rows(folder: Path) -> list[Row]:
    """The rows of this module; copies of the project go to ``folder``."""
    return [
        Row(
            name=f"engines_{name}",
            ours=f"the demo by {label}",
            theirs="its functions in one process",
            unit="demo",
            target=None,
            allowance_s=allowance_s,
            prepare=partial(_contest, folder / name, command),
        )
        for name, label, command, allowance_s in (
            ("dvc", "dvc repro", ["-m", "dvc", "repro"], 45),
            ("repro", "make repro", ["-m", "flows.rebuild"], 60),
        )
    ]


def _contest(folder: Path, command: list[str]) -> Contest:
    project = clone(folder / "by-engines")

    def check() -> None:
        if not (project / "dvc.yaml").exists():
            raise DataError(f"{ROOT} is no checkout of genrenet: git lists no dvc.yaml in it.")

    return Contest(
        ours=partial(run, command, project),
        theirs=1e3 * one_process_s(folder / "one-process"),
        check=check,
        n_rounds=1,
        clock=wall_s,
    )


def clone(folder: Path) -> Path:
    """The project's files, changes included, without what any stage made."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)  # DVC looks for one
    return folder


def one_process_s(folder: Path) -> float:
    """Seconds that the stages' functions take in one process, its workers up."""
    told = run(["-m", "benchmarks.one_process"], clone(folder))
    return float(re.findall(r"work_s=([\d.]+)", told)[-1])


def run(command: list[str], project: Path) -> str:
    """Run Python in a copy of the project and return what it printed.

    Raises
    ------
    DataError
        It failed; the message ends with what it said.
    """
    leave = FOUND | THREADS.keys()  # the stages decide for themselves how many threads they take
    environment = {name: value for name, value in os.environ.items() if name not in leave}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment |= {"DVC_NO_ANALYTICS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryFile("w+") as told:  # a pipe would be kept open by what stays behind
        done = subprocess.run(
            [sys.executable, *command],
            cwd=project,
            env=environment,
            stdout=told,
            stderr=subprocess.STDOUT,
            check=False,
        )
        told.seek(0)
        said = told.read()
    if done.returncode:
        raise DataError(f"{' '.join(command)} failed in {project}:\n{said[-2_000:]}")
    return said
