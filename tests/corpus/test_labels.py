"""Labels: corrected track by track, then renamed as a whole."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.labels import renamed
from genrenet.corpus.layouts import read_tracks
from genrenet.corpus.tracks import Track
from genrenet.errors import DataError
from genrenet.sections.corpus import Corpus


def test_a_correction_in_another_unicode_form_finds_its_track(tracks_in):
    """Written in an editor elsewhere."""
    labels = "track_id,genre\nb/cafe\u0301.wav,c\n"

    assert tracks_in("b/caf\u00e9.wav", labels=labels)["b/café.wav"].genre == "c"


def test_corrections_override_genre_and_group(tracks_in):
    """Each where it is given; the other tracks stay as they are."""
    labels = "track_id,genre,group\na/1.wav,b,artist\na/2.wav,,artist\na/3.wav, c ,\n"
    tracks = tracks_in("a/1.wav", "a/2.wav", "a/3.wav", "a/4.wav", labels=labels)

    assert [(track.genre, track.group) for track in tracks.values()] == [
        *(("b", "artist"), ("a", "artist"), ("c", None), ("a", None)),
    ]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("track_id,genre\na/9.wav,b\n", "no track has the id a/9.wav"),
        ("id,genre\na/1.wav,b\n", r"expected the columns track_id,genre\[,group\]; it has id, ge"),
        ("track_id,genre\na/1.wav,b\na/1.wav,c\n", "a/1.wav has two lines"),
    ],
)
def test_corrections_that_do_not_fit_are_refused(tracks_in, labels, message):
    """A correction that corrects nothing is a mistake in it."""
    with pytest.raises(DataError, match=message):
        tracks_in("a/1.wav", labels=labels)


def test_a_correction_without_a_genre_names_a_group_alone(tracks_in):
    """So can groups be given to a corpus of bare folders."""
    track = tracks_in("a/1.wav", labels="track_id,genre,group\na/1.wav,,Bird\n")["a/1.wav"]

    assert (track.genre, track.group) == ("a", "Bird")


def test_corrections_may_be_parquet(tracks_in, tmp_path):
    """As the manifest may."""
    table = tmp_path / "corrections.parquet"
    pd.DataFrame({"track_id": ["a/1.wav"], "genre": ["b"]}).to_parquet(table)
    (tmp_path / "corpus/a").mkdir(parents=True)
    (tmp_path / "corpus/a/1.wav").touch()
    corpus = Corpus(path=str(tmp_path / "corpus"), labels=str(table))

    assert read_tracks(corpus)[0].genre == "b"


def test_genres_are_renamed_after_they_were_corrected(tracks_in):
    """One table of corrections serves the dastgahs and, renamed, their families."""
    tracks = tracks_in(
        *("mahur/1.wav", "mahur/2.wav", "nava/3.wav"),
        labels="track_id,genre\nmahur/2.wav,dashti\n",
        rename={"dashti": "shur", "nava": "shur"},
    )

    assert [track.genre for track in tracks.values()] == ["mahur", "shur", "shur"]


def test_a_genre_is_renamed_once(tracks_in):
    """Two names may be exchanged."""
    tracks = tracks_in("a/1.wav", "b/2.wav", rename={"a": "b", "b": "a"})

    assert [track.genre for track in tracks.values()] == ["b", "a"]


def test_a_name_may_be_renamed_in_either_unicode_form(tracks_in):
    """The settings may be written on another system than the folders."""
    tracks = tracks_in("caf\u00e9/1.wav", rename={"cafe\u0301": "bar"})

    assert tracks["café/1.wav"].genre == "bar"


def test_a_new_name_that_no_genre_has_is_told(listing_of):
    """A misspelt one would rename nothing, and a class too many be learned."""
    (warning,) = listing_of("mahur/1.wav", "shur/2.wav", rename={"mahoor": "x"}).warnings

    assert warning == "corpus.rename: no track has the genre mahoor. Did you mean 'mahur'?"


@settings(deadline=None)  # the machine is shared
@given(st.dictionaries(st.sampled_from("abcd"), st.sampled_from("abcdxyz")))
def test_renaming_keeps_who_belongs_together(rename):
    """Tracks of one genre stay in one genre, and nothing but the genre changes."""
    tracks = [Track(track_id=f"{g}{n}", path="p", genre=g) for g in "abcd" for n in range(2)]
    new = renamed(tracks, rename)

    assert [replace(track, genre="") for track in new] == [
        replace(track, genre="") for track in tracks
    ]
    assert all(one.genre == two.genre for one, two in zip(new[::2], new[1::2], strict=True))
