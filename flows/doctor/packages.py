"""The packages: what is installed, against the bounds that the project sets."""

import platform
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from flows.doctor.finding import Finding, note, ok, problem

NAME = "genrenet"
EXTRAS = {
    "pipeline": "to make models of recordings",
    "robustness": "for the transforms mp3 and room",
    "tags": "for corpus.layout: tags",
    "s3": "for a DVC remote at s3://",
    "mirdata": "for corpus.layout: mirdata",
    "dev": "to run the tests",
}
"""What each extra is for."""


def python(project: Path) -> Iterator[Finding]:
    """The Python that runs, against the bounds."""
    here, wanted = platform.python_version(), _python_bounds(project)
    found = f"{here}, {sys.executable}"
    if wanted.contains(here, prereleases=True):
        yield ok("Python", found)
    else:
        cure = f"Install one within {wanted} and name it: make setup PYTHON=python3.12"
        yield problem("Python", f"{found}; wanted is {wanted}", cure)


def packages(project: Path) -> Iterator[Finding]:
    """The core and each extra that is there: every package within its bounds."""
    installed = {e: there for e, there in requirements(project).items() if _is_meant(e, there)}
    faults = 0
    for wanted in sorted({str(r) for there in installed.values() for r in there}):
        requirement = Requirement(wanted)
        found = _version(requirement.name)
        if found and requirement.specifier.contains(found, prereleases=True):
            continue
        faults += 1
        came = f"{requirement.name} {found or 'is not installed'}"
        cure = f"make setup, or pip install '{requirement.name}{requirement.specifier}'"
        yield problem("packages", f"{came}; wanted is {requirement.specifier}", cure)
    n_packages = len({r.name for there in installed.values() for r in there})
    if not faults:
        names = ", ".join(extra or "core" for extra in installed)
        yield ok("packages", f"{n_packages} within their bounds ({names})")


def extras(project: Path) -> Iterator[Finding]:
    """The extras that are not there."""
    for extra, wanted in requirements(project).items():
        if _is_meant(extra, wanted):
            continue
        missing = ", ".join(r.name for r in wanted if not _version(r.name))
        cure = (
            f"Needed {EXTRAS.get(extra, 'elsewhere')}: make setup, or pip install '{NAME}[{extra}]'"
        )
        yield note("packages", f"the extra '{extra}' is not installed ({missing})", cure)


def requirements(project: Path) -> dict[str, list[Requirement]]:
    """What is required here, by extra; the core is ``""``.

    The checkout's ``pyproject.toml`` says it, which may have changed since the installation; where
    there is no checkout, the installation.
    """
    about = _project_table(project)
    if about:
        lines = {"": about["dependencies"], **about["optional-dependencies"]}
        return {extra: _applicable(lines[extra], "") for extra in lines}
    every = metadata.requires(NAME) or []
    core = _applicable(every, "")
    optional = metadata.metadata(NAME).get_all("Provides-Extra") or []
    return {"": core} | {
        extra: [r for r in _applicable(every, extra) if r not in core] for extra in optional
    }


def _applicable(lines: list[str], extra: str) -> list[Requirement]:
    """Those that this Python and platform need."""
    every = [Requirement(line) for line in lines]
    return [r for r in every if r.marker is None or r.marker.evaluate({"extra": extra})]


def _is_meant(extra: str, wanted: list[Requirement]) -> bool:
    """Whether an extra was asked for: more than half of it is there; others bring some of it."""
    there = [r for r in wanted if _version(r.name)]
    return not extra or 2 * len(there) > len(wanted)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _python_bounds(project: Path) -> SpecifierSet:
    about = _project_table(project)
    bounds = about["requires-python"] if about else metadata.metadata(NAME)["Requires-Python"]
    return SpecifierSet(bounds)


def _project_table(project: Path) -> dict[str, Any]:
    path = project / "pyproject.toml"
    if not path.is_file():
        return {}
    about: dict[str, Any] = tomllib.loads(path.read_text("utf-8")).get("project", {})
    return about if about.get("name") == NAME else {}
