"""The report's figures, from plain arrays: each function draws one and returns it unsaved.

Colours are told apart by the colour-blind, and no meaning hangs on colour alone. ``save`` writes
a figure as an 800-pixel-wide PNG. The curves are drawn in `genrenet.learning.curves`.
"""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from genrenet.learning.canvas import (
    INK,
    MUTED,
    PALETTE,
    SMALL,
    WIDTH_IN,
    blank,
    dress,
    n_letters,
    save,
    shorten,
    typeset,
)
from genrenet.learning.curves import learning_curves, precision_recall_curves, roc_curves

__all__ = [
    "confusion_matrix",
    "learning_curves",
    "precision_recall_curves",
    "roc_curves",
    "save",
    "scores_with_intervals",
]

BLUES = LinearSegmentedColormap.from_list(
    "genrenet_blues", ["#f9f9f9", "#cad2e4", "#9aaccf", "#6887ba", "#2a65a5", "#004590"]
)
"""A straight line through CIELAB at hue 275°, L* from 98 to 28: equal steps look equal."""

DARK = 0.64
"""Where on ``BLUES`` (L* 53) white text contrasts as much as ink does."""


def confusion_matrix(
    counts: NDArray[np.integer[Any]], class_names: Sequence[str], *, normalised: bool, title: str
) -> Figure:
    """Draw which classes are taken for which.

    Parameters
    ----------
    counts : np.ndarray [shape=(n_classes, n_classes), dtype=int]
        Tracks by true class (row) and answer (column).
    class_names : sequence of str
        Names of the classes, in order.
    normalised : bool
        Whether a cell is the percentage of its row; a class without tracks has an empty row.
    title : str
        Title of the figure.
    """
    n_classes, names = len(class_names), [shorten(name) for name in class_names]
    label_in = 0.08 * max(map(n_letters, names))  # 0.08 in: a letter of 9 pt
    beside_in = label_in + 1.7  # the axis title and the colour bar
    cell_in = float(np.clip((WIDTH_IN - beside_in) / n_classes, 0.3, 1.4))
    turned = label_in > 0.9 * cell_in
    figure = blank(
        title,
        compress=True,
        width_in=max(WIDTH_IN, cell_in * n_classes + beside_in),
        height_in=cell_in * n_classes + (0.7 * label_in if turned else 0.2) + 1.1,  # 0.7: sin 45°
    )
    ax = dress(figure.subplots(), xlabel="predicted class", ylabel="true class", grid=None)
    rows = counts.sum(axis=1, keepdims=True)
    shown = 100 * counts / np.maximum(rows, 1) if normalised else counts
    top = 100 if normalised else max(1, counts.max())
    image = ax.imshow(shown, cmap=BLUES, vmin=0, vmax=top)
    ax.set_yticks(range(n_classes), names)
    ax.set_xticks(range(n_classes), names)
    if turned:
        ax.tick_params(axis="x", labelrotation=45)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    _part_cells(ax, n_classes)
    size = np.clip(90 * cell_in / len(str(top)), 5, 12)  # pt; the longest fills 0.8 of a cell
    for (row, column), value in np.ndenumerate(shown):
        ax.text(
            column,
            row,
            "–" if normalised and not rows[row, 0] else f"{value:.0f}",
            color="white" if value > DARK * top else INK if value else MUTED,
            fontsize=size,
            ha="center",
            va="center",
        )
    bar = figure.colorbar(image, ax=ax, aspect=30, ticks=MaxNLocator(5, integer=True))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK)
    bar.set_label("share of the true class (%)" if normalised else "tracks", color=INK)
    return typeset(figure)


def scores_with_intervals(
    rows: Sequence[tuple[str, float, float, float]], *, majority: float, title: str
) -> Figure:
    """Draw accuracies as dots with their intervals, beside the majority baseline.

    Parameters
    ----------
    rows : sequence of (name, accuracy, low, high)
        From top to bottom; shares of tracks.
    majority : float
        Accuracy of always answering the most common class.
    title : str
        Title of the figure.
    """
    figure = blank(title, height_in=1.6 + 0.45 * len(rows))
    ax = dress(figure.subplots(), xlabel="accuracy (share of tracks)", ylabel="", grid="x")
    ax.axvline(majority, color=MUTED, linewidth=1, linestyle="--")
    ax.annotate(
        f"majority {majority:.2f}",
        (majority, 1.0),
        xytext=(0, 4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="left" if majority < 0.5 else "right",
        color=MUTED,
        fontsize=SMALL,
    )
    for row, (_, value, low, high) in enumerate(rows):
        ax.plot([low, high], [row, row], color=PALETTE[0], linewidth=2, solid_capstyle="butt")
        ax.plot(value, row, "o", color=PALETTE[0], markersize=8)
        ax.annotate(
            f"{value:.2f}  ({low:.2f}–{high:.2f})",
            (1.02, row),
            xycoords=("axes fraction", "data"),
            va="center",
            color=INK,
            fontsize=SMALL,
        )
    ax.set_yticks(range(len(rows)), [_in_two_lines(name) for name, *_ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(-0.01, 1.01)
    ax.spines["left"].set_visible(False)
    return typeset(figure)


def _part_cells(ax: Axes, n_classes: int) -> None:
    """White gaps between the cells instead of a box around them."""
    ax.spines[:].set_visible(False)
    for edge in np.arange(0.5, n_classes - 1):
        ax.axhline(edge, color="white", linewidth=1)
        ax.axvline(edge, color="white", linewidth=1)


def _in_two_lines(name: str) -> str:
    """``name`` in at most two lines of 28 letters (2 in at 9 pt)."""
    return textwrap.fill(name, 28, max_lines=2, placeholder=" …")
