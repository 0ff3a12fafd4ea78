"""Facts about figures: all is legible, nothing is cut, and the numbers are the arrays'."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from genrenet.errors import DataError
from genrenet.learning import plots
from genrenet.learning.canvas import PALETTE, shorten

LONG = [
    *("Bayat-e Esfahan", "Rastpanjgah", "Abu-Ata", "Segah", "Old-Time / Historic"),
    *("شور", "ホモン", "नेपाली", "Çarşı", "Bayat-e Tork", "_Mahur", "a$b$ {c}"),
    "Homayoun, the long form of the whole radif",
]
TWO = ["blues", "metal"]
HISTORY = {
    "loss": [1.6, 0.9, 0.5],
    "accuracy": [0.4, 0.6, 0.8],
    "val_loss": [1.7, 1.1, 1.2],
    "val_accuracy": [0.3, 0.5, 0.45],
}
ROWS = [
    ("network", 0.81, 0.7, 0.9),
    ("logistic regression on MFCC means and deviations", 0.6, 0.5, 0.7),
]


def answers(names, *, absent=()):
    """True classes and probabilities of a fair model; no track has an ``absent`` class."""
    rng = np.random.default_rng(0)
    present = [c for c in range(len(names)) if c not in absent]
    y_true = np.repeat(present, 8)
    strength = rng.normal(size=(len(y_true), len(names)))
    strength[np.arange(len(y_true)), y_true] += 1.5
    y_prob = np.exp(strength)
    return y_true, y_prob / y_prob.sum(axis=1, keepdims=True)


def confusion(names, *, normalised=False):
    """Matrix of 0, 1, 2 … in the order of reading."""
    counts = np.arange(len(names) ** 2).reshape(len(names), -1)
    return plots.confusion_matrix(counts, names, normalised=normalised, title="Who is who")


FIGURES = {
    "confusion, 2 classes": lambda: confusion(TWO),
    "confusion, 13 classes": lambda: confusion(LONG),
    "confusion, 13 classes, %": lambda: confusion(LONG, normalised=True),
    "learning curves": lambda: plots.learning_curves(HISTORY, best_epoch=2, title="Seed 0"),
    "ROC, 2 classes": lambda: plots.roc_curves(*answers(TWO), TWO),
    "ROC, 13 classes": lambda: plots.roc_curves(*answers(LONG), LONG),
    "PR, 2 classes": lambda: plots.precision_recall_curves(*answers(TWO), TWO),
    "PR, 13 classes": lambda: plots.precision_recall_curves(*answers(LONG), LONG),
    "scores": lambda: plots.scores_with_intervals(ROWS, majority=0.3, title="Test " * 30),
}
each_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


def texts(figure):
    """What can be read on a figure, once it is laid out; ticks out of range are not drawn."""
    figure.canvas.draw()
    unseen = {
        id(label)
        for ax in figure.axes
        for axis in (ax.xaxis, ax.yaxis)
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    found = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return [t for t in found if id(t) not in unseen]


def words(figure):
    """The same, as strings."""
    return [t.get_text() for t in texts(figure)]


@each_figure
def test_nothing_is_cut(draw):
    """Every text lies inside the sheet, for long and non-Latin names too."""
    figure = draw()
    sheet = figure.bbox.padded(0.5)  # half a pixel of rounding

    cut = [t.get_text() for t in texts(figure) if not contains(sheet, t.get_window_extent())]

    assert cut == []


def contains(outer, inner):
    """Whether a box lies in another."""
    return (
        outer.x0 <= inner.x0
        and outer.y0 <= inner.y0
        and inner.x1 <= outer.x1
        and inner.y1 <= outer.y1
    )


@each_figure
def test_no_text_covers_another(draw):
    """Turned labels are left out: the box around a slanted text holds its neighbours' corners."""
    boxes = [
        (t.get_text(), t.get_window_extent()) for t in texts(draw()) if t.get_rotation() in (0, 90)
    ]

    pairs = [
        (a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if one.overlaps(other)
    ]

    assert pairs == []


@each_figure
def test_axes_are_labelled_and_figures_titled(draw):
    """A reader needs no caption to know what is drawn."""
    figure = draw()

    assert figure.get_suptitle()
    assert all(ax.get_xlabel() or ax.get_ylabel() for ax in figure.axes)


@each_figure
def test_a_file_is_800_pixels_wide_and_the_same_each_time(draw, tmp_path):
    """Equal bytes: a pipeline sees no change where there is none."""
    plots.save(draw(), tmp_path / "one.png")
    plots.save(draw(), tmp_path / "two.png")

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.width == 800


def test_threads_draw_the_same_and_leave_the_settings_alone(tmp_path):
    """Flows draw in worker threads; pyplot would share one state between them."""
    before = dict(mpl.rcParams)

    def draw(i):
        plots.save(confusion(LONG), tmp_path / f"{i}.png")
        return (tmp_path / f"{i}.png").read_bytes()

    with ThreadPoolExecutor(2) as pool:
        drawn = set(pool.map(draw, range(2)))

    assert len(drawn) == 1
    assert dict(mpl.rcParams) == before


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    """Whole or not at all."""
    path = tmp_path / "figure.png"
    path.write_bytes(b"old")
    figure = confusion(TWO)

    def write_half(target, **_):
        target.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", write_half)
    with pytest.raises(OSError, match="disk full"):
        plots.save(figure, path)

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def cells(figure):
    """Texts in the matrix, in the order of reading."""
    return [t.get_text() for t in figure.axes[0].texts]


def test_cells_of_the_confusion_matrix_hold_the_counts():
    """Rows are true classes."""
    counts = np.array([[12, 3], [0, 1234]])

    assert cells(plots.confusion_matrix(counts, TWO, normalised=False, title="")) == (
        ["12", "3", "0", "1234"]
    )


def test_normalised_cells_hold_the_percentage_of_their_row():
    """A class without tracks has dashes, not a division by zero."""
    counts = np.array([[3, 1], [0, 0]])

    assert cells(plots.confusion_matrix(counts, TWO, normalised=True, title="")) == (
        ["75", "25", "–", "–"]
    )


def luminance(color):
    """Relative luminance of a colour (WCAG 2)."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_cells_can_be_read_on_every_colour():
    """WCAG's contrast of at least 3 : 1, which it asks of large text and graphics."""
    figure = confusion(LONG)
    (image,) = figure.axes[0].images

    for text, value in zip(figure.axes[0].texts, image.get_array().flat, strict=True):
        light = sorted([luminance(text.get_color()), luminance(image.cmap(image.norm(value))[:3])])
        assert (light[1] + 0.05) / (light[0] + 0.05) > 3


def lightness(color):
    """CIELAB's L* of a colour."""
    return 116 * np.cbrt(luminance(color)) - 16


def test_the_colour_map_is_perceptually_uniform():
    """Equal steps of value are nearly equal steps of lightness (in Blues, from 4.7 to 10.9)."""
    steps = -np.diff([lightness(plots.BLUES(value)[:3]) for value in np.linspace(0, 1, 11)])

    assert np.all(np.abs(steps / steps.mean() - 1) < 0.2)


def test_learning_curves_count_epochs_from_one():
    """Lines, legend and the mark of the best epoch."""
    figure = plots.learning_curves(HISTORY, best_epoch=2, title="Seed 0")
    loss, accuracy = figure.axes
    train, validation, best = loss.lines

    assert train.get_xdata().tolist() == [1, 2, 3]
    assert list(validation.get_ydata()) == HISTORY["val_loss"]
    assert list(accuracy.lines[0].get_ydata()) == HISTORY["accuracy"]
    assert train.get_linestyle() != validation.get_linestyle()
    assert train.get_color() != validation.get_color()
    assert list(best.get_xdata()) == [2, 2]
    assert {"train", "validation", "best epoch: 2"} <= set(words(figure))


def test_one_epoch_without_validation_is_a_dot():
    """A trial run of one epoch gets its figure too."""
    figure = plots.learning_curves({"loss": [1.0], "accuracy": [0.5]}, best_epoch=1, title="Trial")

    assert "validation" not in words(figure)
    assert figure.axes[0].lines[0].get_marker() == "o"
    assert [t for t in figure.axes[0].get_xticks() if 0.5 <= t <= 1.5] == [1]


@pytest.mark.parametrize("best_epoch", [0, 4])
def test_a_best_epoch_that_was_not_run_is_refused(best_epoch):
    """Off by one is the likely mistake: Keras counts from 0."""
    with pytest.raises(DataError, match="expected 1 to 3"):
        plots.learning_curves(HISTORY, best_epoch=best_epoch, title="Seed 0")


@pytest.mark.parametrize("draw", [plots.roc_curves, plots.precision_recall_curves])
def test_a_perfect_classifier_has_areas_of_one(draw):
    """The legend gives area or average precision before the name."""
    y_true = np.array([0, 0, 1])

    labels = words(draw(y_true, np.eye(2)[y_true], TWO))

    assert sum("1.00  blues" in label or "1.00  metal" in label for label in labels) == 2


@pytest.mark.parametrize("draw", [plots.roc_curves, plots.precision_recall_curves])
def test_a_class_without_tracks_has_no_curve_and_is_told(draw):
    """It is left out, and the legend says why."""
    names = ["blues", "metal", "reggae"]

    figure = draw(*answers(names, absent=[1]), names)

    assert any("metal (no tracks)" in word for word in words(figure))
    curves = [line for line in figure.axes[0].lines if line.get_color() in PALETTE]
    assert len([line for line in curves if line.get_linestyle() != "None"]) == 2


def test_a_test_set_of_one_class_has_no_roc_curve():
    """Without other tracks there are no false alarms to count."""
    figure = plots.roc_curves(np.zeros(3, dtype=int), np.full((3, 2), 0.5), TWO)

    assert any("blues (only tracks)" in word for word in words(figure))


@pytest.mark.parametrize("draw", [plots.roc_curves, plots.precision_recall_curves])
def test_thirteen_curves_can_be_told_apart(draw):
    """No two share both colour and line style."""
    (ax,) = draw(*answers(LONG), LONG).axes

    # get_linestyle() says "--" of every dash pattern
    looks = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in ax.lines[:13]}

    assert len(looks) == 13


def test_chance_in_precision_is_the_share_of_a_class():
    """Three classes of eight tracks each: a third."""
    names = ["blues", "metal", "reggae"]

    labels = words(plots.precision_recall_curves(*answers(names), names))

    assert any("0.33  chance" in label for label in labels)


def test_scores_are_written_beside_their_dots():
    """The numbers need no ruler."""
    written = words(plots.scores_with_intervals(ROWS, majority=0.3, title="Test"))

    assert {"0.81  (0.70–0.90)", "0.60  (0.50–0.70)", "majority 0.30", "network"} <= set(written)


def test_long_names_are_shortened_by_their_width():
    """A Japanese character is as wide as two Latin letters."""
    assert shorten("x" * 28) == "x" * 28
    assert shorten("x" * 29) == "x" * 27 + "…"
    assert shorten("ホ" * 20) == "ホ" * 13 + "…"
