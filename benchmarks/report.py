"""The report: a table on the terminal, a picture, ``results.json`` and the table in the docs."""

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from rich.table import Table

from benchmarks.rows import Result, Row
from genrenet.learning.canvas import (
    INK,
    MEDIUM,
    MUTED,
    PALETTE,
    SMALL,
    blank,
    dress,
    save,
    typeset,
)

FOLDER = Path(__file__).parent
RESULTS, PICTURE = FOLDER / "results.json", FOLDER / "results.png"
PAGE = FOLDER.parent / "docs" / "performance.md"
BEGIN, END = "<!-- the table: written by make bench -->", "<!-- the end of the table -->"
LIBRARIES = ("librosa", "numpy", "scipy", "soxr", "soundfile", "pyarrow", "ray")


def table(results: Sequence[Result], rows: Sequence[Row]) -> Table:
    """The results as a table for the terminal."""
    found = Table(title="genrenet against the usual way", title_style="bold", caption=machine())
    found.add_column("row", no_wrap=True)
    for name in ("ours", "theirs"):
        found.add_column(name, style="dim")
        found.add_column("ms", justify="right", no_wrap=True)
    found.add_column("ratio", justify="right", no_wrap=True)
    found.add_column("target", justify="right", no_wrap=True)
    by_name = {row.name: row for row in rows}
    for result in results:
        row = by_name[result.row]
        style = "" if result.target is None else "green" if result.reached else "red"
        found.add_row(
            result.row,
            row.ours,
            number(result.ours_ms),
            row.theirs,
            number(result.theirs_ms),
            f"[{style}]{ratio(result, row)}[/]" if style else ratio(result, row),
            target(result, row),
        )
    return found


def write_results(results: Sequence[Result], path: Path = RESULTS) -> None:
    """Write the results as JSON, a row a line."""
    lines = ",\n".join(f"  {json.dumps(result.to_json())}" for result in results)
    path.write_text(f"[\n{lines}\n]\n", "utf-8")


def read_results(path: Path = RESULTS) -> list[Result]:
    """The results that ``write_results`` wrote."""
    return [Result(**line) for line in json.loads(path.read_text("utf-8"))]


def markdown(results: Sequence[Result], rows: Sequence[Row]) -> str:
    """The results as a table for the documentation."""
    by_name = {row.name: row for row in rows}
    lines = [
        "| row | ours | theirs | for each | ours, ms | theirs, ms | ratio | target |",
        "|---|---|---|---|--:|--:|--:|--:|",
    ]
    for result in results:
        row = by_name[result.row]
        times = f"{number(result.ours_ms)} | {number(result.theirs_ms)}"
        what = f"{row.ours} | {row.theirs} | {row.unit}"
        reached = ratio(result, row)
        if result.target is not None and result.reached:
            reached = f"**{reached}**"
        lines.append(f"| `{result.row}` | {what} | {times} | {reached} | {target(result, row)} |")
    return "\n".join([*lines, "", machine()])


def fill_page(text: str, path: Path = PAGE) -> None:
    """Put the table in its place in the documentation."""
    before, rest = path.read_text("utf-8").split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", "utf-8")


def machine() -> str:
    """What the results were measured on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    cores = os.cpu_count()
    return f"{processor()}, {cores} cores, Python {platform.python_version()}; {libraries}."


def processor() -> str:
    """The processor's name, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def ratio(result: Result, row: Row) -> str:
    """A row's ratio, or by how much ours takes longer."""
    if row.allowance_s is None:
        return f"{number(result.ratio)} ×"
    return f"{(result.ours_ms - result.theirs_ms) / 1e3:+.0f} s"


def target(result: Result, row: Row) -> str:
    """What a row's ratio is to be; empty where it is only told."""
    if row.allowance_s is not None:
        return f"≤ {row.allowance_s:+g} s"
    return "" if result.target is None else f"≥ {result.target:g} ×"


def number(value: float) -> str:
    """A figure with three digits, whole where it is large."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def picture(results: Sequence[Result], rows: Sequence[Row]) -> Figure:
    """How many times faster, row by row, with the targets as marks; what is slower has no bar."""
    about = {row.name: row for row in rows if row.target is not None}
    shown = [result for result in results if result.row in about]
    figure = blank("Times as fast as the usual way", height_in=1.5 + 0.42 * len(shown))
    axes = dress(figure.add_subplot(), xlabel="ratio, log scale", ylabel="", grid="x")
    places = np.arange(len(shown))[::-1]
    colours = [PALETTE[0] if result.reached else PALETTE[1] for result in shown]
    ratios = [result.ratio for result in shown]
    axes.barh(places, np.array(ratios) - 1, left=1, height=0.52, color=colours)
    axes.set_xscale("log")
    axes.set_xlim(1, 2.6 * max([*ratios, *(result.target or 1 for result in shown)]))
    axes.set_yticks(places, [""] * len(shown))
    for place, result in zip(places, shown, strict=True):
        _label(axes, place, result, about[result.row])
    ticks = [
        tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000) if tick <= axes.get_xlim()[1]
    ]
    axes.set_xticks(ticks, [f"{tick:,} ×" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(-0.6, len(shown) - 0.4)
    _legend(figure, any(not result.reached for result in shown))
    return typeset(figure)


def _label(axes: Axes, place: float, result: Result, row: Row) -> None:
    axes.plot([result.target or 1] * 2, [place - 0.38, place + 0.38], color=INK, linewidth=2)
    end = max(result.ratio, result.target or 1)
    axes.annotate(
        f"{number(result.ratio)} ×",
        (end, place),
        (6, 0),
        textcoords="offset points",
        va="center",
        fontsize=MEDIUM,
        color=INK,
    )
    where: dict[str, Any] = {
        "xycoords": ("axes fraction", "data"),
        "textcoords": "offset points",
        "ha": "right",
    }
    axes.annotate(row.name, (0, place), (-8, 1), va="bottom", fontsize=SMALL, color=INK, **where)
    against = f"against {row.theirs}"
    axes.annotate(against, (0, place), (-8, -1), va="top", fontsize=SMALL - 2, color=MUTED, **where)


def _legend(figure: Figure, missed: bool) -> None:
    marks = [
        Line2D([], [], color=PALETTE[0], linewidth=8, label="measured"),
        Line2D([], [], color=INK, linewidth=2, marker="", label="target"),
    ]
    if missed:
        marks.insert(1, Line2D([], [], color=PALETTE[1], linewidth=8, label="below its target"))
    figure.legend(
        handles=marks, loc="outside lower center", ncols=len(marks), frameon=False, fontsize=SMALL
    )


__all__ = [
    "fill_page",
    "machine",
    "markdown",
    "picture",
    "read_results",
    "save",
    "table",
    "write_results",
]
