"""The form: what is filled in goes into ``params.yaml``, what is left empty changes nothing."""

import json

import pytest
from pydantic import ValidationError

from flows.form import fill_in, form
from genrenet.errors import ParamsError
from genrenet.params import Params, read_params
from tests.flows.conftest import ROOT


@pytest.fixture
def params(tmp_path, monkeypatch):
    """A folder with the project's own settings; where they are."""
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_bytes())
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
