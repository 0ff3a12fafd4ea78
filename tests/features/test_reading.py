"""Reading a shard without genrenet: the documentation's own lines, and no copy of a value."""

import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genrenet.features.preprocessing import extract
from genrenet.features.shards import read_footer, shard_paths, to_numpy
from tests.conftest import SPEC

DOCUMENT = Path(__file__).parents[2] / "docs" / "pipeline.md"
SECTION = DOCUMENT.read_text("utf-8").split("## A shard", 1)[1].split("\n## ", 1)[0]
RECIPES = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture
def project(study, tmp_path, monkeypatch):
    """A folder as ``dvc repro`` leaves it, entered."""
    (tmp_path / "data" / "features").mkdir(parents=True)
    for number, path in enumerate(shard_paths(study.features)):
        name = f"shard-{number:05d}-of-00004.parquet"
        shutil.copy(path, tmp_path / "data" / "features" / name)
    shutil.copy(study.folder / "splits.parquet", tmp_path / "data" / "splits.parquet")
    monkeypatch.chdir(tmp_path)
    return study


def run(recipe):
    """Run the lines of a recipe; what they leave."""
    left = {}
    exec(compile(recipe, str(DOCUMENT), "exec"), left)  # noqa: S102  # our own documentation
    return left


def stored(path):
    """A shard's mel windows, as genrenet reads them."""
    table = pq.read_table(path)
    return to_numpy(table["mel"], table.schema.field("mel"))


def extracted(project, path):
    """The mel windows that a shard was made from, track by track."""
    tracks = sorted(read_footer(path)["tracks"])
    return np.concatenate([extract(project.audio / i, SPEC).features["mel"] for i in tracks])


def owner(values):
    """Whose memory an array is a view of; None where it is the array's own."""
    while isinstance(values, np.ndarray):
        values = values.base
    return values


def test_the_document_has_a_recipe_for_each_reader():
    """Four lines each, besides the imports."""
    assert [re.search("ParquetFile|read_parquet|duckdb", recipe)[0] for recipe in RECIPES] == [
        "ParquetFile",
        "read_parquet",
        "duckdb",
    ]
    for recipe in RECIPES:
        lines = [line for line in recipe.splitlines() if line and not line.startswith("import")]
        assert len(lines) == 4


@pytest.mark.parametrize("recipe", RECIPES[:2], ids=["pyarrow", "pandas"])
def test_a_recipe_reads_what_was_written(project, recipe):
    """Every value of the first shard."""
    assert np.array_equal(run(recipe)["mel"], stored(shard_paths(project.features)[0]))


def test_duckdb_joins_features_with_sides(project):
    """Every window, with its track's genre and side, whatever the order."""
    left = run(RECIPES[2])
    splits = project.splits.set_index("track_id")
    expected = []
    for path in shard_paths(project.features):
        ids = pq.read_table(path)["track_id"].to_pylist()
        rows = zip(splits.loc[ids].itertuples(), stored(path), strict=True)
        expected += [(row.genre, row.split, x.tobytes()) for row, x in rows]

    found = zip(left["rows"]["genre"], left["rows"]["split"], left["mel"], strict=True)
    assert sorted((genre, side, x.tobytes()) for genre, side, x in found) == sorted(expected)


def test_a_row_group_is_read_without_copying_a_value(project):
    """The array lies in the buffer that Arrow unpacked the column into."""
    mel = run(RECIPES[0])["mel"]

    assert isinstance(owner(mel), pa.Buffer)
    assert np.array_equal(mel, extracted(project, shard_paths(project.features)[0]))


@pytest.mark.parametrize("compression", ["lz4", "none"])
def test_to_numpy_copies_no_value(project, tmp_path, compression):
    """Nor with a memory map of an uncompressed file; of two chunks it makes one array."""
    path, shard = tmp_path / "one.parquet", shard_paths(project.features)[0]
    pq.write_table(pq.read_table(shard), path, compression=compression)
    column, field = pq.read_table(path, memory_map=True)["mel"], pq.read_schema(path).field("mel")
    two = pa.chunked_array([*column.slice(3, 4).chunks, *column.slice(7).chunks])

    assert isinstance(owner(to_numpy(column, field)), pa.Buffer)
    assert isinstance(owner(to_numpy(column.slice(3, 4), field)), pa.Buffer)
    assert np.array_equal(to_numpy(column, field), extracted(project, shard))
    assert owner(to_numpy(two, field)) is None
    assert np.array_equal(to_numpy(two, field), to_numpy(column, field)[3:])
