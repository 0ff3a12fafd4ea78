"""The sheet that every figure is drawn on: one style, no pyplot, no global state, any thread."""

import os
import textwrap
import threading
import unicodedata
from functools import cache
from pathlib import Path
from typing import Literal

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

DPI = 100  # × WIDTH_IN = 800 px, the width of a column on a page
WIDTH_IN = 8.0
INK, MUTED, GRID = "#222222", "#6b6b6b", "#e6e6e6"
LARGE, MEDIUM, SMALL = 12, 10, 9  # font sizes in points: title, axis labels, all else

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#56b4e9", "#e69f00")
"""Okabe & Ito (2008), "Color universal design", without the yellow, which is too pale on white."""

FONTS = (
    "DejaVu Sans",  # comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian
    *("Noto Sans", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil"),
    *("Noto Sans CJK JP", "Noto Sans JP", "Noto Sans Thai", "Noto Sans Ethiopic"),
    *("Hiragino Sans", "Kohinoor Devanagari", "Arial Unicode MS"),  # macOS
    *("Yu Gothic", "Nirmala UI", "Leelawadee UI"),  # Windows
    "Last Resort High-Efficiency",  # matplotlib's boxes; by name they come without a warning
)
"""Families in the order in which a glyph is looked for; those not installed are skipped."""


@cache
def installed_fonts() -> list[str]:
    """The members of ``FONTS`` that matplotlib finds here: naming others would log warnings."""
    found = set(font_manager.get_font_names())
    return [name for name in FONTS if name in found]


def blank(
    title: str, *, height_in: float, width_in: float = WIDTH_IN, compress: bool = False
) -> Figure:
    """Empty figure with a title, which makes room for whatever is drawn on it.

    Parameters
    ----------
    title : str
        Said above the figure; long ones are broken into lines.
    height_in, width_in : float > 0
        Size in inches.
    compress : bool
        Whether panels of a fixed shape stand close together instead of spread out.
    """
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08, wspace=0.04, compress=compress)
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    figure.suptitle(textwrap.fill(title, 85), fontsize=LARGE, color=INK)  # 85 fill 8 in at 12 pt
    return figure


def dress(
    ax: Axes, *, xlabel: str, ylabel: str, grid: Literal["both", "x", "y"] | None = "both"
) -> Axes:
    """Label and style a panel: a light grid (``both``, ``x``, ``y`` or None), no box."""
    ax.set_xlabel(xlabel, fontsize=MEDIUM, color=INK)
    ax.set_ylabel(ylabel, fontsize=MEDIUM, color=INK)
    ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK, labelfontfamily=installed_fonts())
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(MUTED)
    ax.set_axisbelow(True)
    if grid is not None:
        ax.grid(axis=grid, color=GRID, linewidth=0.8)
    return ax


def typeset(figure: Figure) -> Figure:
    """Give every text of a finished figure the fonts, and take ``$`` in names as it stands."""
    for text in figure.findobj(Text):
        text.set_fontfamily(installed_fonts())
        text.set_parse_math(False)
    return figure


def n_letters(name: str) -> int:
    """Width of ``name`` in Latin letters: a Chinese or Japanese character counts as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name)


def shorten(name: str, *, n_most: int = 28) -> str:
    """``name``, cut to ``n_most`` letters (2 in at 9 pt) so that it leaves room for the data."""
    if n_letters(name) <= n_most:
        return name
    while n_letters(name) >= n_most:
        name = name[:-1]
    return name + "…"


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a PNG, whole or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        What to write, at 100 dots an inch.
    path : path-like
        The file; it is replaced if it is there, and its folder is made if it is not.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        # matplotlib's version would be in the file
        figure.savefig(unfinished, format="png", dpi=DPI, metadata={"Software": None})
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
