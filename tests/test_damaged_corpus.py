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
from genrenet.sections.features import Preprocessing
from tests.damaged import BAD, GOOD, write_good
from tests.users import nobody

SMALL = {"sr": 8_000, "n_fft": 512, "hop_length": 256, "n_mels": 16, "n_mfcc": 8, "window_s": 1.0}
SPEC = Preprocessing(**SMALL, overlap_s=0.5)
FOLDERS = ("one/a", "two/b")
N_GOOD = round(len(BAD) / 0.3) - len(BAD)  # 30 % are bad


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


def fill() -> set[str]:
    """Write the corpus, and return the good ones' ids."""
    for number, (name, make, _) in enumerate(BAD):
        make(Path("corpus") / FOLDERS[number % 2] / name)
    folders = [FOLDERS[number % 2] for number in range(N_GOOD)]
    return {f"{f}/{write_good(Path('corpus') / f, n)}" for n, f in enumerate(folders)}


def table_of(folder: Path) -> pa.Table:
    """The rows of all shards."""
    return pa.concat_tables([pq.read_table(path) for path in shard_paths(folder)])


def test_a_corpus_of_which_a_third_is_damaged_is_extracted(project, capsys):
    """Each bad file has its true reason, each good one the features that it has alone."""
    good = fill()
    expected = {f"{FOLDERS[n % 2]}/{name}": said for n, (name, _, said) in enumerate(BAD)}

    assert [main(catalog), main(features)] == [0, 0], capsys.readouterr().err

    listed = pd.read_csv("reports/quarantine.csv").set_index("track_id")["reason"]
    assert set(listed.index) == set(expected)
    wrong = {i: listed[i] for i, said in expected.items() if not listed[i].startswith(said)}
    assert not wrong
    table = table_of(Path("data/features"))
    owners = np.array(table["track_id"].to_pylist())
    assert set(owners) == good
    mel = to_numpy(table["mel"], table.schema.field("mel"))
    for track_id in good:
        alone = extract(Path("corpus") / track_id, SPEC).features["mel"]
        assert np.array_equal(mel[owners == track_id], alone)


def test_every_good_kind_is_in_the_corpus():
    """8 to 192 kHz, 1 to 8 channels, and each way to write a sample."""
    assert len(GOOD) <= N_GOOD
    assert {sr for _, _, sr, _ in GOOD} >= {8_000, 192_000}
    assert {channels for *_, channels in GOOD} == set(range(1, 9))


def times() -> dict[Path, int]:
    """When each file and folder of the corpus was last written to."""
    return {path: path.stat().st_mtime_ns for path in Path("corpus").rglob("*")}


def test_a_read_only_corpus_is_enough(project, capsys):
    """Somebody who may read it and no more gets all; not even for a moment is anything added."""
    good = fill()
    for path in (Path("corpus"), *Path("corpus").rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = times()

    with nobody(project):
        with pytest.raises(PermissionError):
            Path("corpus/new").touch()
        codes = [main(catalog), main(features)]

    assert codes == [0, 0], capsys.readouterr().err
    assert set(table_of(Path("data/features"))["track_id"].to_pylist()) == good
    assert times() == before
