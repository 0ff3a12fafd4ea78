"""The stage ``duplicates``, on recordings in other clothes: what it finds, writes and says."""

import csv
import functools
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
import yaml

from flows.catalog import catalog
from flows.duplicates import REPORT, duplicates
from flows.features import features
from flows.stage import main
from genrenet.corpus.clips import CLIPS, CLIPS_SCHEMA
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA
from genrenet.corpus.tracks import read_table
from tests.signals import noise, tune, write

SR = 22_050


@functools.cache
def music(seed, duration_s=12.0):
    """A tune with some noise."""
    y = tune(sr=SR, duration_s=duration_s, seed=seed)
    return y + 0.05 * noise(sr=SR, duration_s=duration_s, seed=seed)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a corpus of two genres, three recordings each, and no engines about."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    for n in range(6):
        write(tmp_path / f"corpus/{'rock' if n % 2 else 'pop'}/{n}.wav", music(n), SR)
    Path("labels.csv").write_text("track_id,genre\n", "utf-8")
    return tmp_path


@pytest.fixture
def run(project, capsys):
    """Run the stages up to ``duplicates``: the pairs, and what was said."""

    def stages(corpus=(), **settings):
        places = {"path": "corpus", "labels": "labels.csv"} | dict(corpus)
        compute = {"executor": "serial"}
        params = {"corpus": places, "duplicates": settings, "compute": compute}
        Path("params.yaml").write_text(yaml.safe_dump(params), "utf-8")
        codes = [main(stage) for stage in (catalog, features, duplicates)]
        said = " ".join(capsys.readouterr().err.split())
        assert codes == [0, 0, 0], said
        return read_table(DUPLICATES, DUPLICATES_SCHEMA), said

    return stages


def ids(pairs):
    """Ids and kind of each pair."""
    return [tuple(pair) for pair in pairs[["track_id", "other_id", "kind"]].to_numpy()]


def test_a_corpus_without_duplicates_has_none(run):
    """Six tunes from the same strings are six recordings."""
    pairs, said = run()

    assert len(pairs) == 0
    assert "duplicates: 0 pairs" in said
    assert "warning" not in said
    assert REPORT.read_text("utf-8").count("\n") == 1  # its heading


def test_recordings_in_other_clothes_are_found(run, project):
    """Copied, coded, resampled, softer, in stereo; and two excerpts that share five seconds."""
    folder = project / "corpus/pop"
    (folder / "copy.wav").write_bytes((folder / "0.wav").read_bytes())
    write(folder / "coded.mp3", music(2), SR)
    write(folder / "rate.flac", 0.1 * soxr.resample(music(4), SR, 44_100), 44_100)
    rock = project / "corpus/rock"
    write(rock / "stereo.ogg", np.stack([music(1), music(1)], axis=1), SR)
    long = music(9, duration_s=14)
    write(rock / "first.wav", long[: 9 * SR], SR)
    write(rock / "second.wav", long[4 * SR + 200 :], SR)

    pairs, said = run()

    assert ids(pairs) == [
        ("pop/0.wav", "pop/copy.wav", "content"),
        ("pop/2.wav", "pop/coded.mp3", "audio"),
        ("pop/4.wav", "pop/rate.flac", "audio"),
        ("rock/1.wav", "rock/stereo.ogg", "audio"),
        ("rock/first.wav", "rock/second.wav", "audio"),
    ]
    assert "duplicates: 5 pairs (1 content, 4 audio)" in said
    excerpts = pairs.iloc[-1]
    assert excerpts["start_s"] == pytest.approx(4, abs=0.3)
    assert excerpts["other_start_s"] == pytest.approx(0, abs=0.3)
    assert excerpts["overlap_s"] == pytest.approx(5, abs=0.4)
    assert (pairs["bit_error"] < 0.1).all()


def test_one_recording_under_two_genres_is_told(run, project):
    """By name, with what to do; first in the list for people."""
    write(project / "corpus/pop/wrong.ogg", music(1), SR)
    write(project / "corpus/pop/again.ogg", music(0), SR)

    _, said = run()

    assert (
        "warning: 1 pairs hold one recording under two genres: pop/wrong.ogg (pop) and "
        "rock/1.wav (rock). Correct one in the table of corpus.labels"
    ) in said
    with REPORT.open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["conflict"], first["genre"], first["other_genre"]) == ("True", "pop", "rock")
    assert (second["conflict"], second["track_id"]) == ("False", "pop/0.wav")


def test_segments_of_one_file_are_found_in_the_table(run, project):
    """What overlaps, and what has another group; their sound is not asked."""
    write(project / "corpus/long.wav", music(7, duration_s=30), SR)
    Path("corpus/manifest.csv").write_text(
        "track_id,path,genre,group,start_s,end_s\n"
        "whole,long.wav,rock,g,,\n"
        "part,long.wav,rock,g,5,10\n"
        "other,pop/0.wav,pop,p,,\n"
        "a,rock/1.wav,rock,h,0,4\n"
        "b,rock/1.wav,rock,i,6,12\n",
        "utf-8",
    )

    pairs, _ = run(corpus={"layout": "manifest"})

    assert ids(pairs) == [("a", "b", "file"), ("part", "whole", "span")]


def test_what_was_found_is_the_same_bytes_again(run, project):
    """A rerun changes nothing that DVC would see."""
    write(project / "corpus/pop/wrong.ogg", music(1), SR)
    run()
    before = DUPLICATES.read_bytes(), REPORT.read_bytes(), CLIPS.read_bytes()

    run()

    assert (DUPLICATES.read_bytes(), REPORT.read_bytes(), CLIPS.read_bytes()) == before


def test_every_track_has_a_row_of_what_its_audio_says(run, project):
    """But not one that cannot be used: it is on the quarantine's list."""
    write(project / "corpus/pop/soft.flac", 0.01 * music(11), SR)
    write(project / "corpus/pop/silent.wav", np.zeros(5 * SR), SR)

    run(corpus={"max_bad_share": 0.5})

    clips = read_table(CLIPS, CLIPS_SCHEMA).set_index("track_id")
    assert list(clips.index) == sorted(
        ["pop/soft.flac", *(f"{'rock' if n % 2 else 'pop'}/{n}.wav" for n in range(6))]
    )
    assert clips["used_s"].between(11, 12.1).all()
    assert clips.loc["pop/soft.flac", "level_db"] < clips["level_db"].median() - 35
    assert (clips["noise_floor_db"] < clips["level_db"]).all()


@pytest.mark.real
def test_esc10_holds_one_fire_twice(run, project):
    """Two uploads, coded in two ways: waveforms in step, 0.97 correlated. No other pair is told."""
    for name in ("010_Fire_crackling", "001_Dog_bark"):
        shutil.copytree(Path(os.environ["GENRENET_REAL_AUDIO"], "esc10", name), f"esc10/{name}")

    pairs, _ = run(corpus={"path": "esc10"})

    fire = "010_Fire_crackling/2-28314-A.ogg", "010_Fire_crackling/2-30322-A.ogg"
    assert ids(pairs) == [(*fire, "audio")]


@pytest.mark.real
def test_gtzan_clips_are_found_as_mp3_and_nothing_else_is(run, project):
    """Two of each genre, each coded with 64 kbit/s."""
    clips = sorted(Path(os.environ["GENRENET_REAL_AUDIO"], "gtzan_mini").glob("*/*.flac"))
    chosen = [path for n, path in enumerate(clips) if n % 5 == 0]
    for path in chosen:
        y, sr = sf.read(path, dtype="float32")
        name = Path("gtzan", path.parent.name, path.name)
        write(name, y, sr)
        coded = {"bitrate_mode": "CONSTANT", "compression_level": 0.65}
        sf.write(name.with_suffix(".mp3"), y, sr, **coded)

    pairs, _ = run(corpus={"path": "gtzan"})

    names = [f"{path.parent.name}/{path.stem}" for path in chosen]
    assert ids(pairs) == [(f"{name}.flac", f"{name}.mp3", "audio") for name in names]
