"""Pictures of a corpus: what its genres consist of, and what would tell them apart unheard.

Each is drawn from a census (`genrenet.corpus.census`), a line for each genre, in its order.
"""

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from genrenet.corpus.census import MEASURES, by_genre, by_side, group_sizes, hours, most_common
from genrenet.learning.canvas import (
    INK,
    MUTED,
    PALETTE,
    SMALL,
    blank,
    dress,
    shorten,
    typeset,
)

LINE_IN, LEGEND_IN, FRAME_IN = 0.27, 0.2, 1.35  # heights: a genre, a line of legend, the rest
N_COLUMNS = 3  # of a legend
THICK = 0.72  # of a line
N_GROUPS = 12  # parts of a line that can be told apart
BLUES, REST = ("#2a65a5", "#9aaccf"), "#dddddd"  # in turn, so that neighbours differ
FILLS = tuple(color for color in PALETTE if color != "#000000")  # black would be all one sees
WIDE = 20.0  # values that differ by more are drawn on a logarithmic scale


def corpus_pictures(tracks: pd.DataFrame) -> dict[str, Figure]:
    """The pictures that say something of this corpus, by name.

    Parameters
    ----------
    tracks : pd.DataFrame
        As `census` gives them.
    """
    figures = {"genres": genres(tracks), "properties": properties(tracks), "split": sides(tracks)}
    if tracks["group_known"].any():
        figures["groups"] = groups(tracks)
    if tracks["carrier"].nunique() > 1:
        figures["carriers"] = carriers(tracks)
    return figures


def genres(tracks: pd.DataFrame) -> Figure:
    """Draw how many tracks and hours there are of each genre."""
    rows = by_genre(tracks)
    figure, axes = _lines("Tracks and hours by genre", rows.index, n_panels=2)
    n_hours = rows["audio_s"] / 3_600
    columns = {
        "tracks": (rows["n_tracks"], [f"{n:,}" for n in rows["n_tracks"]]),
        "hours": (n_hours, rows["audio_s"].map(hours)),
    }
    for ax, (name, (values, words)) in zip(axes, columns.items(), strict=True):
        dress(ax, xlabel=name, ylabel="", grid="x")
        bars = ax.barh(range(len(rows)), values, height=THICK, color=PALETTE[0])
        ax.bar_label(bars, words, padding=3, fontsize=SMALL, color=INK)
        ax.set_xlim(0, 1.2 * values.max())  # 1.2: room for the numbers
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=name == "tracks"))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    return typeset(figure)


def groups(tracks: pd.DataFrame) -> Figure:
    """Draw which share of a genre each of its groups has."""
    shares = group_sizes(tracks).reset_index()
    rank = shares.groupby("genre", observed=True).cumcount().clip(upper=N_GROUPS)
    parts = shares.groupby(["genre", rank], observed=True)["share"].sum().unstack(fill_value=0)
    colors = [BLUES[n % 2] if n < N_GROUPS else REST for n in parts.columns]
    n_groups = by_genre(tracks)["n_groups"]
    few = parts.columns.max() < N_GROUPS
    title = "Groups of each genre, the largest first"
    return _parts(
        parts,
        colors,
        beside=[f"{n:,} group{'s' * (n > 1)}" for n in n_groups],
        title=title if few else f"{title} (grey: all beyond the first {N_GROUPS})",
    )


def carriers(tracks: pd.DataFrame) -> Figure:
    """Draw in which format, rate and channels each genre's tracks are."""
    kinds = most_common(tracks["carrier"], len(FILLS) + 1, rest="{} others")
    parts = pd.crosstab(tracks["genre"], kinds)
    return _parts(
        parts,
        [*FILLS, REST],
        beside=_counted(parts),
        legend=True,
        title="Format, rate and channels of each genre's tracks",
    )


def sides(tracks: pd.DataFrame) -> Figure:
    """Draw which share of each genre is on which side."""
    parts, _ = by_side(tracks)
    return _parts(
        parts, FILLS, beside=_counted(parts), legend=True, title="Sides of the split by genre"
    )


def properties(tracks: pd.DataFrame) -> Figure:
    """Draw how duration, level and noise floor are spread within each genre."""
    names = list(tracks["genre"].cat.categories)
    figure, axes = _lines(
        "What the files are like: median (dot), middle half (thick), middle 90 % (thin)",
        names,
        n_panels=3,
    )
    for ax, name in zip(axes, ("audio_s", "level_db", "noise_floor_db"), strict=True):
        label = MEASURES[name].replace(" (dB of full scale)", " (dBFS)")
        dress(ax, xlabel=label, ylabel="", grid="x")
        _spread(ax, tracks, name)
    return typeset(figure)


def _spread(ax: Axes, tracks: pd.DataFrame, name: str) -> None:
    at = tracks.groupby("genre", observed=False)[name].quantile([0.05, 0.25, 0.5, 0.75, 0.95])
    low, first, middle, third, high = (at.xs(q, level=1) for q in at.index.levels[1])
    y, color = range(len(middle)), PALETTE[0]
    ax.hlines(y, low, high, color=color, linewidth=1.2)
    ax.hlines(y, first, third, color=color, linewidth=5)
    ax.plot(middle, y, "o", color="white", markeredgecolor=color, markersize=6)
    if name == "audio_s" and high.max() > WIDE * low.min():
        ax.set_xscale("log")
        subs = (1, 3) if high.max() < 100 * low.min() else (1,)  # two decades: else too many
        ax.xaxis.set_major_locator(LogLocator(subs=subs, numticks=5))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        return
    ax.xaxis.set_major_locator(MaxNLocator(4))
    if name == "audio_s":  # equal ones are to look equal
        ax.set_xlim(0, 1.05 * high.max())


def _parts(
    parts: pd.DataFrame,
    colors: Sequence[str],
    *,
    beside: Sequence[str],
    title: str,
    legend: bool = False,
) -> Figure:
    """Lines that are divided as rows [genre, part] are, with a word beside each."""
    n_below = math.ceil(len(parts.columns) / N_COLUMNS) if legend else 0
    figure, (ax,) = _lines(title, parts.index, below_in=LEGEND_IN * n_below)
    dress(ax, xlabel="share of the genre's tracks (%)", ylabel="", grid=None)
    percent = 100 * parts.div(parts.sum(axis=1), axis=0)
    begin = percent.cumsum(axis=1) - percent
    for name, color in zip(parts, colors, strict=False):
        where = {"y": range(len(parts)), "left": begin[name], "height": THICK}
        ax.barh(width=percent[name], **where, color=color, edgecolor="white", label=str(name))
    for line, words in enumerate(beside):
        ax.text(101, line, words, va="center", color=MUTED, fontsize=SMALL)
    ax.set_xlim(0, 100)
    ax.spines["left"].set_visible(False)
    if legend:
        _add_legend(figure, ax)
    return typeset(figure)


def _add_legend(figure: Figure, ax: Axes) -> None:
    handles, names = ax.get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=N_COLUMNS,
        fontsize=SMALL,
        frameon=False,
    )


def _counted(parts: pd.DataFrame) -> list[str]:
    return [f"{n:,} track{'s' * (n > 1)}" for n in parts.sum(axis=1)]


def _lines(
    title: str, names: Sequence[str], *, n_panels: int = 1, below_in: float = 0.0
) -> tuple[Figure, list[Axes]]:
    """Figure of panels side by side, with a line for each name, from top to bottom."""
    figure = blank(title, height_in=FRAME_IN + LINE_IN * len(names) + below_in)
    axes = figure.subplots(1, n_panels, sharey=True, squeeze=False)[0]
    axes[0].set_yticks(range(len(names)), [shorten(str(name)) for name in names])
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    return figure, list(axes)
