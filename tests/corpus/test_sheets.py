"""Sheets: the same cells, whichever of the two forms a table has."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genrenet.corpus.sheets import read_sheet
from genrenet.errors import DataError

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1))
def test_csv_and_parquet_have_the_same_cells(tmp_path: Path, rows: list[tuple[str, str]]):
    """Quotes, commas and any script included; blanks around a cell do not count."""
    frame = pd.DataFrame(rows, columns=["a", "b"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    sheets = [read_sheet(tmp_path / name, ["b"]) for name in ("t.csv", "t.parquet")]

    assert [sheet.names for sheet in sheets] == [("a", "b")] * 2
    assert sheets[0].cells("b") == sheets[1].cells("b") == [b.strip() for _, b in rows]


def test_what_a_file_holds_decides_what_it_is(tmp_path):
    """Not its name."""
    pd.DataFrame({"a": [7]}).to_parquet(tmp_path / "t.csv")

    assert read_sheet(tmp_path / "t.csv", ["a"]).cells("a") == ["7"]


def test_a_row_is_named_as_its_reader_sees_it(tmp_path):
    """Lines begin with the columns' names, rows do not."""
    (tmp_path / "t.csv").write_text("a\n1\n", "utf-8")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "t.parquet")

    assert read_sheet(tmp_path / "t.csv", []).place(0) == f"{tmp_path}/t.csv, line 2"
    assert read_sheet(tmp_path / "t.parquet", []).place(0) == f"{tmp_path}/t.parquet, row 1"


def test_a_folder_is_no_table(tmp_path):
    """The message is the disk's."""
    with pytest.raises(DataError, match=r"cannot be read \(Is a directory\)"):
        read_sheet(tmp_path, [])
