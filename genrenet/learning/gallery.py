"""The gallery: spectrograms of a genre's examples, the original and its copies side by side."""

import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from genrenet.learning import canvas
from genrenet.learning.canvas import INK, SMALL, blank, dress, shorten, typeset
from genrenet.learning.examples import Example
from genrenet.learning.spectrograms import FLOOR_DB, LEVELS, tick_bands
from genrenet.sections.features import Preprocessing

ROW_IN, LINE_IN, FRAME_IN = 1.5, 0.16, 1.0  # heights: a track, a line above it, the rest
WRAP, GAP = 84, 6  # letters of 9 pt over all columns, and between two
MOST_LINES = 4  # of an id: the whole of it is in the catalog


def gallery(genre: str, examples: Mapping[str, Sequence[Example]], spec: Preprocessing) -> Figure:
    """Draw tracks below each other, on one scale of time, frequency and level.

    Parameters
    ----------
    genre : str
        What they are examples of.
    examples : mapping of str to sequence of Example
        Track id, its original and its copies.
    spec : Preprocessing
        The specification that they were made with.
    """
    n_columns = max(map(len, examples.values()))
    n_letters = (WRAP - GAP * (n_columns - 1)) // n_columns
    names = [_names(track_id, some, n_letters) for track_id, some in examples.items()]
    n_lines = sum(max(name.count("\n") + 1 for name in row) for row in names)
    figure = blank(
        shorten(genre, n_most=80), height_in=FRAME_IN + ROW_IN * len(names) + LINE_IN * n_lines
    )
    axes = figure.subplots(len(names), n_columns, sharex=True, sharey=True, squeeze=False)
    for row, some, titles in zip(axes, examples.values(), names, strict=True):
        for ax in row[len(some) :]:
            ax.set_visible(False)
        for ax, example, title in zip(row, some, titles, strict=False):
            image = _draw(ax, example, title, spec)
    for ax in axes[-1]:
        ax.set_xlabel("time (s)", fontsize=SMALL, color=INK)
    n_frames = max(len(example.mel) for some in examples.values() for example in some)
    axes[0, 0].set_xlim(0, n_frames * spec.hop_length / spec.sr)
    axes[0, 0].xaxis.set_major_locator(MaxNLocator(5, integer=True))
    tick_bands(axes[0, 0], spec)
    figure.supylabel("frequency (Hz)", fontsize=SMALL, color=INK)
    bar = figure.colorbar(image, ax=axes, aspect=40, pad=0.02, ticks=range(-80, 1, 20))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK)
    bar.set_label("dB relative to\nthe original's maximum", color=INK, fontsize=SMALL)
    return typeset(figure)


def _names(track_id: str, versions: Sequence[Example], n_letters: int) -> list[str]:
    """What stands above each version, in lines of so many letters."""
    width = n_letters if canvas.n_letters(track_id) == len(track_id) else n_letters // 2
    name = textwrap.fill(track_id, width, max_lines=MOST_LINES, placeholder=" …")
    words = [
        textwrap.fill(f"copy {number}: {example.words}" if number else example.words, n_letters)
        for number, example in enumerate(versions)
    ]
    return [f"{name}\n{words[0]}", *words[1:]]


def _draw(ax: Axes, example: Example, title: str, spec: Preprocessing) -> AxesImage:
    dress(ax, xlabel="", ylabel="", grid=None)
    ax.set_title(title, loc="left", fontsize=SMALL, color=INK)
    ax.spines[:].set_visible(False)
    return ax.imshow(
        example.mel.T,
        aspect="auto",
        origin="lower",
        cmap=LEVELS,
        vmin=FLOOR_DB,
        vmax=0,
        interpolation="nearest",
        extent=(0, len(example.mel) * spec.hop_length / spec.sr, 0, spec.n_mels),
    )
