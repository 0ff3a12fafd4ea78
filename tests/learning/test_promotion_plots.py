"""The promotion's figure: legible, uncut, and the numbers are the decision's."""

import itertools

import pytest

from genrenet.learning.comparison import compare
from genrenet.learning.promotion_plots import promotion_figure
from genrenet.sections.train import Promote
from tests.learning.test_plots import contains, texts, words
from tests.learning.test_promotion import GOOD, POOR, QUICK, answers, decision

RIGHT = answers([True] * 24)


def figure(found=GOOD, other=None, margin=0.01):
    """The figure of a decision."""
    rival = None if other is None else compare(found, other, QUICK)
    title = "शास्त्रीय سنتی, version 3, beside version 2: promoted"
    gate = Promote(margin=margin)
    return promotion_figure(decision(found, rival=rival, gate=gate), title=title)


FIGURES = {
    "better": lambda: figure(GOOD, POOR),
    "worse": lambda: figure(POOR, RIGHT),
    "equal": lambda: figure(RIGHT, RIGHT),
    "no margin": lambda: figure(GOOD, POOR, margin=0),
    "a wide margin": lambda: figure(GOOD, RIGHT, margin=0.5),
    "no champion": figure,
}
each_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


@each_figure
def test_nothing_is_cut_and_no_text_covers_another(draw):
    """Every text lies inside the sheet, by itself."""
    drawn = draw()
    found = texts(drawn)
    sheet, boxes = drawn.bbox.padded(0.5), [t.get_window_extent() for t in found]

    assert [
        t.get_text() for t, box in zip(found, boxes, strict=True) if not contains(sheet, box)
    ] == []
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_accuracies_difference_and_margin_are_written_out():
    """With their intervals."""
    said = " ".join(words(FIGURES["worse"]()))

    assert "100.0 % (100.0 to 100.0)" in said
    assert "−50.0 points (" in said
    assert "margin −1.0" in said
    assert "reaches below the margin" in said
    assert "most common genre 50.0" in said
    assert "of 24 test tracks of 6 groups" in said


def test_without_a_champion_there_is_one_panel():
    """Nothing is compared."""
    assert len(FIGURES["no champion"]().axes) == 1
