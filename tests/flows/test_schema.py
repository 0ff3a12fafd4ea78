"""The schema by which editors check ``params.yaml`` says what the program says."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from flows import schema
from flows.schema import SCHEMA, modeline
from genrenet.errors import DataError, ParamsError
from genrenet.params import Params, parse_params

ROOT = Path(__file__).parents[2]
COMMENTED = """
split:           # who is where
  test: 0.25     # of each genre
  seed: 0
train:           # learning
  channels:      # of the blocks,
    [16, 32]     # which is no part of it
  balance: none  # none |
                 # weights

  # apart
  spec_augment:  # masks
    frequency_bins: 0  # bands
"""


@pytest.fixture(scope="module")
def made():
    """The committed schema."""
    return json.loads((ROOT / SCHEMA).read_text("utf-8"))


@pytest.fixture(scope="module")
def refuses(made):
    """Whether an editor would underline something in these settings."""
    Draft202012Validator.check_schema(made)
    validator = Draft202012Validator(made)
    return lambda text: not validator.is_valid(yaml.safe_load(text))


def test_the_committed_schema_is_current():
    """A setting, a limit or a comment was changed since."""
    text = (ROOT / "params.yaml").read_text("utf-8")

    current = (ROOT / SCHEMA).read_text("utf-8") == schema.schema(text)
    assert current, f"{SCHEMA} is out of date; run: python -m flows.schema"


@pytest.mark.parametrize(
    "path", [ROOT / "params.yaml", *(ROOT / "docs/recipes").glob("*.yaml")], ids=lambda p: p.stem
)
def test_what_is_in_the_box_passes(path, refuses):
    """The settings, and each recipe, which names only what it changes."""
    assert not refuses(path.read_text("utf-8"))


def test_every_setting_is_described(made):
    """What an editor shows where the pointer rests."""
    sections = {"": made, **made["$defs"]}
    lacking = [
        f"{section}.{name}"
        for section, about in sections.items()
        for name, setting in about["properties"].items()
        if not setting.get("description")
    ]

    assert lacking == []


@pytest.mark.parametrize(
    "text",
    [
        "featurs: {}",
        "features: {hop_lenght: 512}",
        "features: {n_fft: 12}",
        "features: null\ntrain: {spec_augment: {time_frame: 2}}",
        "augment: {method: rendr}",
        "augment: {transforms: [{gain_db: [-6, 6]}]}",
        "augment: {method: render, transforms: [{name: gain, gain: 3}]}",
        "train: {spec_augment: null}",
        "register: {nam: x}",
        "compute: {environment: AWS_*}",
    ],
)
def test_an_editor_underlines_what_the_program_refuses(text, refuses):
    """Misspelt keys, impossible values, a transform without its name."""
    assert refuses(text)
    with pytest.raises(ParamsError):
        parse_params(text, "params.yaml")


@pytest.mark.parametrize(
    "text",
    ["{}", "train:\n", "train: {spec_augment: {time_frames: 2}}", "compute: {environment: []}"],
)
def test_an_editor_passes_what_the_program_takes(text, refuses):
    """Sections may be left out, and so may every line of one."""
    assert not refuses(text)
    parse_params(text, "params.yaml")


def test_the_comments_are_the_descriptions():
    """Those beside a setting, with the lines that go on; not what stands by itself."""
    sections = json.loads(schema.schema(COMMENTED))
    train = sections["$defs"]["Train"]["properties"]

    assert sections["properties"]["split"]["description"] == "who is where"
    assert sections["$defs"]["Split"]["properties"]["test"]["description"] == "of each genre"
    assert "description" not in sections["$defs"]["Split"]["properties"]["seed"]
    assert train["channels"]["description"] == "of the blocks,"
    assert train["balance"]["description"] == "none | weights"
    assert train["spec_augment"]["description"] == "masks"


def test_the_defaults_are_the_models(made):
    """An editor offers what a left-out line means."""
    train = made["$defs"]["Train"]["properties"]

    assert train["epochs"]["default"] == Params().train.epochs
    assert made["$defs"]["Augment"]["properties"]["method"]["default"] == "warp"


def test_it_is_written_beside_the_settings(tmp_path, monkeypatch, capsys):
    """From any folder of the checkout."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "mlruns/deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "mlruns/deep")

    assert schema.main() == 0
    assert (tmp_path / SCHEMA).read_text("utf-8") == (ROOT / SCHEMA).read_text("utf-8")


@pytest.mark.parametrize("text", [None, "", "[1]"])
def test_without_the_commented_settings_it_is_refused(text, tmp_path):
    """No file, nothing in it, no settings in it."""
    if text is not None:
        (tmp_path / "params.yaml").write_text(text, "utf-8")

    with pytest.raises(DataError, match=r"params\.yaml: (cannot be read|holds no settings)"):
        schema.write(tmp_path)


def test_the_settings_name_their_schema():
    """In the first line, where every editor looks."""
    assert (ROOT / "params.yaml").read_text("utf-8").startswith(modeline(SCHEMA))
