"""Layouts: from folders and tables to tracks, their groups and their official sides."""

import pytest

from genrenet.corpus.layouts import corpus_folder, read_tracks
from genrenet.errors import DataError, ParamsError
from genrenet.params import Corpus


@pytest.fixture
def tracks_in(tmp_path):
    """Read the tracks of a folder that holds the named files, by track id."""

    def read(*names, labels="track_id,genre\n", **settings):
        for name in names:
            (tmp_path / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "corpus" / name).touch()
        (tmp_path / "labels.csv").write_text(labels, "utf-8")
        own = {"path": str(tmp_path / "corpus"), "labels": str(tmp_path / "labels.csv")}
        return {track.track_id: track for track in read_tracks(Corpus(**own | settings))}

    return read


@pytest.fixture
def tracks_of(tracks_in, tmp_path):
    """Read the tracks of a manifest, by track id."""

    def read(text, encoding="utf-8", **settings):
        path = tmp_path / "manifest.csv"
        path.write_text(text, encoding)
        return tracks_in(path=str(path), **settings)

    return read


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


def test_a_correction_in_another_unicode_form_finds_its_track(tracks_in):
    """Written in an editor elsewhere."""
    labels = "track_id,genre\nb/cafe\u0301.wav,c\n"

    assert tracks_in("b/caf\u00e9.wav", labels=labels)["b/café.wav"].genre == "c"


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


def test_a_manifest_may_have_its_own_names_for_columns(tracks_of):
    """As many published corpora do."""
    settings = {"columns": {"path": "file", "genre": "label", "group": "artist"}}
    track = tracks_of("file,label,artist,year\nx/1.wav,jazz,Bird,1950\n", **settings)["x/1.wav"]

    assert (track.path, track.genre, track.group) == ("x/1.wav", "jazz", "Bird")


def test_an_empty_cell_means_that_nothing_is_known(tracks_of):
    """No group, no fold, no side; the whole file."""
    track = tracks_of("path,genre,group,fold,split,start_s,end_s\n1.wav,jazz,,,,,\n")["1.wav"]

    assert [track.group, track.fold, track.split, track.start_s, track.end_s] == [
        *(None, None, None),
        *(0.0, None),
    ]


def test_words_that_look_like_nothing_are_words(tracks_of):
    """A genre may be called NA, an artist null: pandas would drop both."""
    track = tracks_of("path,genre,group\nnan.wav,NA,null\n")["nan.wav"]

    assert (track.genre, track.group) == ("NA", "null")


def test_blanks_around_a_cell_do_not_count(tracks_of):
    """' jazz' is no genre of its own."""
    assert tracks_of("path,genre\n1.wav, jazz \n")["1.wav"].genre == "jazz"


def test_a_spreadsheet_s_byte_order_mark_does_not_count(tracks_of):
    """Else the first column would have another name."""
    assert set(tracks_of("path,genre\n1.wav,jazz\n", encoding="utf-8-sig")) == {"1.wav"}


def test_segments_of_a_file_are_kept_together(tracks_of):
    """Two halves of one song may not stand on two sides; whose song it is, nobody has said."""
    tracks = tracks_of("path,genre,start_s,end_s\n1.wav,jazz,0,30\n1.wav,jazz,30,\n")

    assert {(t.start_s, t.end_s, t.group, t.kept_together) for t in tracks.values()} == {
        (0.0, 30.0, None, "1.wav"),
        (30.0, None, None, "1.wav"),
    }


def test_a_column_may_serve_twice(tracks_of):
    """A table of files whose names are their ids."""
    settings = {"columns": {"path": "file", "genre": "label", "track_id": "file"}}

    assert tracks_of("file,label\n1.wav,jazz\n", **settings)["1.wav"].path == "1.wav"


def test_a_column_that_is_mapped_has_no_second_meaning(tracks_of):
    """A table that calls its labels groups knows of no groups."""
    track = tracks_of("path,group\n1.wav,jazz\n", columns={"genre": "group"})["1.wav"]

    assert (track.genre, track.group) == ("jazz", None)


@pytest.mark.parametrize(
    ("spelling", "side"),
    [
        *(("train", "train"), ("Test", "test")),
        *(("validation", "validation"), ("valid", "validation"), ("VAL", "validation")),
    ],
)
def test_sides_have_several_spellings(tracks_of, spelling, side):
    """As in published corpora."""
    assert tracks_of(f"path,genre,split\n1.wav,jazz,{spelling}\n")["1.wav"].split == side


def test_folds_are_numbers(tracks_of):
    """The text of the table becomes a number."""
    assert tracks_of("path,genre,fold\n1.wav,jazz,3\n")["1.wav"].fold == 3


def test_a_manifest_s_paths_are_relative_to_it(tracks_in, tmp_path):
    """Also where it lies in a folder of the corpus, or beside it; absolute ones stay."""
    (tmp_path / "corpus/tables").mkdir(parents=True)
    (tmp_path / "beside").mkdir()
    rows = "path,genre\n1.wav,jazz\n/elsewhere/2.wav,jazz\n"
    for table, expected in (
        ("tables/m.csv", "tables/1.wav"),
        ("../beside/m.csv", "../beside/1.wav"),
    ):
        (tmp_path / "corpus" / table).write_text(rows, "utf-8")

        named = {"layout": "manifest", "manifest": table}
        whole = {"layout": "manifest", "manifest": str((tmp_path / "corpus" / table).resolve())}

        assert set(tracks_in(**named)) == {expected, "/elsewhere/2.wav"}
        assert set(tracks_in(**whole)) == {expected, "/elsewhere/2.wav"}


def test_a_corpus_that_is_a_table_has_the_table_s_folder(tmp_path):
    """To which the catalog's paths are relative."""
    (tmp_path / "m.csv").touch()

    assert corpus_folder(Corpus(path=str(tmp_path / "m.csv"))) == tmp_path
    assert corpus_folder(Corpus(path=str(tmp_path))) == tmp_path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,genre,track_id\n1.wav,a,x\n2.wav,a,x\n", "1 track ids occur more than once: x"),
        ("path,genre\n1.wav,a\n1.wav,b\n", "occur more than once: 1.wav"),
        ("file,label\n1.wav,a\n", "no column path, genre; it has file, label"),
        ("path,genre\n1.wav,\n", "line 2: path and genre must not be empty"),
        ("path,genre\n1.wav,a\n ,b\n", "line 3: path and genre must not be empty"),
        ("path,genre,fold\n1.wav,a,one\n", "line 2: .*'one'.* fold is a whole number"),
        ("path,genre,start_s\n1.wav,a,soon\n", "line 2: .*'soon'.* times are seconds"),
        ("path,genre,start_s,end_s\n1.wav,a,5,5\n", "line 2: the segment 5.0–5.0 s is empty"),
        ("path,genre,start_s\n1.wav,a,-1\n", "line 2: the segment -1.0–inf s is empty"),
        ("path,genre,start_s\n1.wav,a,nan\n", "line 2: the segment nan–inf s is empty"),
        ("path,genre,split\n1.wav,a,dev\n", "split is 'dev'; expected one of train, test"),
        ("path,genre\nsong, live.wav,a\n", "more cells than the 2 columns"),
        ("", "is no CSV table"),
        ("path,genre\n", "holds no recording"),
    ],
)
def test_a_manifest_that_does_not_hold_together_is_refused(tracks_of, text, message):
    """By its line where there is one."""
    with pytest.raises(DataError, match=message):
        tracks_of(text)


def test_a_mapping_to_no_column_is_refused(tracks_of):
    """A misspelt key would map nothing."""
    with pytest.raises(ParamsError, match=r"corpus.columns: artist is no column"):
        tracks_of("path,genre\n1.wav,a\n", columns={"artist": "performer"})


def test_a_mapped_column_that_is_not_there_is_refused(tracks_of):
    """Groups that are silently lost make the scores too good."""
    with pytest.raises(DataError, match=r"no column performer"):
        tracks_of("path,genre\n1.wav,a\n", columns={"group": "performer"})


def test_a_table_in_another_encoding_is_refused(tracks_of):
    """Not read as other letters."""
    with pytest.raises(DataError, match=r"in UTF-8"):
        tracks_of("path,genre\n1.wav,Fußball\n", encoding="latin-1")


def test_a_corpus_that_is_nowhere_or_empty_is_refused(tracks_in, tmp_path):
    """The message names the path and what is expected there."""
    with pytest.raises(DataError, match=r"nothing is at '.*nowhere'. Give a folder"):
        tracks_in(path=str(tmp_path / "nowhere"))
    (tmp_path / "corpus").mkdir()
    with pytest.raises(DataError, match=r"holds no recording. Expected genre/file"):
        tracks_in()


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
