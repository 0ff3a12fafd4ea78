"""The promotion's figure: both accuracies, and whether their difference clears the margin."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genrenet.learning.canvas import GRID, INK, MUTED, PALETTE, SMALL, blank, dress, typeset
from genrenet.learning.comparison import Comparison, Estimate, in_points
from genrenet.learning.gate_checks import Standing
from genrenet.learning.promotion import Decision
from genrenet.learning.study_plots import points

PASSED, FAILED = PALETTE[0], PALETTE[1]


def promotion_figure(decision: Decision, *, title: str) -> Figure:
    """Draw the accuracies and, where there is a champion to compare with, the difference.

    Parameters
    ----------
    decision : Decision
        What came out.
    title : str
        Title of the figure.
    """
    rival = decision.comparison
    rows = {"challenger": rival.challenger if rival else decision.standing.accuracy}
    if rival:
        rows["champion"] = rival.champion
    heights = [0.5 + 0.5 * len(rows), *([1.25] if rival else [])]
    figure = blank(title, height_in=1.2 + 1.15 * sum(heights))
    panels = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _accuracies(panels[0], rows, rival or decision.standing)
    if rival:
        _difference(panels[1], rival.difference, decision.gate.margin)
    return typeset(figure)


def _accuracies(ax: Axes, rows: dict[str, Estimate], on: Standing | Comparison) -> None:
    what = f"answered rightly of {on.n_tracks} test tracks of {on.n_groups} groups (%)"
    dress(ax, xlabel=what, ylabel="", grid="x")
    share = 100 * on.majority
    ax.axvline(share, color=MUTED, linewidth=1, linestyle="--")
    _say(ax, f"most common genre {points(on.majority)}", share, left=on.majority > 0.5)
    for row, found in enumerate(rows.values()):
        value, low, high = (points(one) for one in vars(found).values())
        _interval(ax, row, found, PALETTE[0], f"{value} % ({low} to {high})")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(-1, 101)
    ax.spines["left"].set_visible(False)


def _difference(ax: Axes, difference: Estimate, margin: float) -> None:
    dress(ax, xlabel="challenger − champion (points)", ylabel="", grid="x")
    passed = difference.low > -margin
    reach = 100 * max(abs(difference.low), abs(difference.high), 2 * margin, 0.02) * 1.15
    ax.axvspan(-reach, -100 * margin, color=GRID, zorder=0)
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.axvline(-100 * margin, color=INK, linewidth=1, linestyle="--")
    _say(ax, f"margin {points(-margin, sign=True)}", -100 * margin, left=True)
    _interval(ax, 0, difference, PASSED if passed else FAILED, in_points(difference))
    ax.set_yticks([0], ["difference"])
    ax.set_ylim(0.6, -0.6)
    ax.set_xlim(-reach, reach)
    ax.spines["left"].set_visible(False)
    verdict = "clears the margin" if passed else "reaches below the margin"
    ax.set_title(verdict, fontsize=SMALL, color=MUTED, loc="right")


def _interval(ax: Axes, row: int, share: Estimate, color: str, text: str) -> None:
    """A dot, its interval, and both in words beside the panel."""
    ends = [100 * share.low, 100 * share.high]
    ax.plot(ends, [row, row], color=color, linewidth=2, solid_capstyle="butt")
    ax.plot(100 * share.value, row, "o", color=color, markersize=8, clip_on=False)
    ax.annotate(
        text,
        (1.02, row),
        xycoords=("axes fraction", "data"),
        va="center",
        color=INK,
        fontsize=SMALL,
    )


def _say(ax: Axes, text: str, x: float, *, left: bool) -> None:
    """A line's name above the panel, to the left of the line or to its right."""
    ax.annotate(
        text,
        (x, 1.0),
        xytext=(0, 4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if left else "left",
        color=MUTED,
        fontsize=SMALL,
    )
