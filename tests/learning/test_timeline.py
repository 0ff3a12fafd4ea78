"""The timeline: every window in its time, the two genres in question on top."""

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import QuadMesh

from genrenet.learning.canvas import save
from genrenet.learning.timeline import picture_name, timeline
from tests.learning.test_plots import LONG, contains, texts

WINDOW_S = 3.0


def draw(n_windows, names, *, hop_s=1.5, title="jazz/artist 3/track 2.wav"):
    """A figure of random probabilities, and what it was made from."""
    y_prob = np.random.default_rng(0).dirichlet([0.4] * len(names), n_windows)
    probabilities = dict(zip(names, y_prob.T, strict=True))
    start_s = hop_s * np.arange(n_windows)
    figure = timeline(
        start_s,
        probabilities,
        given=names[0],
        likelier=names[1],
        window_s=WINDOW_S,
        title=title,
    )
    return figure, probabilities


FIGURES = {
    "two genres, one window": lambda: draw(1, LONG[:2]),
    "four genres": lambda: draw(20, LONG[:4]),
    "all genres, ten minutes": lambda: draw(400, LONG, title="شور " * 40),
}
each_figure = pytest.mark.parametrize("figure", [d()[0] for d in FIGURES.values()], ids=FIGURES)


@each_figure
def test_nothing_is_cut_or_covered(figure):
    """For long and non-Latin names too, however many genres there are."""
    boxes = [text.get_window_extent() for text in texts(figure)]
    sheet = figure.bbox.padded(0.5)  # half a pixel of rounding

    assert all(contains(sheet, box) for box in boxes)
    assert not any(one.overlaps(other) for n, one in enumerate(boxes) for other in boxes[n + 1 :])


@each_figure
def test_it_says_what_is_drawn(figure):
    """Axes, scale and the two genres in question."""
    found = [text.get_text() for text in texts(figure)]

    assert {"time (min:s)", "probability", "mean"} <= set(found)
    assert sum(text.startswith(("likelier: ", "given: ")) for text in found) == 2


def test_cells_are_the_windows_probabilities():
    """Likelier, given, then the others by their means; beyond seven rows one holds the rest."""
    figure, probabilities = draw(8, list("abcdefghi"))
    (cells,) = figure.axes[0].findobj(QuadMesh)
    values = np.asarray(cells.get_array())

    others = sorted("cdefghi", key=lambda name: -probabilities[name].mean())
    expected = [probabilities[name] for name in ["b", "a", *others[:4]]]
    expected.append(sum(probabilities[name] for name in others[4:]))
    assert values == pytest.approx(np.stack(expected))


def test_up_to_seven_genres_have_a_row_each():
    """A row for "1 others" would say less in the same place."""
    figure, _ = draw(8, list("abcdefg"))

    assert not any("others" in text.get_text() for text in texts(figure))


def test_a_window_stands_at_its_middle():
    """From the first one's beginning to the last one's end; between them half-way."""
    figure, _ = draw(3, ["a", "b"])
    (cells,) = figure.axes[0].findobj(QuadMesh)

    assert cells.get_coordinates()[0, :, 0].tolist() == [0.0, 2.25, 3.75, 6.0]


@given(st.lists(st.text(max_size=80), unique=True, max_size=10))
def test_a_picture_has_a_name_for_every_disk(ids):
    """Letters, digits and dashes; two ids never share one, also where case does not count."""
    names = [picture_name(track_id) for track_id in ids]

    allowed = set(string.ascii_letters + string.digits + "-")
    assert all(set(name.removesuffix(".png")) <= allowed and len(name) < 100 for name in names)
    assert len({name.lower() for name in names}) == len(ids)


def test_the_picture_of_a_persian_track_is_saved(tmp_path):
    """And is readable as what it is, where the id is."""
    save(draw(4, ["شور", "سه‌گاه"])[0], tmp_path / picture_name("شور/۱.mp3"))

    assert len(list(tmp_path.glob("*.png"))) == 1
    assert picture_name("jazz/Trio X/a b.wav").startswith("jazz-Trio-X-a-b-wav-")
