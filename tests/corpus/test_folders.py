"""Folders: genre, artist and album from the places where files lie."""

import pytest
from pydantic import ValidationError

from genrenet.sections.corpus import Corpus


def test_the_folder_is_the_genre_and_the_next_one_the_group(tracks_in):
    """genre/artist/album/file: the outermost folder under the genre keeps most apart."""
    track = tracks_in("jazz/artist/album/song.mp3")["jazz/artist/album/song.mp3"]

    assert (track.genre, track.group) == ("jazz", "artist")


def test_without_a_folder_the_group_is_not_known(tracks_in):
    """It is not the genre, nor the file."""
    assert tracks_in("jazz/song.mp3")["jazz/song.mp3"].group is None


def test_tracks_come_sorted_by_id(tracks_in):
    """Whatever the file system's order."""
    assert list(tracks_in("b/2.wav", "a/10.wav", "a/9.wav")) == ["a/10.wav", "a/9.wav", "b/2.wav"]


def test_droppings_of_other_programs_are_passed_over(tracks_in):
    """Hidden ones, pictures, and files beside the genres; more in ``test_recordings``."""
    droppings = ["a/._1.wav", "a/.hidden/1.wav", ".Trash/a/1.wav", "a/cover.jpg", "loose.wav"]

    assert set(tracks_in("a/1.wav", *droppings)) == {"a/1.wav"}


def test_suffixes_in_capitals_are_suffixes(tracks_in):
    """Recorders write .WAV."""
    assert set(tracks_in("a/1.WAV")) == {"a/1.WAV"}


def test_both_forms_of_a_unicode_name_are_one_genre_and_one_group(tracks_in):
    """A Mac writes é as two signs: else there were two classes of one name."""
    names = ["caf\u00e9/ren\u00e9/1.wav", "cafe\u0301/rene\u0301/2.wav"]
    tracks = tracks_in(*names)

    assert {(track.genre, track.group) for track in tracks.values()} == {("café", "rené")}
    assert sorted(tracks) == ["café/rené/1.wav", "café/rené/2.wav"]
    assert sorted(track.path for track in tracks.values()) == sorted(names)


def test_names_that_differ_in_case_alone_are_two_tracks(tracks_in):
    """As the disk has it."""
    assert set(tracks_in("a/A.wav", "a/a.wav")) == {"a/A.wav", "a/a.wav"}


@pytest.mark.parametrize(
    "name", ["شور/استاد/آواز ۱.flac", "bossa nova/Zé/à côté #1.ogg", "三/四/五.wav"]
)
def test_names_in_any_script_are_kept(tracks_in, name):
    """As they are, spaces and signs included."""
    track = tracks_in(name)[name]

    assert [track.genre, track.group] == name.split("/")[:2]


def test_an_album_s_folder_is_the_group(tracks_in):
    """album/genre/file, as archives of one artist's or one label's records are kept."""
    names = ["album 1/shur/1.mp3", "album 1/mahur/2.mp3", "album 2/shur/disc 1/3.mp3"]
    tracks = tracks_in(*names, layout="albums", group_level="album")

    assert [(track.genre, track.group) for track in tracks.values()] == [
        *(("mahur", "album 1"), ("shur", "album 1"), ("shur", "album 2")),
    ]


def test_files_of_an_album_and_no_genre_are_told(listing_of):
    """Else nobody would miss them."""
    names = ["album/shur/1.mp3", "album/2.mp3", "album/3.mp3", "cover.wav"]
    listing = listing_of(*names, layout="albums", group_level="album")

    assert [track.track_id for track in listing.tracks] == ["album/shur/1.mp3"]
    assert "2 files lie in an album and in no genre, 'album/2.mp3' for one" in listing.warnings[0]


def test_albums_say_nothing_of_performers():
    """Two albums of one performer would stand on two sides under a certificate for performers."""
    with pytest.raises(ValidationError, match="does not say who plays; set group_level: album"):
        Corpus(layout="albums")
