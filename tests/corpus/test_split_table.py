"""The split table: whatever others call columns and sides; clear words for what is none."""

import pandas as pd
import pytest

from genrenet.corpus.split_table import read_split_table
from genrenet.errors import DataError

TABLE = """track_id,genre,group,split
a,jazz,Bird,train
b,jazz,,valid
c,rock,Jimi,Dev
d,rock,Jeff,test
"""


@pytest.fixture
def table(tmp_path):
    """Write a CSV; its path."""

    def write(text):
        (tmp_path / "split.csv").write_text(text, "utf-8")
        return tmp_path / "split.csv"

    return write


def test_a_track_without_a_group_is_its_own(table):
    """And is told apart from those that have one."""
    rows = read_split_table(table(TABLE))

    assert rows["group"].tolist() == ["Bird", "b", "Jimi", "Jeff"]
    assert rows["group_known"].tolist() == [True, False, True, True]


def test_sides_are_understood_however_they_are_spelled(table):
    """Three words for validation are one side."""
    assert read_split_table(table(TABLE))["split"].tolist() == [
        "train",
        "validation",
        "validation",
        "test",
    ]


def test_sides_of_any_other_name_are_taken_as_they_are(table):
    """Folds, for one."""
    folds = TABLE.replace("train", "1").replace("valid", "2").replace("Dev", "2")

    assert read_split_table(table(folds))["split"].tolist() == ["1", "2", "2", "test"]


def test_a_row_without_a_side_is_on_none(table):
    """Published lists leave tracks out."""
    assert read_split_table(table(TABLE + "e,rock,Jeff,\n"))["track_id"].tolist() == list("abcd")


def test_a_part_without_a_group_is_its_parent_s(table):
    """A segment or a copy; a row without a parent is whole."""
    rows = read_split_table(
        table(
            "track_id,genre,group,split,parent,start_s,end_s\n"
            "a#0,jazz,,train,a,0,10\n"
            "b,jazz,,train,,,\n"
        )
    )

    assert rows["group"].tolist() == ["a", "b"]
    assert rows["parent"].isna().tolist() == [False, True]
    assert rows["end_s"].tolist() == pytest.approx([10.0, float("nan")], nan_ok=True)


def test_parquet_is_read_as_csv_is(tmp_path):
    """Folds are whole numbers there, ids too, and what is missing is null."""
    frame = pd.DataFrame({"file": [1, 2], "label": ["x", "y"], "artist": [7, None], "fold": [1, 2]})
    frame.to_parquet(tmp_path / "t.parquet")
    columns = {"track_id": "file", "genre": "label", "group": "artist", "split": "fold"}

    rows = read_split_table(tmp_path / "t.parquet", columns)

    assert rows[["track_id", "group", "split"]].to_numpy().tolist() == [
        ["1", "7", "1"],
        ["2", "2", "2"],
    ]


def test_names_in_any_script_are_kept(table):
    """They are compared, not understood."""
    rows = read_split_table(table("track_id,genre,group,split\nشور ۱,شور,बाँसुरी,train\n"))

    assert rows.loc[0, ["track_id", "group"]].tolist() == ["شور ۱", "बाँसुरी"]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("", {}, r"is no table: .* Expected CSV"),
        ("track_id,genre,group,split\n", {}, r"has 0 rows, and none has a side"),
        ("track_id,genre,split\na,x,train\n", {}, r"no column group; it has track_id, genre, spl"),
        (TABLE, {"group": "artist"}, r"no column artist; it has"),
        (TABLE, {"artist": "group"}, r"artist is no column that the audit reads. Known: track_id"),
        (TABLE + ",rock,Jeff,test\n", {}, r"1 rows have no track_id"),
        (TABLE + "e,,Jeff,test\n", {}, r"1 rows have no genre"),
        (TABLE + "d,rock,Jeff,test\n", {}, r"1 ids stand more than once on one side: d. Give each"),
        ("track_id,genre,group,split,end_s\na,x,y,train,1:30\n", {}, r"end_s is '1:30' in row 1"),
    ],
)
def test_what_is_no_split_is_refused(table, text, columns, message):
    """In words that say what to do."""
    with pytest.raises(DataError, match=message):
        read_split_table(table(text), columns)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """So is one of another kind."""
    with pytest.raises(DataError, match=r"cannot be read \(No such file"):
        read_split_table(tmp_path / "split.csv")
    (tmp_path / "split.parquet").write_bytes(b"RIFF")
    with pytest.raises(DataError, match=r"is no table: .* or Parquet in a file that is called"):
        read_split_table(tmp_path / "split.parquet")
