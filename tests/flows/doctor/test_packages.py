"""The packages: what is missing or out of its bounds is named with the bounds."""

from flows.doctor import packages
from tests.flows.conftest import ROOT
from tests.flows.doctor.conftest import the_one

PROJECT = """
[project]
name = "genrenet"
requires-python = ">=3.11"
dependencies = ["numpy>=99,<100", "rich>=1", 'no-such-thing>=1; python_version < "3"']
[project.optional-dependencies]
pipeline = ["no-such-package>=2", "rich>=1", "pydantic>=2"]
tags = ["no-such-tags>=1"]
"""


def test_packages_out_of_bounds_are_named_with_the_bounds(here):
    """Those of the core, and of each extra that is there for the most part."""
    (here / "pyproject.toml").write_text(PROJECT, "utf-8")

    wrong, missing = packages.packages(here)

    assert (wrong.state, missing.state) == ("problem", "problem")
    assert "no-such-package is not installed; wanted is >=2" in wrong.found + missing.found
    assert "wanted is <100,>=99" in wrong.found + missing.found
    assert "pip install 'numpy<100,>=99'" in wrong.cure + missing.cure


def test_an_extra_that_is_not_there_is_told_with_its_use(here):
    """Nobody has to have it."""
    (here / "pyproject.toml").write_text(PROJECT, "utf-8")

    found = the_one(packages.extras, here)

    assert found.state == "note"
    assert "'tags' is not installed (no-such-tags)" in found.found
    assert "for corpus.layout: tags" in found.cure


def test_the_use_of_every_extra_is_known():
    """Else the note would not say what one lacks."""
    assert packages.EXTRAS.keys() == packages.requirements(ROOT).keys() - {""}


def test_without_a_checkout_the_installation_says_what_it_needs(tmp_path):
    """The same as ``pyproject.toml``: a wheel has nothing else."""
    told, written = packages.requirements(tmp_path), packages.requirements(ROOT)

    assert told.keys() == written.keys()
    for extra, every in written.items():
        bounds = {(r.name, str(r.specifier)) for r in every}
        assert {(r.name, str(r.specifier)) for r in told[extra]} == bounds


def test_a_python_out_of_bounds_is_told(here):
    """With how to name another."""
    (here / "pyproject.toml").write_text(PROJECT.replace(">=3.11", "<3"), "utf-8")

    found = the_one(packages.python, here)

    assert (found.state, "wanted is <3" in found.found) == ("problem", True)
