"""Manifests: what a table says of each track, and which tables are refused."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.layouts import read_tracks
from genrenet.corpus.manifest import track_of
from genrenet.errors import DataError, ParamsError
from genrenet.sections.corpus import Corpus


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
        ("path,genre,end_s\n1.wav,a,0\n", "line 2: the segment 0.0–0.0 s is empty"),
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


@pytest.fixture
def tracks_of_parquet(tracks_in, tmp_path):
    """Read the tracks of a Parquet manifest, by track id."""

    def read(columns, **settings):
        path = tmp_path / "manifest.parquet"
        pq.write_table(pa.table(columns), path)
        return tracks_in(path=str(path), **settings)

    return read


def test_a_parquet_manifest_says_what_a_csv_manifest_says(tracks_of_parquet, tracks_of):
    """With numbers as numbers, gaps as nulls and repeated words as categories."""
    genres = pa.array(["jazz", "شور", "jazz"]).dictionary_encode()
    columns = {
        "path": ["a b.wav", "2.wav", "2.wav"],
        "genre": genres,
        "group": [7, None, 8],
        "fold": pa.array([1.0, 2.0, None]),
        "split": [None, "Test", ""],
        "start_s": [0.0, 0.5, 30.0],
        "end_s": pa.array([None, 30, None], pa.int32()),
    }
    text = (
        "path,genre,group,fold,split,start_s,end_s\n"
        "a b.wav,jazz,7,1,,,\n2.wav,شور,,2,test,0.5,30\n2.wav,jazz,8,,,30,\n"
    )

    assert tracks_of_parquet(columns) == tracks_of(text)


def test_what_a_parquet_manifest_has_besides_is_not_read(tracks_of_parquet):
    """Be it of a kind that is no text at all."""
    columns = {"path": ["1.wav"], "genre": ["jazz"], "embedding": [[0.5, 1.0]]}

    assert set(tracks_of_parquet(columns)) == {"1.wav"}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"genre": [["jazz", "rock"]]}, "the column genre holds list<.*>; expected text or whole"),
        ({"path": [0.5]}, "the column path holds double; expected text or whole numbers"),
        ({"group": [True]}, "the column group holds bool; expected text"),
        ({"fold": [[1]]}, "the column fold holds list<.*>; expected numbers"),
        ({"fold": [1.5]}, "row 1: '1.5' is no fold; a fold is a whole number"),
        ({"end_s": [-1]}, "row 1: the segment 0.0–-1.0 s is empty"),
        ({"genre": [None]}, "row 1: path and genre must not be empty"),
    ],
)
def test_a_parquet_manifest_of_other_types_is_refused(tracks_of_parquet, columns, message):
    """By its column, and by its row where the type is right."""
    with pytest.raises(DataError, match=message):
        tracks_of_parquet({"path": ["1.wav"], "genre": ["jazz"]} | columns)


def test_a_parquet_manifest_that_was_cut_is_refused(tracks_of_parquet, tmp_path):
    """As an interrupted copy leaves it."""
    tracks_of_parquet({"path": ["1.wav"], "genre": ["jazz"]})
    path = tmp_path / "manifest.parquet"
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(DataError, match="is no whole Parquet table"):
        read_tracks(Corpus(path=str(path)))


def test_a_missing_manifest_is_told(tracks_in, tmp_path):
    """In a folder that is there."""
    (tmp_path / "corpus").mkdir()
    with pytest.raises(DataError, match=r"list.csv: cannot be read \(No such file or directory\)"):
        tracks_in(layout="manifest", manifest="list.csv")


@pytest.mark.parametrize(
    "address",
    [
        "file:///music/a%20%231.wav",
        "FILE://localhost/music/a %231.wav",
        "file:///music/a #1.wav",
        "/music/a #1.wav",
    ],
)
def test_a_recording_may_be_named_by_a_file_address(tracks_of, address):
    """As media players export it."""
    assert [t.path for t in tracks_of(f"path,genre\n{address},a\n").values()] == ["/music/a #1.wav"]


def test_a_scheme_inside_a_path_is_part_of_it(tracks_of):
    """Only an address begins with one."""
    assert set(tracks_of("path,genre\nlive/http://x.wav,a\n")) == {"live/http:/x.wav"}


@pytest.mark.parametrize("address", ["s3://bucket/1.wav", "https://example.org/1.wav", "gs://b/1"])
def test_a_remote_recording_is_refused_with_a_way_out(tracks_of, address):
    """Nobody should wait for an error in the middle of the work."""
    with pytest.raises(DataError, match=r"line 3: the recording '.*' is at an address.* Mount"):
        tracks_of(f"path,genre\n1.wav,a\n{address},a\n")


def test_a_corpus_at_an_address_is_refused_with_a_way_out(tracks_in):
    """Its table as well."""
    with pytest.raises(DataError, match=r"'s3://bucket/table.parquet' is an address.* Mount"):
        tracks_in(path="s3://bucket/table.parquet")


def test_folds_may_be_written_as_fractions(tracks_of):
    """As tables with gaps in a column write them."""
    assert tracks_of("path,genre,fold\n1.wav,jazz,3.0\n")["1.wav"].fold == 3


@settings(deadline=None)  # the machine is shared
@given(
    start=st.floats(0, 1e4, allow_subnormal=False), length=st.floats(0.01, 1e4), genre=st.text("aب")
)
def test_a_row_s_numbers_are_taken_as_they_are(start, length, genre):
    """No digit is lost between the table and the track."""
    row = {
        "path": "1.wav",
        "genre": f"g{genre}",
        "start_s": repr(start),
        "end_s": repr(start + length),
    }

    track = track_of(row, Path())

    assert (track.start_s, track.end_s) == (start, start + length)
    assert track.genre == f"g{genre}"
