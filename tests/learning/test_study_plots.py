"""The studies' figures: legible, uncut, and the numbers are the tables'."""

import itertools

import pandas as pd
import pytest

from genrenet.learning.leakage import POLICIES
from genrenet.learning.study_plots import folds_figure, points, price_tag_figure
from tests.learning.test_plots import contains, texts, words

TITLE = "What a split that leaks pretends: शास्त्रीय سنتی, one model, one training size, 3 seeds"


def price_tag(network, baseline):
    """The figure of a study with these accuracies: window, track, group."""
    rows = [
        {"model": model, "policy": policy, "accuracy": a, "low": max(0, a - 0.05), "high": a}
        | {"price": a - shares[-1], "price_low": a - shares[-1] - 0.1, "price_high": 0.4}
        for model, shares in (("network", network), ("baseline", baseline))
        for policy, a in zip(POLICIES, shares, strict=True)
    ]
    prices = pd.DataFrame(rows)
    return price_tag_figure(prices, pd.concat([prices] * 3), title=TITLE)


def folds(n):
    """The figure of so many folds."""
    rows = [(k, m, 0.5 + 0.4 * k / n) for k in range(n) for m in ("network", "baseline")]
    return folds_figure(pd.DataFrame(rows, columns=["fold", "model", "accuracy"]), title=TITLE)


FIGURES = {
    "a leak": lambda: price_tag((0.99, 0.9, 0.6), (1.0, 0.7, 0.65)),
    "no leak": lambda: price_tag((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "a negative price": lambda: price_tag((0.5, 0.6, 0.7), (0.6, 0.6, 0.6)),
    "3 folds": lambda: folds(3),
    "10 folds": lambda: folds(10),
}
each_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


@each_figure
def test_nothing_is_cut_and_no_text_covers_another(draw):
    """Every text lies inside the sheet, by itself."""
    figure = draw()
    found = texts(figure)
    sheet, boxes = figure.bbox.padded(0.5), [t.get_window_extent() for t in found]

    assert [
        t.get_text() for t, box in zip(found, boxes, strict=True) if not contains(sheet, box)
    ] == []
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_prices_and_accuracies_are_written_out():
    """In percentage points, with their intervals."""
    said = " ".join(words(FIGURES["a leak"]()))

    assert "99.0 % (94.0 to 99.0)\n+39.0 points (29.0 to 40.0)" in said
    assert "60.0 % (55.0 to 60.0)" in said
    assert all(policy in said for policy in POLICIES.values())


@pytest.mark.parametrize(
    ("share", "expected"), [(0.1234, "+12.3"), (-0.0004, "+0.0"), (-0.05, "−5.0")]
)
def test_points_have_a_sign_and_no_negative_zero(share, expected):
    """A minus, not a dash: spans stand beside it."""
    assert points(share, sign=True) == expected


def test_the_legend_of_the_folds_has_mean_and_deviation():
    """Of a sample, as the page has it."""
    scores = pd.DataFrame(
        {"fold": [1, 1, 2, 2], "model": ["network", "baseline"] * 2, "accuracy": [0.5, 0.2, 1, 0.2]}
    )

    said = words(folds_figure(scores, title=TITLE))

    assert "network: 75.0 ± 35.4 %" in said
    assert "classical baseline: 20.0 ± 0.0 %" in said
