"""A preview: what the stage would make of a track, to be heard and seen, and nothing else."""

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from matplotlib.text import Text
from PIL import Image

from flows import preview as module
from flows.preview import find, preview
from genrenet.corpus.tracks import CATALOG, CATALOG_SCHEMA, write_table
from genrenet.errors import DataError
from genrenet.features.augment import draw
from genrenet.features.preprocessing import extract_copies
from genrenet.features.preview import in_words, versions
from genrenet.learning.spectrograms import spectrograms
from genrenet.params import Params
from genrenet.sections.augment import Augment
from genrenet.transforms import Gain
from tests.signals import tune, write

SR = 22_050


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with one track, of which the catalog knows."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "corpus" / "shur" / "one.wav", tune(sr=44_100, duration_s=4), 44_100)
    know(row("shur/one.wav", **HEADER))
    return tmp_path


HEADER = {"duration_s": 4.0, "sr": 44_100, "channels": 1, "format": "WAV", "content_hash": "00"}


def row(track_id, **values):
    """A row of the catalog."""
    known = {"path": track_id, "genre": "shur", "group_known": False, "start_s": 0.0}
    return dict.fromkeys(CATALOG_SCHEMA.names) | known | {"track_id": track_id} | values


def know(*rows):
    """Write the catalog."""
    write_table(pd.DataFrame(rows), CATALOG, CATALOG_SCHEMA)


def settings(**augment):
    """Settings of a project whose corpus is in ``corpus``."""
    copies = {"method": "render", **augment}
    return Params.model_validate({"corpus": {"path": "corpus"}, "augment": copies})


def files(folder):
    """Every file under a folder, with its bytes."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_original_and_its_copies_can_be_heard(folder):
    """At the rate of the features, each as long as its tempo makes it, named for its draw."""
    params = settings(pitch_semitones=0, probability=1, snr_db=[20, 20])

    preview(params, "shur/one.wav", folder / "out")

    rate = draw(params.augment, "shur/one.wav", 1).stretch_rate
    sounds = {path.name: sf.info(path) for path in (folder / "out").glob("*.wav")}
    assert {info.samplerate for info in sounds.values()} == {SR}
    assert sounds["original.wav"].frames == 4 * SR
    assert sounds[f"copy-1_tempo{rate:.2f}_noise20dB.wav"].frames == round(4 * SR / rate)


def test_nothing_is_touched_but_the_folder(folder):
    """No output of a stage, nothing of DVC's."""
    before = files(folder)
    preview(settings(), "shur/one.wav", folder / "out")

    after = files(folder)
    assert {name: after[name] for name in before} == before
    assert {name.parts[0] for name in after.keys() - before.keys()} == {"out"}


def test_an_earlier_preview_is_replaced(folder):
    """Its names say what was drawn then."""
    for seed in (0, 1):
        preview(settings(copies=3, seed=seed), "shur/one.wav", folder / "out")

    assert len(list((folder / "out").glob("*.wav"))) == 4


@pytest.mark.parametrize("method", ["render", "warp"])
def test_the_picture_shows_what_training_sees(folder, method):
    """The very frames that the stage cuts into windows, for both ways."""
    params = settings(copies=1, method=method)
    path, spec = folder / "corpus" / "shur" / "one.wav", params.features.specification

    copy = versions(path, spec, params.augment, "shur/one.wav")[1]

    what, windows = extract_copies(path, spec, params.augment, "shur/one.wav")[0]
    assert copy.what == what
    starts = np.rint((windows.start_s - windows.start_s[0]) * SR / spec.hop_length).astype(int)
    for start, window in zip(starts, windows.features["mel"], strict=True):
        assert np.array_equal(copy.mel[start : start + len(window)], window)


def test_what_cannot_be_heard_is_said(folder, capsys):
    """Warp makes no audio."""
    preview(settings(method="warp"), "shur/one.wav", folder / "out")

    assert "what you hear are the same changes rendered" in capsys.readouterr().err


def test_a_louder_copy_is_not_clipped(folder):
    """All are softened alike, so that their levels can be compared."""
    params = settings(transforms=[{"name": "gain", "gain_db": [30, 30], "probability": 1}])

    preview(params, "shur/one.wav", folder / "out")

    sounds = np.concatenate([sf.read(path)[0] for path in (folder / "out").glob("*.wav")])
    assert np.abs(sounds).max() == pytest.approx(1, abs=0.001)
    assert np.sum(np.abs(sounds) > 0.999) < 4


@pytest.mark.parametrize(
    "path", ["corpus/shur/one.wav", "corpus/../corpus/./shur/one.wav", "link/one.wav", "one.wav"]
)
def test_a_file_that_is_a_track_is_that_track(folder, capsys, path):
    """By whichever links and points its path is spelt: its draws depend on the id."""
    (folder / "link").symlink_to("corpus/shur")
    (folder / "one.wav").symlink_to("link/one.wav")

    assert find(path, settings()).track_id == "shur/one.wav"
    assert capsys.readouterr().err == ""


def test_a_corpus_of_links_has_its_tracks(folder):
    """The track is where the catalog says, and where the link leads."""
    (folder / "corpus/shur/two.wav").symlink_to("one.wav")
    know(row("shur/two.wav", **HEADER))

    assert find("corpus/shur/one.wav", settings()).track_id == "shur/two.wav"


def test_a_file_that_is_no_track_will_do(folder, capsys):
    """Also where there is no catalog yet; its draws are then those of its name, which is said."""
    CATALOG.unlink()
    write(folder / "mine.flac", tune(sr=SR, duration_s=1), SR)

    assert find("mine.flac", settings()).path == str(folder / "mine.flac")
    assert f"not in the catalog: {folder / 'mine.flac'}" in capsys.readouterr().err.replace(
        "\n", " "
    )


def test_a_quarantined_track_beside_it_is_no_matter(folder):
    """Its row has no length, no rate and no format."""
    know(row("shur/bad.wav", problem="silent"), row("shur/one.wav", **HEADER))

    assert find("shur/one.wav", settings()).track_id == "shur/one.wav"


@pytest.mark.parametrize("asked", ["shur/bad.wav", "corpus/shur/bad.wav"])
def test_a_quarantined_track_is_answered_with_its_reason(folder, asked):
    """By its id or by its path."""
    know(row("shur/bad.wav", problem="the file has zero bytes"), row("shur/one.wav", **HEADER))

    with pytest.raises(DataError, match=r"'shur/bad.wav' cannot be used: the file has zero bytes"):
        find(asked, settings())


def test_of_a_recording_of_several_tracks_one_is_asked_for(folder):
    """Each has draws of its own."""
    know(*(row(i, path="shur/one.wav", **HEADER) for i in ("first", "second")))

    with pytest.raises(DataError, match=r"holds 2 tracks: first, second. Give one's id"):
        find("corpus/shur/one.wav", settings())
    assert find("second", settings()).track_id == "second"


def test_a_misspelt_track_is_answered_with_the_nearest(folder):
    """Ids are long."""
    with pytest.raises(DataError, match=r"Did you mean 'shur/one.wav'\?"):
        find("shr/one.wav", settings())


def test_of_a_long_recording_half_a_minute_is_used(folder, monkeypatch):
    """An hour would be neither heard nor readable."""
    monkeypatch.setattr("genrenet.features.preview.LONGEST_S", 1.5)
    preview(settings(), "shur/one.wav", folder / "out")

    assert sf.info(folder / "out" / "original.wav").frames == 1.5 * SR


@pytest.mark.parametrize("n_copies", [1, 6])
def test_no_word_of_the_picture_is_cut_or_covers_another(n_copies):
    """Whatever is drawn, with the longest names that there are."""
    every = (
        in_words(
            draw(Augment(method="render", probability=1, transforms=(Gain(probability=1),)), "t", 1)
        )
        + ", bands -6 to +6 dB, room 6 x 8 m, heard from 1.4 m, MP3 40 kbit/s, "
        + "street.wav 13 dB below"
    )
    spec = Params().features.specification
    mel = np.linspace(-60, 0, 400 * spec.n_mels).reshape(400, -1)
    panels = [("original", mel), *((f"copy {n}: {every}", mel) for n in range(n_copies))]

    figure = spectrograms(panels, spec, title="a/track/with/a/rather/long/name.wav: copies")

    figure.canvas.draw()
    page = figure.bbox
    boxes = [
        text.get_window_extent()
        for text in figure.findobj(Text)
        if text.get_text() and text.get_visible()
    ]
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
    bar = figure.axes[-1].get_window_extent()
    titles = [ax.title for ax in figure.axes] + [ax._left_title for ax in figure.axes]
    assert not any(t.get_text() and t.get_window_extent().overlaps(bar) for t in titles)


def test_the_picture_is_as_wide_as_the_others(folder):
    """800 pixels, a column on a page."""
    preview(settings(), "shur/one.wav", folder / "out")

    with Image.open(folder / "out" / "copies.png") as picture:
        assert picture.width == 800


def test_as_many_copies_are_shown_as_the_settings_have(folder):
    """At least three, so that one sees how draws differ."""
    preview(settings(copies=5), "shur/one.wav", folder / "out")
    preview(settings(copies=1), "shur/one.wav", folder / "few")

    assert len(list((folder / "out").glob("copy-*"))) == 5
    assert len(list((folder / "few").glob("copy-*"))) == module.LEAST_COPIES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preview", "no/such.wav"], "'no/such.wav' is neither a file nor one of the catalog's"),
        (["--out", "here"], "--out is for a preview"),
    ],
)
def test_what_can_be_mended_is_told_at_the_command_line(project, arguments, message):
    """With exit code 2 and without a traceback."""
    code, errors = project.run("flows.augment", *arguments)

    assert (code, message in " ".join(errors.split())) == (2, True)
    assert "Traceback" not in errors


def test_a_file_can_be_heard_from_the_command_line(project):
    """With default settings, and without catalog, DVC or Prefect."""
    write(project.folder / "mine.wav", tune(sr=SR, duration_s=1), SR)

    code, errors = project.run("flows.augment", "--preview", "mine.wav")

    assert code == 0, errors
    made = {path.name.split("_")[0] for path in (project.folder / "reports/preview/mine").iterdir()}
    assert made == {"original.wav", "copy-1", "copy-2", "copy-3", "copies.png"}
