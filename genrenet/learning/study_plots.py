"""The studies' figures: one tells what a leak pretends, the other how much folds differ."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genrenet.learning.canvas import INK, MUTED, PALETTE, SMALL, blank, dress, typeset
from genrenet.learning.leakage import POLICIES

HONEST_POLICY = "group"
HONEST, LEAK = PALETTE[0], PALETTE[1]
NAMES = {"network": "network", "baseline": "classical baseline"}
STYLES: dict[str, dict[str, Any]] = {
    "network": {"marker": "o", "markersize": 6, "color": PALETTE[0]},
    "baseline": {"marker": "s", "markersize": 9, "color": PALETTE[1], "fillstyle": "none"},
}
"""A dot in a square can be seen where both are equal."""


def price_tag_figure(prices: pd.DataFrame, trials: pd.DataFrame, *, title: str) -> Figure:
    """Draw accuracies under each policy; the coloured bar is what the leak is worth.

    Parameters
    ----------
    prices : pd.DataFrame
        ``model, policy, accuracy, low, high, price, price_low, price_high``, of one unit
        (see `genrenet.learning.leakage.price_tag`).
    trials : pd.DataFrame
        ``model, policy, accuracy``, one row a seed.
    title : str
        Title of the figure.
    """
    models = list(prices["model"].unique())
    figure = blank(title, height_in=1.3 + 0.55 * len(POLICIES) * len(models))
    panels = np.atleast_1d(figure.subplots(len(models), 1, sharex=True))
    for ax, model in zip(panels, models, strict=True):
        dress(ax, xlabel="", ylabel=NAMES[model], grid="x")
        rows = prices[prices["model"] == model].set_index("policy")
        ax.axvline(rows.loc[HONEST_POLICY, "accuracy"], color=HONEST, linewidth=1, linestyle="--")
        for y, policy in enumerate(POLICIES):
            seeds = trials.loc[(trials["model"] == model) & (trials["policy"] == policy)]
            _price(ax, y, rows.loc[policy], seeds["accuracy"].tolist())
        ax.set_yticks(range(len(POLICIES)), list(POLICIES.values()))
        ax.set_ylim(len(POLICIES) - 0.5, -0.6)
        ax.spines["left"].set_visible(False)
    lowest = min(prices["low"].min(), trials["accuracy"].min())
    panels[-1].set_xlim(max(0.0, lowest - 0.05), 1.005)
    panels[-1].set_xlabel("test windows answered rightly (%)", color=INK)
    panels[-1].xaxis.set_major_formatter(_percent)
    return typeset(figure)


def _price(ax: Axes, y: int, row: pd.Series, seeds: Sequence[float]) -> None:
    """One policy's line: the leak as a bar, each seed as a ring, the mean with its interval."""
    color, text = HONEST, f"{points(row['accuracy'])} % {span(row, '')}"
    if row.name != HONEST_POLICY:
        price = points(row["price"], sign=True)
        color, text = LEAK, f"{text}\n{price} points {span(row, 'price_')}"
        ax.barh(y, -row["price"], left=row["accuracy"], height=0.5, color=LEAK, alpha=0.25)
    ax.plot([row["low"], row["high"]], [y, y], color=color, linewidth=2, solid_capstyle="butt")
    ax.plot(seeds, [y] * len(seeds), "o", color=color, markersize=5, fillstyle="none")
    ax.plot(row["accuracy"], y, "o", color=color, markersize=8)
    ax.annotate(
        text,
        (1.02, y),
        xycoords=("axes fraction", "data"),
        va="center",
        linespacing=1.4,
        color=INK,
        fontsize=SMALL,
    )


def _percent(share: float, _: float) -> str:
    return f"{round(100 * share, 1):g}"


def points(share: float, *, sign: bool = False) -> str:
    """A share in percentage points, such as 12.3, or with its sign +12.3 or −0.4; never -0.0."""
    tenths = round(1000 * share) / 10 + 0.0
    return f"{tenths:{'+' if sign else ''}.1f}".replace("-", "−")


def span(row: pd.Series, name: str) -> str:
    """The interval of a row's figure; ends may be negative, so no dash stands between them."""
    return f"({points(row[f'{name}low'])} to {points(row[f'{name}high'])})"


def folds_figure(scores: pd.DataFrame, *, title: str) -> Figure:
    """Draw each fold's accuracy, the network's beside the baseline's, and their means.

    Parameters
    ----------
    scores : pd.DataFrame
        ``fold, model, accuracy`` of one unit.
    title : str
        Title of the figure.
    """
    table = scores.pivot_table(index="fold", columns="model", values="accuracy")[list(NAMES)]
    figure = blank(title, height_in=1.9 + 0.3 * len(table))
    ax = dress(figure.subplots(), xlabel="tracks answered rightly (%)", ylabel="fold", grid="x")
    ax.hlines(range(len(table)), table.min(axis=1), table.max(axis=1), color=MUTED, linewidth=1)
    for model, style in STYLES.items():
        values = table[model]
        spread = f"{points(values.mean())} ± {points(values.std())} %"
        label = f"{NAMES[model]}: {spread}"
        ax.plot(values, range(len(table)), linestyle="", label=label, **style)
        ax.axvline(values.mean(), color=style["color"], linewidth=1, linestyle="--")
    ax.set_yticks(range(len(table)), list(map(str, table.index)))
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.xaxis.set_major_formatter(_percent)
    ax.spines["left"].set_visible(False)
    figure.legend(loc="outside lower center", ncols=2, fontsize=SMALL, frameon=False)
    return typeset(figure)
