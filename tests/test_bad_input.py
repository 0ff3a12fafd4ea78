"""What bad input gets: a message and exit code 2, or a row in the quarantine with its reason."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import yaml

from flows.catalog import catalog
from flows.duplicates import duplicates
from flows.features import features
from flows.split import split
from flows.stage import main
from tests.users import nobody

SR = 22_050
STAGES = (catalog, features, duplicates, split)


def sound(path: Path, *, seconds: float = 4.0, seed: int = 0, y: np.ndarray | None = None) -> None:
    """Write a recording: noise, or what is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if y is None:
        y = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * SR))
    sf.write(path, y, SR, subtype="FLOAT" if path.suffix == ".wav" else None)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A sound corpus of two genres with three artists of two tracks each."""
    for genre in ("one", "two"):
        for artist in "abc":
            for track in range(2):
                name = f"{genre}/{genre}-{artist}/{track}.wav"
                sound(tmp_path / "corpus" / name, seed=track + 10 * ord(artist) + 1000 * len(genre))
    (tmp_path / "labels.csv").write_text("track_id,genre,group\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    settings(corpus={"path": "corpus", "labels": "labels.csv"}, compute={"executor": "serial"})
    return tmp_path


def settings(**sections: dict[str, object]) -> None:
    """Merge sections into params.yaml."""
    path = Path("params.yaml")
    params = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
    for name, values in sections.items():
        params[name] = {**params.get(name, {}), **values}
    path.write_text(yaml.safe_dump(params, allow_unicode=True), "utf-8")


def run_stages(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the stages until one fails: its exit code, and all that was said."""
    code = next((code for code in map(main, STAGES) if code), 0)
    return code, capsys.readouterr().err


def remove_all(folder: Path) -> None:
    """Leave an empty corpus."""
    shutil.rmtree(folder)
    folder.mkdir()


def keep_one_genre(folder: Path) -> None:
    """Leave one class."""
    shutil.rmtree(folder / "two")


def keep_one_group(folder: Path) -> None:
    """Leave the second genre a single artist."""
    shutil.rmtree(folder / "two/two-b")
    shutil.rmtree(folder / "two/two-c")


def twice_in_a_manifest(folder: Path) -> None:
    """Name a track twice."""
    rows = ["path,genre,track_id", "one/one-a/0.wav,one,x", "two/two-a/0.wav,two,x"]
    (folder / "m.csv").write_text("\n".join(rows), "utf-8")
    settings(corpus={"path": "corpus/m.csv"})


def manifest_without_genre(folder: Path) -> None:
    """Call the label something else."""
    (folder / "m.csv").write_text("path,label\none/one-a/0.wav,one\n", "utf-8")
    settings(corpus={"path": "corpus/m.csv"})


def misspelt_setting(folder: Path) -> None:
    """Write a key that does not exist."""
    settings(features={"hop_lenght": 512})


def half_bad(folder: Path) -> None:
    """Spoil far more files than the default allows."""
    for path in list(folder.rglob("0.wav")):
        path.write_bytes(b"this is no music")


def all_bad(folder: Path) -> None:
    """Spoil every file."""
    for path in folder.rglob("*.wav"):
        path.write_bytes(b"")


def nowhere(folder: Path) -> None:
    """Point at a folder that is not there."""
    settings(corpus={"path": "corpsu"})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (remove_all, "holds no recording"),
        (nowhere, "nothing is at 'corpsu'"),
        (keep_one_genre, "one genre, 'one'"),
        (keep_one_group, "1 genres have one group each: two"),
        (twice_in_a_manifest, "occur more than once: x"),
        (manifest_without_genre, "no column genre; it has path, label"),
        (misspelt_setting, "Did you mean 'hop_length'?"),
        (half_bad, "6 of 12 tracks cannot be used"),
        (all_bad, "none of the 12 files"),
    ],
)
def test_a_corpus_that_cannot_work_is_refused_with_a_way_out(project, capsys, spoil, said):
    """Exit code 2, no traceback, and the message says what came."""
    spoil(project / "corpus")

    code, errors = run_stages(capsys)

    assert code == 2
    assert "error:" in errors
    assert said in " ".join(errors.split())
    assert "Traceback" not in errors


def garbage(path: Path) -> None:
    """Bytes that are no audio."""
    path.write_bytes(b"this is no music" * 1000)


def truncated(path: Path) -> None:
    """Half of a WAV file."""
    sound(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zero_length(path: Path) -> None:
    """A file of no bytes."""
    path.write_bytes(b"")


def header_only(path: Path) -> None:
    """A WAV file without samples."""
    sound(path, y=np.zeros(0))


def silent(path: Path) -> None:
    """Digital silence."""
    sound(path, y=np.zeros(4 * SR))


def not_a_number(path: Path) -> None:
    """One NaN in four seconds."""
    y = 0.1 * np.random.default_rng(0).standard_normal(4 * SR)
    y[1000] = np.nan
    sound(path, y=y)


def too_short(path: Path) -> None:
    """A tenth of a second."""
    sound(path, seconds=0.1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (garbage, "unreadable"),
        (truncated, "truncated"),
        (zero_length, "zero bytes"),
        (header_only, "too short"),
        (silent, "silent"),
        (not_a_number, "not finite"),
        (too_short, "too short: 0.10 s"),
    ],
)
def test_a_bad_file_is_quarantined_and_the_others_are_used(
    project, capsys, make: Callable[[Path], None], reason
):
    """One row with the true reason; every other track gets its side."""
    settings(corpus={"max_bad_share": 0.2})
    make(project / "corpus/one/one-a/bad.wav")

    code, errors = run_stages(capsys)

    assert code == 0, errors
    listed = pd.read_csv("reports/quarantine.csv")
    assert list(listed["path"]) == ["one/one-a/bad.wav"]
    assert reason in listed["reason"][0]
    assert len(pd.read_parquet("data/splits.parquet")) == 12


def test_names_with_spaces_and_other_scripts_pass(project, capsys):
    """A Persian folder, a name with spaces and an apostrophe."""
    for number, artist in enumerate(("استاد", "l'artiste à côté", "三")):
        sound(Path(f"corpus/شور/{artist}/آواز {number}.flac"), seed=number)

    code, errors = run_stages(capsys)

    assert code == 0, errors
    assert "شور" in set(pd.read_parquet("data/splits.parquet")["genre"])


def test_a_read_only_output_keeps_what_was_finished(project, capsys):
    """The catalog is there, the shards' folder may not be written: said, without a traceback."""
    assert main(catalog) == 0
    before = Path("data/catalog.parquet").read_bytes()
    Path("reports").mkdir()
    Path("data/features").mkdir()
    Path("data/features").chmod(0o555)
    Path("reports").chmod(0o777)
    with nobody(project):
        code = main(features)

    errors = capsys.readouterr().err
    assert code == 2
    assert "Permission denied" in errors
    assert "what was finished is kept" in errors
    assert "Traceback" not in errors
    assert Path("data/catalog.parquet").read_bytes() == before
