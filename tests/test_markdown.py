"""Markdown: a name is shown as it stands, and a table keeps its columns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrenet.markdown import MOST_LINES, more, plain, table


@pytest.mark.parametrize("name", ["a|b", "*x*", "_x_", "`x`", "<b>", "[x](y)", "$x$", "&amp;"])
def test_signs_that_mean_something_are_escaped(name):
    """And a reader sees them as they are."""
    assert re.sub(r"\\(.)", r"\1", plain(name)) == name
    assert not re.search(r"(?<!\\)[|*_`<\[$&]", plain(name))


@given(st.text(max_size=80))
def test_a_cell_is_one_cell(name):
    """Whatever it holds: no line ends in it, and no column."""
    (line,) = table(["a", "b"], [[plain(name), "1"]])[2:]

    assert len(line.splitlines()) == 1
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3


@pytest.mark.parametrize("name", ["شور", "नेपाली", "ホモン", "Çarşı"])
def test_every_script_is_left_alone(name):
    """Names are in any language."""
    assert plain(name) == name


def test_a_long_name_is_cut():
    """It shows that it is."""
    assert plain("x" * 300, 10) == "xxxxxxxxx…"


def test_figures_end_flush():
    """After so many columns of text."""
    assert table(["a", "b", "c"], [], n_texts=2)[1] == "| --- | --- | ---: |"


def test_what_a_list_leaves_out_is_counted():
    """Nothing is said of a list that is whole."""
    assert more(MOST_LINES, "pairs") == []
    assert more(MOST_LINES + 1_000, "pairs") == ["", "And 1,000 more pairs."]
