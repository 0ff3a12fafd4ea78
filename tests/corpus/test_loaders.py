"""Loaders: published data sets as mirdata knows them, made small; its checksums hold for them."""

import hashlib
import json
import sys

import pandas as pd
import pytest
from pydantic import ValidationError

from genrenet.corpus.layouts import read_corpus
from genrenet.errors import DataError, ParamsError
from genrenet.sections.corpus import Corpus
from tests.signals import noise, write

SR = 8_000
INDEXES = {
    "ballroom": "ballroom_full_index_1.0.json",
    "groove_midi": "groove_midi_index_1.0.0.json",
    "medleydb_melody": "medleydb_melody_index_5.0.json",
}
OTHERS = ("beats", "tempo", "midi", "melody1", "melody2", "melody3")


@pytest.fixture
def data_set(tmp_path):
    """Write a small data set with mirdata's index of it, and read it."""

    def read(loader, files, **settings):
        folder = tmp_path / "corpus"
        tracks = {}
        for number, (track_id, path) in enumerate(files.items()):
            written = write(folder / path, noise(sr=SR, duration_s=1, seed=number), SR)
            md5 = hashlib.md5(written.read_bytes(), usedforsecurity=False).hexdigest()
            tracks[track_id] = {"audio": [path, md5]} | {kind: [None, None] for kind in OTHERS}
        (folder / INDEXES[loader]).write_text(
            json.dumps({"version": "1.0", "tracks": tracks}), "utf-8"
        )
        return again(loader, **settings)

    def again(loader, **settings):
        (tmp_path / "labels.csv").write_text("track_id,genre\n", "utf-8")
        paths = {"path": str(tmp_path / "corpus"), "labels": str(tmp_path / "labels.csv")}
        return read_corpus(Corpus(layout="mirdata", loader=loader, **paths | settings))

    read.again = again
    return read


BALLROOM = {"1": "B_1.0/audio/Waltz/1.wav", "2": "B_1.0/audio/Tango/2.wav"}


def test_a_data_set_s_tracks_have_its_ids_and_genres(data_set):
    """Where its files lie, mirdata knows."""
    listing = data_set("ballroom", BALLROOM)

    assert [(t.track_id, t.path, t.genre, t.group, t.problem) for t in listing.tracks] == [
        ("1", BALLROOM["1"], "waltz", None, None),
        ("2", BALLROOM["2"], "tango", None, None),
    ]
    assert listing.warnings == ()


def test_a_file_with_another_checksum_has_a_problem(data_set, tmp_path):
    """It is another version, or damaged; the others are used."""
    data_set("ballroom", BALLROOM)
    write(tmp_path / "corpus" / BALLROOM["2"], noise(sr=SR, duration_s=1, seed=9), SR)

    good, bad = data_set.again("ballroom").tracks

    assert good.problem is None
    assert "its checksum is not the published one" in bad.problem


def test_files_that_are_not_there_are_told(data_set, tmp_path):
    """How many, and one of them; the catalog quarantines each."""
    data_set("ballroom", BALLROOM)
    (tmp_path / "corpus" / BALLROOM["1"]).unlink()

    listing = data_set.again("ballroom")

    assert listing.warnings == (f"1 files of ballroom are not there, '{BALLROOM['1']}' for one",)
    assert [track.problem for track in listing.tracks] == [None, None]


@pytest.fixture
def grooves(data_set, tmp_path):
    """A data set whose labels, players and sides stand in a table of its own."""
    files = {f"drummer{n}/{n}": f"drummer{n}/{n}.wav" for n in (1, 2, 3)}
    (tmp_path / "corpus").mkdir()
    columns = {
        "id": list(files),
        "drummer": ["drummer1", "drummer2", "drummer1"],
        "style": ["funk/groove1", "latin", ""],
        "split": ["train", "validation", "test"],
        "bpm": 120,
        "duration": 1.0,
    }
    pd.DataFrame(columns).to_csv(tmp_path / "corpus/info.csv", index=False)
    return lambda **columns: data_set("groove_midi", files, columns=columns)


def test_attributes_may_be_named(grooves):
    """Labels, groups and official sides have many names; a track without a label is left out."""
    listing = grooves(genre="style", group="drummer", split="split")

    assert [(t.genre, t.group, t.split) for t in listing.tracks] == [
        ("funk/groove1", "drummer1", "train"),
        ("latin", "drummer2", "validation"),
    ]
    assert listing.warnings == (
        "1 tracks of groove_midi have no recording or not one genre: left out",
    )


def test_an_attribute_that_tracks_lack_is_refused_with_those_that_they_have(grooves):
    """Without the work of finding their values out."""
    with pytest.raises(
        DataError, match=r"gives no 'genre' .*Name what .*: audio, .*drummer, .*style"
    ):
        grooves()


def test_an_attribute_that_does_not_fit_is_refused(grooves):
    """By its track."""
    with pytest.raises(DataError, match=r"the track drummer1/1 .*'drummer1' is no fold"):
        grooves(genre="style", fold="drummer")
    with pytest.raises(DataError, match=r"'duration' of the track drummer1/1 .* is 1.0; exp"):
        grooves(genre="duration")
    with pytest.raises(ParamsError, match=r"corpus.columns: start_s is no column"):
        grooves(genre="style", start_s="duration")


def test_a_data_set_s_table_that_is_not_there_is_told(grooves, data_set, tmp_path):
    """It says what is to be fetched."""
    grooves(genre="style")
    (tmp_path / "corpus/info.csv").unlink()

    with pytest.raises(DataError, match=r"gives no 'style' \(Metadata not found"):
        data_set.again("groove_midi", columns={"genre": "style"})


def test_artists_are_groups_where_tracks_name_them(data_set, tmp_path):
    """Nobody has to say so."""
    files = {"MusicDelta_Rock": "audio/1.wav", "Bo_One": "audio/2.wav"}
    (tmp_path / "corpus").mkdir()
    about = {"title": "x", "is_excerpt": False, "is_instrumental": False, "n_sources": 2}
    known = {i: {"artist": i.split("_")[0], "genre": "Rock"} | about for i in files}
    (tmp_path / "corpus/medleydb_melody_metadata.json").write_text(json.dumps(known), "utf-8")
    tracks = data_set("medleydb_melody", files).tracks

    assert [(t.genre, t.group) for t in tracks] == [("Rock", "Bo"), ("Rock", "MusicDelta")]


def test_an_index_that_is_not_there_is_told_with_the_command_that_fetches_it(data_set, tmp_path):
    """Nothing is fetched behind anybody's back."""
    (tmp_path / "corpus").mkdir()

    with pytest.raises(DataError, match=r"initialize\('tinysol'\).download\(\['index'\]\)"):
        data_set.again("tinysol")


def test_an_index_that_is_none_is_refused(data_set, tmp_path):
    """A page of HTML, say, that a download has left."""
    data_set("ballroom", BALLROOM)
    (index,) = (tmp_path / "corpus").glob("*.json")
    for text in ("<html>", '{"multitracks": {}}'):
        index.write_text(text, "utf-8")

        with pytest.raises(DataError, match="is no index of tracks"):
            data_set.again("ballroom")


@pytest.mark.parametrize(
    ("loader", "message"),
    [
        ("gtzan", "no data set 'gtzan'. Did you mean 'gtzan_genre'?"),
        ("qqq", "no data set 'qqq'. It has acousticbrainz_genre, "),
        ("gtzan_genre:9.9", "'gtzan_genre:9.9' has no such version. Available versions"),
        ("dali", "dali needs more packages: pip install 'mirdata[dali]'"),
    ],
)
def test_a_data_set_that_mirdata_does_not_know_is_refused(data_set, tmp_path, loader, message):
    """With the nearest name."""
    (tmp_path / "corpus").mkdir()

    with pytest.raises(ParamsError) as caught:
        data_set.again(loader)

    assert message in str(caught.value)


def test_without_mirdata_the_error_names_the_extra(data_set, tmp_path, monkeypatch):
    """It is asked for only where it is needed."""
    (tmp_path / "corpus").mkdir()
    monkeypatch.setitem(sys.modules, "mirdata", None)

    with pytest.raises(ParamsError, match=r"not installed: pip install 'genrenet\[mirdata\]'"):
        data_set.again("ballroom")


@pytest.mark.parametrize("layout", ["mirdata", "folders"])
def test_layout_and_loader_belong_together(layout):
    """One without the other would do nothing."""
    with pytest.raises(ValidationError, match="the loader is the name of mirdata's data set"):
        Corpus(layout=layout, loader=None if layout == "mirdata" else "ballroom")
