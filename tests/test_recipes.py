"""The recipes: each can be used as it stands, and says how."""

from pathlib import Path

import pytest
import yaml

from flows.corpus import settings
from genrenet.params import Params, parse_params

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "docs/recipes"
NAMES = sorted(path.stem for path in RECIPES.glob("*.yaml"))
OVER = {"dastgah-chroma": "dastgah", "dastgah-families": "dastgah"}
"""Recipes that lie over another one."""
SYSTEMS = {"dastgah", "gtzan-3s", "regional", "gtzan-mfcc", "gtzan-pictures"}


def files(name):
    """The recipe's file, after that of the one over which it lies."""
    below = [OVER[name]] if name in OVER else []
    return [RECIPES / f"{recipe}.yaml" for recipe in (*below, name)]


def test_each_of_the_earlier_systems_has_a_recipe():
    """And nothing lies in the folder that no test has loaded."""
    assert set(NAMES) == SYSTEMS | OVER.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_gives_possible_settings(name):
    """Over the project's settings, and over the defaults."""
    own = {"corpus": {"path": "audio"}}
    for text in (settings(ROOT / "params.yaml", files(name), own), "\n"):
        params = parse_params(text, name)
        assert isinstance(params, Params)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_of_a_recipe_is_what_comes_out(name):
    """A key that does nothing would be a lie."""
    text = settings(ROOT / "params.yaml", files(name), {"corpus": {"path": "audio"}})
    params = parse_params(text, name).model_dump(mode="json", by_alias=True)

    said = yaml.safe_load((RECIPES / f"{name}.yaml").read_text("utf-8"))
    for section, keys in said.items():
        for key, value in keys.items():
            assert params[section][key] == value, f"{section}.{key}"


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_begins_with_its_command_and_its_cost(name):
    """The command takes the recipe by its own name."""
    about = (RECIPES / f"{name}.yaml").read_text("utf-8").split("\ncorpus:")[0]

    assert "\n#   python -m flows.corpus " in about
    assert f"--recipe {name} --run\n" in about
    assert "# Cost: " in about


@pytest.mark.parametrize("name", NAMES)
def test_the_overview_names_every_recipe(name):
    """A recipe that is not in the list is one that nobody finds."""
    assert f"]({name}.yaml)" in (RECIPES / "README.md").read_text("utf-8")
