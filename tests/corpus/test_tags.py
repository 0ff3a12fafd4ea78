"""Tags: whose music the files themselves say that they hold, in every format that is read."""

import sys

import mutagen
import pytest
import soundfile as sf
from mutagen.id3 import ID3, TALB, TMCL, TPE1, TPE2
from pydantic import ValidationError

from genrenet.corpus.layouts import read_tracks
from genrenet.corpus.tags import read_tags
from genrenet.errors import ParamsError
from genrenet.sections.corpus import Corpus
from tests.damaged import BAD
from tests.signals import noise, write

SR = 8_000
COMMENTS = [("flac", None), ("ogg", "VORBIS"), ("ogg", "OPUS")]


def recording(path, subtype=None):
    """A second of noise."""
    return write(path, noise(sr=SR, duration_s=1), SR, subtype)


@pytest.fixture
def groups(tmp_path):
    """Read the groups of the corpus, by file."""

    def read(level="performer"):
        (tmp_path / "labels.csv").write_text("track_id,genre\n", "utf-8")
        labels = str(tmp_path / "labels.csv")
        path = str(tmp_path / "corpus")
        corpus = Corpus(path=path, layout="tags", group_level=level, labels=labels)
        return {track.track_id: track.group for track in read_tracks(corpus)}

    return read


@pytest.mark.parametrize(("suffix", "subtype"), COMMENTS)
def test_vorbis_comments_name_performers_and_albums(tmp_path, suffix, subtype):
    """In FLAC, Ogg Vorbis and Opus; who plays what is no part of the name."""
    path = recording(tmp_path / f"1.{suffix}", subtype)
    file = mutagen.File(path)
    file["performer"], file["artist"] = ["علیزاده (تار)", "Bo  (zarb)"], ["شجریان"]
    file["albumartist"], file["album"] = ["Various"], ["بیداد"]
    file.save()

    assert read_tags(path) == {
        "performer": ("علیزاده", "Bo"),
        "artist": ("شجریان",),
        "albumartist": ("Various",),
        "album": ("بیداد",),
    }


@pytest.mark.parametrize("suffix", ["mp3", "wav", "aiff"])
def test_id3_names_performers_and_albums(tmp_path, suffix):
    """In MP3, and where WAV and AIFF have it."""
    path = recording(tmp_path / f"1.{suffix}")
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    frames = [
        TPE1(text=["Ana", "Bo"]),
        TPE2(text="Orchestra"),
        TALB(text="लोक"),
        TMCL(people=[["tar", "Cy"]]),
    ]
    for frame in frames:
        file.tags.add(frame)
    file.save()

    assert read_tags(path) == {
        "artist": ("Ana", "Bo"),
        "albumartist": ("Orchestra",),
        "album": ("लोक",),
        "performer": ("Cy",),
    }


@pytest.mark.parametrize("suffix", ["wav", "caf", "aiff", "rf64"])
def test_text_chunks_name_artists(tmp_path, suffix):
    """As recorders and editors write them."""
    path = tmp_path / f"1.{suffix}"
    with sf.SoundFile(path, "w", SR, 1) as file:
        file.artist = "Ärt"
        file.write(noise(sr=SR, duration_s=1))

    assert read_tags(path) == {"artist": ("Ärt",)}


def test_id3_of_the_first_version_will_do(tmp_path):
    """128 bytes at the end, as the oldest collections have them."""
    path = recording(tmp_path / "1.mp3")
    ID3().save(path, v1=0)
    tag = b"TAG" + b"".join(text.ljust(30, b"\0") for text in (b"Title", b"Artist", b"Album"))
    path.write_bytes(path.read_bytes() + tag.ljust(127, b"\0") + b"\x0c")

    assert read_tags(path) == {"artist": ("Artist",), "album": ("Album",)}


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "aiff", "au", "w64", "caf"])
def test_a_file_without_tags_names_nobody(tmp_path, suffix):
    """Its group is not known."""
    assert read_tags(recording(tmp_path / f"1.{suffix}")) == {}


@pytest.mark.parametrize(("name", "make", "_reason"), BAD, ids=[name for name, *_ in BAD])
def test_a_file_that_cannot_be_read_names_nobody(tmp_path, name, make, _reason):
    """Why it cannot, the quarantine says; the others are read."""
    make(tmp_path / name)

    assert read_tags(tmp_path / name) == {}


def test_files_are_grouped_by_whom_they_name(tmp_path, groups):
    """The most telling tag counts; folders say nothing here."""
    tags = {
        "shur/x/1.flac": {"artist": "Ana", "album": "one"},
        "shur/x/2.flac": {"performer": "Bo", "artist": "Ana", "album": "one"},
        "mahur/y/3.flac": {"artist": "ana", "album": "two"},
        "mahur/y/4.flac": {"albumartist": "Cy"},
        "mahur/y/5.flac": {"album": "two"},
    }
    for name, texts in tags.items():
        file = mutagen.File(recording(tmp_path / "corpus" / name))
        file.update(texts)
        file.save()

    assert list(groups().values()) == ["Ana", "Cy", None, "Ana", "Bo"]
    assert list(groups("album").values()) == ["two", None, "two", "one", "one"]


def test_tags_do_not_tell_recordings_apart():
    """They name performers and albums."""
    with pytest.raises(ValidationError, match="tags name performers and albums"):
        Corpus(layout="tags", group_level="recording")


def test_without_mutagen_it_is_said_how_to_get_it(tmp_path, groups, monkeypatch):
    """It is an extra."""
    recording(tmp_path / "corpus/jazz/a.flac")
    monkeypatch.setitem(sys.modules, "mutagen", None)

    with pytest.raises(ParamsError, match=r"genrenet\[tags\]"):
        groups()
