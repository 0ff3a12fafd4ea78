"""The stage ``catalog``: what it tells of a corpus that works and could be better."""

import hashlib
import json
import re

import pytest
import yaml

from flows.catalog import catalog
from flows.stage import main
from genrenet.corpus.tracks import read_catalog
from tests.signals import noise, write

SR = 8_000


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Run the stage on a corpus of these files; all that it said, as one line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def run(*names, corpus=(), **features):
        for name in names:
            write(tmp_path / "corpus" / name, noise(sr=SR, duration_s=1), SR)
        (tmp_path / "labels.csv").write_text("track_id,genre\n", "utf-8")
        places = {"path": "corpus", "labels": "labels.csv"}
        params = yaml.safe_dump({"corpus": places | dict(corpus), "features": features})
        (tmp_path / "params.yaml").write_text(params, "utf-8")
        errors = (main(catalog), capsys.readouterr().err)
        assert errors[0] == 0, errors[1]
        return " ".join(errors[1].split())

    return run


def test_a_number_of_shards_that_is_far_off_is_told_before_the_work(said):
    """While it costs nothing to change it."""
    assert "warning: features.n_shards: 500 makes shards of under 0.1 MB, each" in said(
        "a/1.wav", "b/1.wav", n_shards=500
    )


def test_names_that_another_disk_would_merge_are_told(said):
    """Before the corpus is copied there."""
    line = "catalog: names differ in case or Unicode form alone (1 times): a/X.wav and a/x.wav."

    assert line in said("a/X.wav", "a/x.wav", "b/1.wav")


def test_a_corpus_that_could_not_be_better_gets_no_advice(said):
    """One line of figures is all."""
    told = said("a/1.wav", "b/1.wav")

    assert "catalog: 2 tracks of 2 genres" in told
    assert "warning" not in told
    assert "differ in case" not in told


def test_genres_in_any_script_reach_the_catalog(said):
    """Letter by letter, signs that join or do not join letters included."""
    genres = ["شور", "راست‌پنجگاه", "भजन", "民謡", "판소리", "🎸🔥", "Ä ö", "NA"]

    assert "catalog: 8 tracks of 8 genres" in said(*(f"{genre}/1.wav" for genre in genres))
    assert set(read_catalog()["genre"]) == set(genres)


def test_the_map_that_is_offered_makes_one_genre_of_two_spellings(said):
    """As it stands, pasted into the settings; then all is said."""
    told = said("jazz/1.wav", "jazz/2.wav", "Jazz /3.wav", "rock/4.wav", "شور/5.wav", "شـور/6.wav")
    pasted = yaml.safe_load(re.search(r"rename: \{.*?\}", told)[0])

    assert "catalog: warning: genres differ in their spelling alone: 'jazz' (2 tracks)" in told
    told = said(corpus=pasted)
    assert "warning" not in told
    assert list(read_catalog()["genre"].value_counts()) == [3, 2, 1]


def test_groups_that_are_known_in_part_are_told_before_the_work(said):
    """Not when the certificate is there."""
    told = said("a/artist/1.wav", "b/2.wav")

    assert "catalog: warning: 1 of 2 tracks have no known group, b/2.wav for one" in told
    assert list(read_catalog()["group_known"]) == [True, False]


def test_gtzan_s_broken_clip_is_nobody_s_fault(said, tmp_path):
    """It does not stand in the quarantine; another one that cannot be read does."""
    clips = [f"jazz/jazz.000{n}.wav" for n in (53, 54, 55)]
    for name in clips[:2]:
        (tmp_path / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "corpus" / name).write_bytes(b"no sound")
    told = said(clips[2], "rock/rock.00000.wav", corpus={"layout": "gtzan"})

    assert "catalog: jazz.00054 is left out: it cannot be read here" in told
    assert "2 tracks of 2 genres, 0.00 h; 1 unreadable" in told
    assert list(read_catalog()["problem"].notna()) == [True, False, False]


def test_a_file_of_another_checksum_is_not_used(said, tmp_path):
    """The catalog says why, and which content it would have been is not asked."""
    files = {"1": "B_1.0/audio/Waltz/1.wav", "2": "B_1.0/audio/Tango/2.wav"}
    sums = {}
    for number, (i, path) in enumerate(files.items()):
        content = write(tmp_path / "corpus" / path, noise(sr=SR, duration_s=1, seed=number), SR)
        md5 = hashlib.md5(content.read_bytes(), usedforsecurity=False).hexdigest()
        sums[i] = {"audio": [path, md5], "beats": [None, None], "tempo": [None, None]}
    sums["2"]["audio"][1] = "0" * 32
    index = tmp_path / "corpus/ballroom_full_index_1.0.json"
    index.write_text(json.dumps({"version": "1.0", "tracks": sums}), "utf-8")

    told = said(corpus={"layout": "mirdata", "loader": "ballroom"})

    assert "1 tracks of 1 genres, 0.00 h; 1 unreadable" in told
    catalog = read_catalog().set_index("track_id")
    assert catalog.loc["1", "genre"] == "waltz"
    assert catalog.loc["2", "problem"].startswith("its checksum is not the published one")
    assert list(catalog["content_hash"].isna()) == [False, True]
