"""Recordings: what is found below a folder, and what is passed over."""

import os
from pathlib import Path

import pytest

from genrenet.corpus.recordings import AUDIO, CLOSED, recordings
from genrenet.errors import DataError
from genrenet.features import signatures

DROPPINGS = [
    *("jazz/._1.wav", "jazz/.DS_Store", "jazz/Thumbs.db", "jazz/desktop.ini", "jazz/cover.jpg"),
    *("__MACOSX/jazz/._1.wav", "jazz/__MACOSX/1.wav", ".Trash/jazz/1.wav", "jazz/.hidden/1.wav"),
    *("jazz/@eaDir/1.wav/SYNOAUDIO.mp3", "$RECYCLE.BIN/jazz/1.wav", "lost+found/jazz/1.wav"),
    *("System Volume Information/jazz/1.wav", "jazz/1.txt", "jazz/notes"),
]


def make(folder, *names):
    """Empty files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(folder):
    """The recordings, as a list."""
    return list(recordings(folder))


def test_droppings_of_other_systems_are_passed_over(tmp_path):
    """macOS, Windows, Linux and network drives leave them; nobody has to clean up."""
    make(tmp_path, "jazz/1.wav", *DROPPINGS)

    assert found(tmp_path) == ["jazz/1.wav"]


def test_recordings_at_any_depth_come_sorted(tmp_path):
    """Whatever the file system's order."""
    make(tmp_path, "b.wav", "a/2.FLAC", "a/b/c/d.ogg", "a/10.mp3")

    assert found(tmp_path) == ["a/10.mp3", "a/2.FLAC", "a/b/c/d.ogg", "b.wav"]


def test_a_folder_may_have_the_name_of_a_recording(tmp_path):
    """And recordings in it."""
    make(tmp_path, "jazz/live.wav/1.wav")

    assert found(tmp_path) == ["jazz/live.wav/1.wav"]


def test_pipes_are_no_recordings(tmp_path):
    """Opening one would wait for ever."""
    make(tmp_path, "jazz/1.wav")
    os.mkfifo(tmp_path / "jazz/2.wav")

    assert found(tmp_path) == ["jazz/1.wav"]


def test_links_to_files_and_folders_are_followed(tmp_path):
    """A corpus may be made of links alone."""
    make(tmp_path / "disk", "miles/1.wav", "rock/band/2.wav")
    (tmp_path / "corpus/jazz").mkdir(parents=True)
    (tmp_path / "corpus/rock").symlink_to(tmp_path / "disk/rock")
    (tmp_path / "corpus/jazz/miles").symlink_to("../../disk/miles")
    (tmp_path / "corpus/jazz/one.wav").symlink_to(tmp_path / "disk/miles/1.wav")

    assert found(tmp_path / "corpus") == ["jazz/miles/1.wav", "jazz/one.wav", "rock/band/2.wav"]


def test_a_circle_of_links_ends(tmp_path):
    """A folder is not entered from within itself: up, to itself, or over another genre."""
    make(tmp_path, "jazz/a/1.wav", "rock/2.wav")
    (tmp_path / "jazz/a/up").symlink_to(tmp_path)
    (tmp_path / "jazz/a/here").symlink_to(".")
    (tmp_path / "rock/jazz").symlink_to(tmp_path / "jazz")
    (tmp_path / "jazz/rock").symlink_to(tmp_path / "rock")

    assert found(tmp_path) == ["jazz/a/1.wav", "jazz/rock/2.wav", "rock/2.wav", "rock/jazz/a/1.wav"]


def test_a_recording_s_link_to_nowhere_is_listed(tmp_path):
    """It has its place in the quarantine; another file's is nobody's loss."""
    make(tmp_path, "jazz/1.wav")
    (tmp_path / "jazz/2.wav").symlink_to("gone.wav")
    (tmp_path / "jazz/3.wav").symlink_to("3.wav")
    (tmp_path / "jazz/cover.jpg").symlink_to("gone.jpg")

    assert found(tmp_path) == ["jazz/1.wav", "jazz/2.wav", "jazz/3.wav"]


@pytest.mark.parametrize("name", ["rock", "St. Germain"])
def test_a_folder_s_link_to_nowhere_is_refused(tmp_path, name):
    """A disk that is not there would silently be a genre less."""
    make(tmp_path, "jazz/1.wav")
    (tmp_path / name).symlink_to("/nowhere/rock")

    with pytest.raises(DataError, match=rf"{name}' leads nowhere; '/nowhere/rock' is not there"):
        found(tmp_path)


def test_a_folder_that_may_not_be_listed_is_refused(tmp_path):
    """What it holds is not known. Here a folder that was a file when it was opened."""
    make(tmp_path, "jazz/1.wav")

    with pytest.raises(DataError, match=r"1.wav' cannot be listed \(Not a directory\)"):
        found(tmp_path / "jazz/1.wav")


def test_sound_that_is_not_read_is_listed_until_it_is_converted(tmp_path):
    """It is quarantined with the way out; then the new file beside it counts."""
    make(tmp_path, "jazz/1.m4a", "jazz/2.WMA", "jazz/3.mp4")
    assert found(tmp_path) == ["jazz/1.m4a", "jazz/2.WMA", "jazz/3.mp4"]

    make(tmp_path, "jazz/1.flac", "jazz/2.flac")
    assert found(tmp_path) == ["jazz/1.flac", "jazz/2.flac", "jazz/3.mp4"]


@pytest.mark.parametrize("name", ["1.WAV", "1.Flac"])
def test_a_converted_recording_may_have_its_suffix_in_capitals(tmp_path, name):
    """Its name itself is compared as it is."""
    make(tmp_path, "jazz/1.M4A", f"jazz/{name}", "jazz/a.m4a", "jazz/A.WAV")

    assert found(tmp_path) == [f"jazz/{name}", "jazz/A.WAV", "jazz/a.m4a"]


def test_every_suffix_of_a_known_kind_is_looked_at():
    """Else the file would be passed over, although its bytes have a name and a way out."""
    kinds = [kind for *_, kind in signatures.SIGNATURES]
    kinds += [signatures.MPEG4, signatures.AAC, signatures.TRANSPORT]

    assert frozenset().union(*(kind.suffixes for kind in kinds)) <= AUDIO | CLOSED


def test_a_name_that_is_no_text_is_refused(tmp_path):
    """It cannot stand in a table; the message shows the bytes."""
    make(tmp_path, "jazz/\udcff.wav")

    with pytest.raises(DataError, match=r"'jazz/\\udcff.wav' is not valid UTF-8. Rename"):
        found(tmp_path)


def test_nothing_is_written(tmp_path):
    """Not even a time of access in a folder's own record: a corpus may be read-only."""
    make(tmp_path, "jazz/1.wav", "jazz/2.m4a")
    before = [(path, path.stat().st_mtime_ns) for path in sorted(tmp_path.rglob("*"))]
    found(tmp_path)

    assert before == [(Path(p), p.stat().st_mtime_ns) for p in sorted(tmp_path.rglob("*"))]
