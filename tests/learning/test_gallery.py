"""The gallery: spectrograms on one scale, with every word legible."""

import itertools

import numpy as np
import pytest
from PIL import Image

from genrenet.learning.canvas import save
from genrenet.learning.examples import Example
from genrenet.learning.gallery import gallery
from tests.learning.test_plots import contains, texts, words

FULL = (
    "1.9 semitones down, 14 % slower, white noise 24 dB below, gain +1 dB, bands -6 to +6 dB, "
    "room 6×8 m, heard from 1.4 m, MP3 40 kbit/s, street.wav 13 dB below"
)
IDS = (
    "shur/one.wav",
    "The Orchestra of the Old Town/Complete Recordings 1928-1937 (Remastered)/" * 4 + "01.flac",
    "シュール/" * 20 + "ひとつ.flac",
)


def example(spec, words, *, n_frames=200, seed=0):
    """A version of a recording that has the given length."""
    rng = np.random.default_rng(seed)
    return Example(words=words, mel=rng.uniform(-90, 3, (n_frames, spec.n_mels)))


def draw(spec, n_copies, ids=IDS[:2], genre="shur"):
    """Tracks with so many copies."""
    copies = [example(spec, FULL, n_frames=220, seed=n) for n in range(n_copies)]
    return gallery(genre, {i: [example(spec, "the original"), *copies] for i in ids}, spec)


@pytest.mark.parametrize("n_copies", [0, 1, 2])
@pytest.mark.parametrize("ids", [IDS[:1], IDS], ids=["one track", "long names"])
def test_nothing_is_cut_or_covered(spec, ids, n_copies):
    """With the longest names and the fullest draws."""
    figure = draw(spec, n_copies, ids, genre="Bayat-e Esfahan, as it is sung " * 5)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]

    sheet = figure.bbox.padded(0.5)  # half a pixel of rounding
    assert [text for text, box in boxes if not contains(sheet, box)] == []
    assert [
        (a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if one.overlaps(other)
    ] == []


def test_versions_stand_side_by_side_on_one_scale(spec):
    """Of time, of frequency and of level."""
    figure = draw(spec, 2)
    *panels, _bar = figure.axes

    assert {ax.get_xlim() for ax in panels} == {(0, 220 * spec.hop_length / spec.sr)}
    assert {ax.get_ylim() for ax in panels} == {(0, spec.n_mels)}
    assert {ax.images[0].get_clim() for ax in panels} == {(-80, 0)}
    assert len({round(ax.get_position().y0, 6) for ax in panels[:3]}) == 1


def test_each_is_labelled(spec):
    """With its genre, its id and what was drawn."""
    said = " ".join(words(draw(spec, 1))).replace("\n", " ")

    for label in ("shur", IDS[0], "the original", f"copy 1: {FULL}", "time (s)", "frequency (Hz)"):
        assert label in said


def test_a_track_without_copies_leaves_its_place_empty(spec):
    """Beside one that has some: it was lost, or is not of the train side."""
    some = {
        "a": [example(spec, "the original"), example(spec, "5 % faster")],
        "b": [example(spec, "the original")],
    }
    *panels, _bar = gallery("shur", some, spec).axes

    assert [ax.get_visible() for ax in panels] == [True, True, True, False]


def test_a_file_is_800_pixels_wide_and_the_same_each_time(spec, tmp_path):
    """Equal bytes: a pipeline sees no change where there is none."""
    for path in (tmp_path / "one.png", tmp_path / "two.png"):
        save(draw(spec, 1), path)

    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.width == 800
