"""An overlay changes what it names and nothing else."""

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.overlay import overlaid, read_overlay
from genrenet.errors import ParamsError
from genrenet.params import read_params
from tests.flows.conftest import ROOT

NAMES = st.text("abcdeش", min_size=1, max_size=3) | st.sampled_from(["no", "y", "1e3", "1:30"])
VALUES = st.none() | st.booleans() | st.integers() | st.lists(st.integers(0, 9), max_size=3) | NAMES
KEYS = NAMES.filter(str.isidentifier)  # a setting is called by no number
SECTIONS = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=3)
SETTINGS = st.dictionaries(KEYS, SECTIONS, min_size=1, max_size=3)

TEXT = (ROOT / "params.yaml").read_text("utf-8")
EVERY = read_params(ROOT / "params.yaml").model_dump(mode="json", by_alias=True)
PLACES = [(section, key) for section, keys in EVERY.items() for key in keys]


def lay(before, *overlays):
    """The settings as they are read after the overlays."""
    return yaml.safe_load(overlaid(yaml.safe_dump(before, allow_unicode=True), overlays))


def test_comments_and_other_settings_stay():
    """The file remains one that a person reads."""
    text = (
        "train:       # learning\n  epochs: 9  # passes\n  dropout: 0.3\n\nsplit:\n  fold: null\n"
    )

    changed = overlaid(text, [{"train": {"epochs": 20}}])

    assert changed == text.replace("epochs: 9  #", "epochs: 20 #")


def test_the_last_overlay_is_on_top():
    """``--recipe dastgah --recipe dastgah-chroma``: the second corrects the first."""
    assert lay({"a": {"x": 1}}, {"a": {"x": 2, "y": 2}}, {"a": {"x": 3}}) == {"a": {"x": 3, "y": 2}}


def test_lists_are_replaced_and_maps_merged():
    """A shorter list means a shorter list; ``{}`` means none."""
    before = {"train": {"channels": [16, 32, 64], "masks": {"bins": 1, "frames": 2}}}

    assert lay(before, {"train": {"channels": [8], "masks": {"bins": 3}}}) == {
        "train": {"channels": [8], "masks": {"bins": 3, "frames": 2}}
    }
    assert lay(before, {"train": {"masks": {}}})["train"]["masks"] == {}


def test_a_section_without_a_line_changes_nothing():
    """As is one whose every line is commented out."""
    assert lay({"train": {"epochs": 9}}, {"train": None}, {"train": {}}) == {"train": {"epochs": 9}}


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(PLACES), VALUES)
@example(("features", "fmin"), 30.0)
@example(("compute", "environment"), ["AWS_*"])
def test_each_setting_changes_its_own_lines_alone(place, value):
    """Lines that nobody touched stay to the byte, also where YAML would be written otherwise."""
    section, key = place

    changed = overlaid(TEXT, [{section: {key: value}}])

    at = {name: number for number, name in _lines(TEXT)}
    end = min(number for number in [*at.values(), len(TEXT.splitlines())] if number > at[place])
    before, after = (text.splitlines() for text in (TEXT, changed))
    assert after[: at[place]] == before[: at[place]]
    assert before[end:] == after[len(after) - len(before) + end :]


def _lines(text):
    """The line of each setting and of each section, and its name."""
    for section, content in yaml.compose(text).value:
        yield section.start_mark.line, section.value
        yield from ((key.start_mark.line, (section.value, key.value)) for key, _ in content.value)


@pytest.mark.parametrize(
    "text",
    [
        "a:\n   x:\n     [1,\n      2]   # two\n   y:   3\n   z: {p: 1,  q: 2}",
        "a: {x: [1,2],  y: 3, z: {p: 1, q: 2}}\nb:\n- 1\n-   2\n",
    ],
)
def test_a_file_in_its_own_form_keeps_it(text):
    """Other indents, a list over two lines, no end of the last line."""
    assert overlaid(text, [{}]) == text.removesuffix("\n") + "\n"
    changed = overlaid(text, [{"a": {"y": 4}}, {"a": {"w": [5, 6]}}])
    want = yaml.safe_load(text)
    want["a"] |= {"y": 4, "w": [5, 6]}
    assert yaml.safe_load(changed) == want


@settings(deadline=None)
@given(SETTINGS)
def test_no_overlay_changes_nothing(before):
    """Whatever the values, in any script."""
    assert lay(before) == lay(before, {}) == before


@settings(deadline=None)
@given(SETTINGS, SETTINGS)
def test_what_is_laid_over_twice_is_laid_over_once(before, overlay):
    """The result depends on the overlay, not on how often it is given."""
    assert lay(before, overlay, overlay) == lay(before, overlay)


@settings(deadline=None)
@given(SETTINGS, SETTINGS)
def test_what_an_overlay_does_not_name_stays(before, overlay):
    """By section and by key."""
    after = lay(before, overlay)

    for section, keys in before.items():
        for key in keys.keys() - (overlay.get(section) or {}).keys():
            assert after[section][key] == keys[key]


@pytest.mark.parametrize("text", ["[1, 2]", "a: b: c", "", "a: 1\na: 2"])
def test_what_is_no_overlay_is_refused_by_name(text, tmp_path):
    """A list, no YAML, nothing, a key that stands there twice."""
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(ParamsError, match=r"mine\.yaml: (expected|cannot be read)"):
        read_overlay(path)
