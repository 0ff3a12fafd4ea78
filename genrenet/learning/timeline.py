"""The timeline: what is heard in a track, window by window."""

import re
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from genrenet.learning.canvas import INK, SMALL, blank, dress, shorten, typeset
from genrenet.learning.plots import BLUES
from genrenet.settings import digest

ROWS = 5  # of genres that are not in question; where they are more, the last holds the rest
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600)
MOST_TICKS = 10  # of 0.5 in
NAME_LETTERS = 60  # of an id in a file's name; a name may have 255 bytes
FRAME_IN, ROW_IN = 1.4, 0.3  # heights: all around the panel, one genre


def picture_name(track_id: str) -> str:
    """A file name for any id, on every disk and in every link; no two ids have the same."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", track_id).strip("-")[:NAME_LETTERS]
    return f"{readable}-{digest(track_id)}.png".lstrip("-")


def timeline(
    start_s: np.ndarray,
    probabilities: Mapping[str, np.ndarray],
    *,
    given: str,
    likelier: str,
    window_s: float,
    title: str,
) -> Figure:
    """Draw the genres' probabilities over a track's time, and their means beside them.

    Parameters
    ----------
    start_s : np.ndarray [shape=(n_windows,)]
        Where each window begins, in s, ascending.
    probabilities : mapping of str to np.ndarray [shape=(n_windows,)]
        By genre.
    given, likelier : str
        The two genres in question, by the label and by the network: the upper rows.
    window_s : float
        Length of a window, in s; its probability stands at its middle.
    title : str
        Title of the figure.
    """
    rows = _rows(probabilities, given, likelier)
    figure = blank(title, height_in=FRAME_IN + ROW_IN * len(rows))
    ax = dress(figure.subplots(), xlabel="time (min:s)", ylabel="", grid=None)
    middle_s = start_s + window_s / 2
    borders_s = [start_s[0], *(middle_s[1:] + middle_s[:-1]) / 2, start_s[-1] + window_s]
    borders, values = np.arange(len(rows) + 1), np.stack([row for _, row in rows])
    image = ax.pcolormesh(borders_s, borders, values, cmap=BLUES, vmin=0, vmax=1)
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    for border in borders[1:-1]:
        ax.axhline(border, color="white", linewidth=4 if border == 2 else 1)  # the two in question
    means = ax.secondary_yaxis("right")
    means.spines[:].set_visible(False)
    ax.set_yticks(borders[:-1] + 0.5, [name for name, _ in rows])
    means.set_yticks(borders[:-1] + 0.5, [f"{mean:.2f}" for mean in values.mean(axis=1)])
    bar = figure.colorbar(image, ax=ax, ticks=[0, 0.5, 1], pad=0.02)
    bar.outline.set_visible(False)
    for axis, name in ((means, "mean"), (bar.ax, "probability")):
        axis.tick_params(length=0, labelsize=SMALL, labelcolor=INK)
        axis.set_ylabel(name, color=INK, fontsize=SMALL)
    _tick_time(ax)
    return typeset(figure)


def _rows(
    probabilities: Mapping[str, np.ndarray], given: str, likelier: str
) -> list[tuple[str, np.ndarray]]:
    """Names and values of the rows: the two in question, then the others, the likeliest first."""
    others = sorted(
        (genre for genre in probabilities if genre not in (given, likelier)),
        key=lambda genre: -probabilities[genre].mean(),
    )
    own = others if len(others) <= ROWS else others[: ROWS - 1]
    rows = [
        (f"likelier: {shorten(likelier)}", probabilities[likelier]),
        (f"given: {shorten(given)}", probabilities[given]),
        *((shorten(genre), probabilities[genre]) for genre in own),
    ]
    if rest := others[len(own) :]:
        rest_of_all = np.sum([probabilities[genre] for genre in rest], axis=0)
        rows.append((f"{len(rest)} others", rest_of_all))
    return rows


def _tick_time(ax: Axes) -> None:
    """Times that a clock would show."""
    begin_s, end_s = ax.get_xlim()
    step_s = next((s for s in STEPS_S if end_s - begin_s <= MOST_TICKS * s), STEPS_S[-1])
    ax.xaxis.set_major_locator(MultipleLocator(step_s))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda s, _: f"{s // 60:.0f}:{s % 60:02.0f}"))
