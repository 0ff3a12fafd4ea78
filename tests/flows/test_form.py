"""The form: what is filled in goes into ``params.yaml``, what is left empty changes nothing."""

import json
import re

import pytest
from pydantic import ValidationError

from flows.form import definitions, fill_in, form
from genrenet.errors import GenrenetError, ParamsError
from genrenet.params import Params, read_params
from tests.flows.conftest import ROOT


@pytest.fixture
def params(tmp_path, monkeypatch):
    """A folder with the project's own settings; where they are."""
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_bytes())
    (tmp_path / "params.schema.json").write_bytes((ROOT / "params.schema.json").read_bytes())
    monkeypatch.chdir(tmp_path)
    return path


def test_every_setting_can_be_filled_in():
    """The whole of ``params.yaml`` fits into the form, and names the same settings."""
    everything = json.loads(read_params(ROOT / "params.yaml").model_dump_json(by_alias=True))

    filled = form().model_validate(everything)

    assert json.loads(filled.model_dump_json(by_alias=True)) == everything
    assert set(form().model_fields) == set(Params.model_fields)


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"train": {"epochs": 0}}, "greater than 0"),
        ({"train": {"epoch": 3}}, "Extra inputs are not permitted"),
        ({"features": {"n_chroma": 13}}, "12, 24 or 53"),
    ],
)
def test_the_form_refuses_what_the_settings_refuse(filled, told):
    """Limits, unknown names and choices are the same."""
    with pytest.raises(ValidationError, match=told):
        form().model_validate(filled)


def test_an_empty_form_changes_nothing(params, capsys):
    """As the page sends it: sections that were left folded are null."""
    before = params.read_bytes()

    fill_in({"train": {"spec_augment": None}, "features": None, "corpus": None})

    assert params.read_bytes() == before
    assert capsys.readouterr().err == ""


def test_nothing_can_be_filled_in_where_the_setting_may_be_nothing(params, capsys):
    """``null`` has a meaning of its own there: no trimming."""
    fill_in({"features": {"trim_db": None}})

    assert read_params(params).features.trim_db is None
    assert capsys.readouterr().err == "params.yaml: features.trim_db: 60.0 → None\n"


def test_settings_that_do_not_fit_leave_the_file_as_it_is(params):
    """The message says that it is of the form."""
    before = params.read_bytes()

    with pytest.raises(ParamsError, match=r"params\.yaml with the form: features: overlap_s"):
        fill_in({"features": {"overlap_s": 99.0}})

    assert params.read_bytes() == before


def test_a_switch_that_nobody_touches_changes_nothing():
    """Prefect's switch always has a value: what is true or false is a choice instead."""
    fields = [field for model in definitions().values() for field in model["properties"].values()]

    assert [field for field in fields if field.get("type") == "boolean"] == []
    assert definitions()["Features"]["properties"]["stft"]["enum"] == [True, False]


def test_each_field_says_what_the_setting_is_now(params):
    """Also after it was changed; a file that is refused shows nothing."""
    fill_in({"train": {"epochs": 3}})
    train = definitions()["Train"]["properties"]
    assert train["epochs"]["description"].endswith("; now: `3`")
    assert train["channels"]["description"].endswith("; now: `[16, 32, 64, 128]`")
    assert definitions()["Corpus"]["properties"]["path"]["description"].endswith("`demo/audio`")

    params.write_text("train: {epoch: 3}", "utf-8")
    assert "now:" not in definitions()["Train"]["properties"]["epochs"]["description"]


def test_one_field_changes_one_line(params):
    """Whatever stands in the others."""
    before = params.read_text("utf-8").splitlines()

    assert fill_in({"features": {"fmin": 30.0}})

    after = params.read_text("utf-8").splitlines()
    changed = [line for line, was in zip(after, before, strict=True) if line != was]
    assert [line.split("#")[0].strip() for line in changed] == ["fmin: 30.0"]


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"corpus": {"path": "no/such"}}, "corpus.path: nothing is at 'no/such'"),
        ({"corpus": {"path": "s3://bucket/it"}}, "is an address"),
        ({"corpus": {"path": "params.yaml", "layout": "albums", "group_level": "album"}}, "a file"),
        ({"corpus": {"path": ".", "layout": "manifest"}}, "manifest.csv: cannot be read"),
        ({"corpus": {"labels": "no.csv"}}, "no.csv: cannot be read"),
        ({"corpus": {"labels": "params.schema.json"}}, "params.schema.json: "),
        ({"split": {"policy": "lists", "lists": "no"}}, "split.lists: 'no' needs train"),
        (
            {"augment": {"transforms": [{"name": "background_noise", "folder": "no"}]}},
            "augment.transforms: no folder is at",
        ),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_is_written(params, filled, told):
    """A place that a stage would miss stays out of ``params.yaml``, and out of later runs."""
    before = params.read_bytes()

    with pytest.raises(GenrenetError, match=re.escape(told)):
        fill_in(filled)

    assert params.read_bytes() == before


def test_what_the_form_does_not_name_is_not_looked_for(params):
    """The demo corpus is yet to be made, and its table of labels is not here."""
    assert fill_in({"split": {"policy": "folds"}, "corpus": {"max_bad_share": 0.1}})
    assert not fill_in({"corpus": {"path": "demo/audio", "labels": "demo/labels.csv"}})
