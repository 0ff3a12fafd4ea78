"""Facts about pictures of a corpus: all is legible, and what is drawn is what was counted."""

import itertools
from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from genrenet.corpus.census import by_genre, by_side
from genrenet.learning.canvas import save
from genrenet.learning.corpus_plots import FILLS, REST, corpus_pictures
from tests.learning.test_plots import LONG, contains, texts, words
from tests.tables import catalog, counted

MANY = "thirty genres in any script"
CORPORA = {
    "two genres": catalog({"blues": [3, 2, 1], "metal": [2, 2, 2]}),
    MANY: catalog({f"{LONG[n % len(LONG)]} {n}": [1 + n, 2, 1, *[1] * n] for n in range(30)}),
    "one track": catalog({"blues": [1]}),
    "an hour beside a second": catalog({"a": [2], "b": [1]}, duration_s=[1.0, 3_600.0, 30.0]),
    "twelve carriers": catalog({"a": [6], "b": [6]}, sr=[8_000 + n for n in range(12)]),
}
each_corpus = pytest.mark.parametrize("corpus", CORPORA)


@cache
def drawn(corpus):
    """All pictures of a corpus, by name."""
    return corpus_pictures(counted(CORPORA[corpus]))


@each_corpus
def test_nothing_is_cut_or_covered(corpus):
    """Every text lies inside the sheet and on no other."""
    for name, figure in drawn(corpus).items():
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
        sheet = figure.bbox.padded(0.5)  # half a pixel of rounding
        pairs = itertools.combinations(boxes, 2)

        assert [(name, text) for text, box in boxes if not contains(sheet, box)] == []
        assert [(name, a, b) for (a, one), (b, other) in pairs if one.overlaps(other)] == []


@each_corpus
def test_a_picture_says_what_it_shows(corpus):
    """A title, a label for each axis of figures, a name for each line."""
    n_genres = CORPORA[corpus]["genre"].nunique()
    for figure in drawn(corpus).values():
        names = [label.get_text() for label in figure.axes[0].get_yticklabels()]

        assert figure.get_suptitle()
        assert all(ax.get_xlabel() for ax in figure.axes)
        assert len(list(filter(None, names))) == n_genres


def test_a_file_is_800_pixels_wide_and_the_same_each_time(tmp_path):
    """Equal bytes: a pipeline sees no change where there is none."""
    for path in (tmp_path / "one.png", tmp_path / "two.png"):
        save(corpus_pictures(counted(CORPORA["two genres"]))["carriers"], path)

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.width == 800


def lengths(ax):
    """Lengths of the bars, by bar and line."""
    return np.array([[bar.get_width() for bar in bars] for bars in ax.containers])


def test_bars_are_as_long_as_there_are_tracks_and_hours():
    """The first thing that one wants to know of a corpus."""
    rows, (left, right) = by_genre(counted(CORPORA[MANY])), drawn(MANY)["genres"].axes

    assert lengths(left)[0].tolist() == rows["n_tracks"].tolist()
    assert lengths(right)[0] * 3_600 == pytest.approx(rows["audio_s"])


@pytest.mark.parametrize("name", ["groups", "carriers", "split"])
def test_the_parts_of_a_line_are_the_whole(name):
    """Each genre's tracks are 100 %."""
    assert lengths(drawn(MANY)[name].axes[0]).sum(axis=0) == pytest.approx(100)


def test_sides_are_drawn_as_they_were_counted():
    """In the order in which they are used."""
    n_tracks = by_side(counted(CORPORA["two genres"]))[0].to_numpy()

    percent = lengths(drawn("two genres")["split"].axes[0]).T

    assert percent == pytest.approx(100 * n_tracks / n_tracks.sum(axis=1, keepdims=True))


def test_of_many_carriers_the_rest_is_grey():
    """Six can be told apart; it says how many the rest are."""
    figure = drawn("twelve carriers")["carriers"]
    colors = [bars[0].get_facecolor()[:3] for bars in figure.axes[0].containers]

    assert colors == [to_rgb(color) for color in (*FILLS, REST)]
    assert "6 others" in words(figure)


def properties(tracks):
    """The panels of duration, level and noise floor."""
    return corpus_pictures(counted(tracks))["properties"].axes


def test_the_spread_of_a_property_is_drawn():
    """The dot is the median of the genre's tracks."""
    tracks = catalog({"a": [5], "b": [3]}, duration_s=[1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 8.0, 9.0])

    (dots,) = properties(tracks)[0].lines

    assert dots.get_xdata().tolist() == [3, 8]


def test_equal_durations_look_equal():
    """A hundredth of a second is not drawn as wide as the sheet."""
    tracks = catalog({"a": [2], "b": [2]}, duration_s=[5.00, 5.01, 4.99, 5.00])

    assert properties(tracks)[0].get_xlim()[0] == 0


def test_what_would_say_nothing_is_not_drawn():
    """One format, and no group that anybody knows."""
    one = {"format": "WAV PCM_16", "sr": 8_000, "channels": 1, "group_known": False}

    pictures = corpus_pictures(counted(catalog({"a": [3], "b": [2]}, **one)))

    assert pictures.keys() == {"genres", "properties", "split"}
