"""Bad input under load: a third of the corpus is damaged, and the rest is none the worse."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from flows.catalog import catalog
from flows.features import features
from flows.stage import main
from genrenet.features.preprocessing import extract
from genrenet.features.shards import shard_paths, to_numpy
from genrenet.params import Preprocessing
from tests.damaged import BAD, GOOD, write_good

SMALL = {"sr": 8_000, "n_fft": 512, "hop_length": 256, "n_mels": 16, "n_mfcc": 8, "window_s": 1.0}
SPEC = Preprocessing(**SMALL, overlap_s=0.5)
FOLDERS = ("one/a", "two/b")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Settings that allow for it, in a folder of their own."""
    params = {
        "corpus": {"path": "corpus", "labels": "labels.csv", "max_bad_share": 0.5},
        "features": {**SMALL, "overlap_s": 0.5, "n_shards": 8},
        "compute": {"executor": "serial"},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), "utf-8")
    (tmp_path / "labels.csv").write_text("track_id,genre\n", "utf-8")
    for folder in FOLDERS:
        (tmp_path / "corpus" / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return tmp_path


def fill(n_good: int) -> dict[str, str]:
    """Write the corpus: the good ones' ids, and what is to be said of each bad one's."""
    good = {}
    for number in range(n_good):
        folder = FOLDERS[number % 2]
        good[f"{folder}/{write_good(Path('corpus') / folder, number)}"] = ""
    for number, (name, make, _) in enumerate(BAD):
        make(Path("corpus") / FOLDERS[number % 2] / name)
    return good


def table_of(folder: Path) -> pa.Table:
    """The rows of all shards."""
    return pa.concat_tables([pq.read_table(path) for path in shard_paths(folder)])


def test_a_corpus_of_which_a_third_is_damaged_is_extracted(project, capsys):
    """Each bad file has its true reason, each good one the features that it has alone."""
    good = fill(n_good=round(len(BAD) / 0.3) - len(BAD))
    expected = {f"{FOLDERS[n % 2]}/{name}": said for n, (name, _, said) in enumerate(BAD)}

    assert [main(catalog), main(features)] == [0, 0], capsys.readouterr().err

    listed = pd.read_csv("reports/quarantine.csv").set_index("track_id")["reason"]
    assert set(listed.index) == set(expected)
    wrong = {i: listed[i] for i, said in expected.items() if not listed[i].startswith(said)}
    assert not wrong
    table = table_of(Path("data/features"))
    owners = np.array(table["track_id"].to_pylist())
    assert set(owners) == set(good)
    mel = to_numpy(table["mel"], table.schema.field("mel"))
    for track_id in good:
        alone = extract(Path("corpus") / track_id, SPEC).features["mel"]
        assert np.array_equal(mel[owners == track_id], alone)


def test_every_good_kind_is_in_the_corpus():
    """8 to 192 kHz, 1 to 8 channels, and each way to write a sample."""
    assert round(len(BAD) / 0.3) - len(BAD) >= len(GOOD)
    assert {sr for _, _, sr, _ in GOOD} >= {8_000, 192_000}
    assert {channels for *_, channels in GOOD} == set(range(1, 9))


def test_a_read_only_corpus_is_left_as_it_is(project):
    """Nothing is written into it, not even for a moment: the folders keep their times."""
    fill(n_good=8)
    before = [(path, path.stat().st_mtime_ns) for path in sorted(Path("corpus").rglob("*"))]

    assert [main(catalog), main(features)] == [0, 2]  # more bad than good: told, and not touched

    assert before == [(path, path.stat().st_mtime_ns) for path in sorted(Path("corpus").rglob("*"))]
