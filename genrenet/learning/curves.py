"""Curves: learning by epoch, and what each class's threshold trades, one class against the rest."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve

from genrenet.errors import DataError
from genrenet.learning.canvas import MUTED, PALETTE, SMALL, blank, dress, shorten, typeset

LINE_STYLES = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))
"""One style for each turn of the palette: 28 classes can be told apart."""

LEFT_TO_RIGHT = "\u200e"
"""Invisible mark: a line that begins with a number keeps it first, also before Arabic."""


def learning_curves(
    history: Mapping[str, Sequence[float]], *, best_epoch: int, title: str
) -> Figure:
    """Draw loss and accuracy against the epoch.

    Parameters
    ----------
    history : mapping of str to sequence of float [length=n_epochs]
        ``loss`` (nats) and ``accuracy`` (share), and ``val_loss`` and ``val_accuracy`` if
        there was a validation set.
    best_epoch : int
        The epoch whose weights were kept, counted from 1.
    title : str
        Title of the figure.

    Raises
    ------
    DataError
        ``best_epoch`` is no epoch of ``history``.
    """
    n_epochs = len(history["loss"])
    if not 1 <= best_epoch <= n_epochs:
        raise DataError(f"best_epoch is {best_epoch}: expected 1 to {n_epochs}, epochs from 1")
    figure = blank(title, height_in=4.0)
    loss, accuracy = figure.subplots(1, 2)
    dress(loss, xlabel="epoch", ylabel="loss (cross-entropy, nats)")
    dress(accuracy, xlabel="epoch", ylabel="accuracy (share correct)")
    _by_epoch(loss, {"train": history["loss"], "validation": history.get("val_loss")})
    _by_epoch(accuracy, {"train": history["accuracy"], "validation": history.get("val_accuracy")})
    loss.set_ylim(bottom=0)
    accuracy.set_ylim(0, 1.02)
    for ax in (loss, accuracy):
        ax.axvline(best_epoch, color=MUTED, linewidth=1, linestyle=":")
        ax.annotate(
            f"best epoch: {best_epoch}",
            (best_epoch, 1.02),
            xycoords=("data", "axes fraction"),
            ha="left" if best_epoch <= n_epochs / 2 else "right",  # towards the panel's middle
            color=MUTED,
            fontsize=SMALL,
        )
    handles, labels = loss.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, fontsize=SMALL, frameon=False
    )
    return typeset(figure)


def roc_curves(
    y_true: NDArray[np.integer[Any]],
    y_prob: NDArray[np.floating[Any]],
    class_names: Sequence[str],
    *,
    title: str = "Each class against the rest: ROC curves",
) -> Figure:
    """Draw how many of a class are found for how many false alarms, by class.

    Parameters
    ----------
    y_true : np.ndarray [shape=(n_tracks,), dtype=int]
        True classes.
    y_prob : np.ndarray [shape=(n_tracks, n_classes)]
        Probabilities.
    class_names : sequence of str
        Names of the classes, in order; the legend says which have no track, or all, and no curve.
    title : str
        Title of the figure.
    """
    figure, ax = _square(title, n_lines=len(class_names) + 1)
    dress(
        ax,
        xlabel="false positive rate (share of other tracks)",
        ylabel="true positive rate (share of the class)",
    )
    for c, (name, line) in enumerate(_lines(class_names)):
        positive = y_true == c
        if not positive.any() or positive.all():
            ax.plot([], [], " ", label=f"–  {name} ({'only' if positive.any() else 'no'} tracks)")
            continue
        false_rate, true_rate, _ = roc_curve(positive, y_prob[:, c])
        ax.plot(false_rate, true_rate, **line, label=f"{auc(false_rate, true_rate):.2f}  {name}")
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, label="0.50  chance")
    return _with_legend(figure, "area under the curve")


def precision_recall_curves(
    y_true: NDArray[np.integer[Any]],
    y_prob: NDArray[np.floating[Any]],
    class_names: Sequence[str],
    *,
    title: str = "Each class against the rest: precision and recall",
) -> Figure:
    """Draw how often an alarm is right for how many of a class are found, by class.

    Parameters
    ----------
    y_true, y_prob, class_names, title
        As for `roc_curves`. Chance is a class's share of the tracks: the grey band spans them.
    """
    figure, ax = _square(title, n_lines=len(class_names) + 1)
    dress(
        ax,
        xlabel="recall (share of the class)",
        ylabel="precision (share of such answers)",
    )
    shares = []
    for c, (name, line) in enumerate(_lines(class_names)):
        positive = y_true == c
        if not positive.any():
            ax.plot([], [], " ", label=f"–  {name} (no tracks)")
            continue
        shares.append(positive.mean())
        precision, recall, _ = precision_recall_curve(positive, y_prob[:, c])
        mean = average_precision_score(positive, y_prob[:, c])
        ax.plot(recall, precision, **line, drawstyle="steps-post", label=f"{mean:.2f}  {name}")
    low, high = f"{min(shares):.2f}", f"{max(shares):.2f}"
    label = f"{low if low == high else f'{low}–{high}'}  chance"
    ax.axhspan(min(shares), max(shares), color=MUTED, alpha=0.15, linewidth=1, label=label)
    return _with_legend(figure, "average precision")


def _by_epoch(ax: Axes, lines: Mapping[str, Sequence[float] | None]) -> None:
    """Draw the lines that there are, the first solid and the second dashed."""
    for (name, values), color, style in zip(lines.items(), PALETTE[:2], ("-", "--"), strict=True):
        if values is not None:
            epochs = np.arange(1, len(values) + 1)
            marker = "o" if len(values) <= 30 else ""  # more dots would run into one another
            ax.plot(epochs, values, style, color=color, label=name, marker=marker, markersize=4)
            ax.set_xlim(0.5, len(values) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _square(title: str, *, n_lines: int) -> tuple[Figure, Axes]:
    """Figure with one square panel of shares, tall enough for a legend of ``n_lines``."""
    figure = blank(title, height_in=max(5.0, 1.2 + 0.21 * n_lines))  # 0.21 in: a line of 9 pt
    ax = figure.subplots()
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), box_aspect=1)
    return figure, ax


def _lines(class_names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each class's name and line: the palette, then again in the next line style."""
    for c, name in enumerate(class_names):
        turn, color = divmod(c, len(PALETTE))
        style = LINE_STYLES[turn % len(LINE_STYLES)]
        yield shorten(name), {"color": PALETTE[color], "linestyle": style, "linewidth": 1.6}


def _with_legend(figure: Figure, title: str) -> Figure:
    """Put the legend beside the panel, where it hides no curve."""
    (ax,) = figure.axes
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(
        handles,
        [LEFT_TO_RIGHT + label for label in labels],
        loc="upper left",
        bbox_to_anchor=(1.02, 1.02),  # in panel widths and heights: beside its upper right corner
        title=title,
        fontsize=SMALL,
        title_fontsize=SMALL,
        alignment="left",
        frameon=False,
        handlelength=2.6,  # in letters: a whole period of the longest dash
    )
    return typeset(figure)
