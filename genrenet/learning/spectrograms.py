"""Spectrograms: versions of one recording above each other, on one scale of time and level."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genrenet.features.mel import mel_filters
from genrenet.learning.canvas import INK, MEDIUM, SMALL, blank, dress, typeset
from genrenet.sections.features import Preprocessing

FLOOR_DB = -80.0  # below the original's maximum: what the network hears by default
PANEL_IN, LINE_IN, FRAME_IN = 1.6, 0.17, 1.3  # heights: a panel, a further line, the rest
TICKS_HZ = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
WRAP = 78  # letters of 10 pt that a panel is wide
LEAST_TICKS_APART = 0.1  # of the panel's height

LEVELS = "magma"
"""Of rising lightness, so that louder is brighter for every eye and in grey; dark ends show where
a version ends on the white page."""


def spectrograms(
    panels: Sequence[tuple[str, np.ndarray]], spec: Preprocessing, *, title: str
) -> Figure:
    """Draw log-mel spectrograms, the first being the one that the others are compared with.

    Parameters
    ----------
    panels : sequence of (name, np.ndarray [shape=(n_frames, n_mels)])
        From top to bottom; levels in dB.
    spec : Preprocessing
        The specification that they were made with.
    title : str
        Title of the figure.
    """
    names = [textwrap.fill(name, WRAP) for name, _ in panels]
    n_lines = sum(name.count("\n") for name in names)
    figure = blank(title, height_in=FRAME_IN + PANEL_IN * len(panels) + LINE_IN * n_lines)
    axes = figure.subplots(len(panels), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    top_db = float(panels[0][1].max())
    for ax, name, (_, mel) in zip(axes, names, panels, strict=True):
        last = ax is axes[-1]
        dress(ax, xlabel="time (s)" if last else "", ylabel="", grid=None)
        ax.set_title(name, loc="left", fontsize=MEDIUM, color=INK)
        ax.spines[:].set_visible(False)
        image = ax.imshow(
            mel.T.astype(np.float32) - top_db,
            aspect="auto",
            origin="lower",
            cmap=LEVELS,
            vmin=FLOOR_DB,
            vmax=0,
            interpolation="nearest",
            extent=(0, len(mel) * spec.hop_length / spec.sr, 0, spec.n_mels),
        )
    axes[0].set_xlim(0, max(len(mel) for _, mel in panels) * spec.hop_length / spec.sr)
    tick_bands(axes[0], spec)
    figure.supylabel("frequency (Hz)", fontsize=MEDIUM, color=INK)
    bar = figure.colorbar(image, ax=list(axes), aspect=40, pad=0.02, ticks=range(-80, 1, 20))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK)
    bar.set_label("level relative to the original's maximum (dB)", color=INK, fontsize=MEDIUM)
    return typeset(figure)


def tick_bands(ax: Axes, spec: Preprocessing) -> None:
    """Name bands by their frequency, as many as there is room for."""
    filters = mel_filters(spec.sr, spec.n_fft, spec.n_mels, spec.fmin, spec.top_hz, spec.mel_scale)
    weights, hz = filters.sum(axis=1), np.fft.rfftfreq(spec.n_fft, 1 / spec.sr)
    heard = weights > 0  # narrow bands lie between two bins and hear nothing
    centres = (filters @ hz)[heard] / weights[heard]
    places: dict[int, float] = {}
    for tick in TICKS_HZ:
        if not centres[0] <= tick <= centres[-1]:
            continue
        place = float(np.interp(tick, centres, np.flatnonzero(heard) + 0.5))
        if all(place - other >= LEAST_TICKS_APART * spec.n_mels for other in places.values()):
            places[tick] = place
    ax.set_yticks(list(places.values()), [f"{tick:,}" for tick in places])
