"""A Containerfile, followed step by step in an empty folder: what stands in for an engine.

The image's own folders become folders in there. Only what needs the image's root is left out:
Debian's packages and users.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

FOLDERS = ("genrenet", "opt", "src", "tmp")
"""The image's own, at its top."""
IN_THE_IMAGE = re.compile(rf"(?<![\w./-])/(?=(?:{'|'.join(FOLDERS)})\b)")
DEBIAN = "apt-get"
OUTSIDE = re.compile(r"PIP_.*|SSL_.*|UV_(?!NO_CACHE|COMPILE).*|.*_proxy", re.IGNORECASE)
"""Variables by which packages are fetched."""


@dataclass
class Image:
    """An image that grows in the folder ``root``.

    Attributes
    ----------
    root : Path
        Its file system.
    environment : dict
        Its variables.
    workdir : Path
        Where its commands run.
    command : list of str
        What it runs, without the default arguments.
    """

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    workdir: Path = Path()
    command: list[str] = field(default_factory=list)

    def inside(self, place: str) -> Path:
        """A place of the image, read from where its commands run.

        Raises
        ------
        ValueError
            It lies beside the image: a folder that `FOLDERS` does not name.
        """
        path = self.workdir / place
        if not path.is_relative_to(self.root):
            raise ValueError(f"{place} would be a folder of this machine: name it in FOLDERS")
        return path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the image would; what it printed."""
        return subprocess.run(
            command,
            cwd=self.workdir,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


class Containerfile:
    """The stages of the file ``path``, and how they become images."""

    def __init__(self, path: Path) -> None:
        self.context = path.parent
        self.arguments: dict[str, str] = {}
        self.stages: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        for keyword, value in _steps(path.read_text("utf-8")):
            if keyword == "FROM":
                base, name = value.split(" AS ")
                self.stages[name] = (base, steps := [])
            elif not self.stages:  # an ARG before the first stage
                continue
            else:
                steps.append((keyword, value))

    def build(self, stage: str, root: Path) -> Image:
        """Follow the steps of a stage, and of those that it builds on, in an empty folder."""
        base, steps = self.stages[stage]
        image = self.build(base, root) if base in self.stages else _python(root)
        for keyword, value in steps:
            self._follow(image, keyword, IN_THE_IMAGE.sub(f"{root}/", value))
        return image

    def _follow(self, image: Image, keyword: str, value: str) -> None:
        known = image.environment
        if keyword in ("ENV", "ARG"):
            pairs = (pair.split("=", 1) for pair in shlex.split(value))
            known |= {name: Template(said).substitute(known) for name, said in pairs}
            known.pop("UV_NO_CACHE", None)  # what was fetched before need not be fetched again,
            known.pop("UV_COMPILE_BYTECODE", None)  # and nothing is compiled for one start
        elif keyword == "WORKDIR":
            image.workdir = image.inside(value)
            image.workdir.mkdir(parents=True, exist_ok=True)
        elif keyword == "COPY":
            self._copy(image, shlex.split(value))
        elif keyword == "RUN" and DEBIAN not in value:
            done = image.run("sh", "-euc", value)
            if done.returncode:
                raise ChildProcessError(f"RUN {value}: {done.stdout}{done.stderr}")
        elif keyword in ("ENTRYPOINT", "CMD") and not image.command:
            image.command = json.loads(value)

    def _copy(self, image: Image, words: list[str]) -> None:
        if words[0].startswith("--from="):
            self._copy_from(image, words[0].removeprefix("--from="), *words[1:])
            return
        *sources, target = words
        allowed = _allowed(self.context / ".dockerignore")
        for source in sources:
            if source not in allowed:
                raise FileNotFoundError(f"COPY {source}: .dockerignore keeps it out")
            place = image.inside(target) / (source if target.endswith("/") else "")
            if (self.context / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(self.context / source, place, ignore=ignored)
            else:
                shutil.copy(self.context / source, place)

    def _copy_from(self, image: Image, stage: str, source: str, target: str) -> None:
        """Stages share one root here: what one makes must be wanted at the same place."""
        if source != target:
            raise ValueError(f"COPY --from={stage} {source} {target}: give both the same place")
        self.build(stage, image.root)


def _steps(text: str) -> Iterator[tuple[str, str]]:
    """Keyword and value of each instruction, continued lines joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        if line.strip():
            keyword, value = line.split(maxsplit=1)
            yield keyword, value.strip()


def _allowed(path: Path) -> set[str]:
    """What a .dockerignore that begins by leaving out everything lets in."""
    return {line[1:] for line in path.read_text("utf-8").splitlines() if line.startswith("!")}


def _python(root: Path) -> Image:
    """What stands for Debian's slim image: a Python with nothing, and the system's commands."""
    folder = root / "usr/local"
    if not folder.exists():  # another stage may have begun with it
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    fetching = {name: value for name, value in os.environ.items() if OUTSIDE.fullmatch(name)}
    cache = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache/uv"))
    for name in FOLDERS:
        (root / name).mkdir(exist_ok=True)
    return Image(
        root,
        {**fetching, "PATH": f"{folder}/bin:/usr/bin:/bin", "UV_CACHE_DIR": cache},
        workdir=root,
    )
