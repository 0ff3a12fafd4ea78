"""Doubts: the list is one that the catalog can read, and wrong labels are on it."""

import re
import urllib.parse
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows.catalog import catalog
from flows.demo import demo
from flows.doubts import DOUBTS, OOF, OOF_WINDOWS, PAGE, TIMELINES, doubts
from flows.duplicates import duplicates
from flows.features import features
from flows.folds import folds
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA
from genrenet.corpus.layouts import read_tracks
from genrenet.corpus.tracks import read_catalog, write_table
from genrenet.errors import DataError
from genrenet.learning.answers import MODELS, answers, by_track
from genrenet.params import Params
from genrenet.sections.corpus import Corpus

HEARD = {"noise": [0.9, 0.1], "tunes": [0.1, 0.9]}


@pytest.fixture
def project(study, tmp_path, monkeypatch):
    """A folder with what a cross-validation of the study's corpus could have left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    pairs = pd.DataFrame(columns=DUPLICATES_SCHEMA.names)
    write_table(pairs, DUPLICATES, DUPLICATES_SCHEMA)
    tracks = study.catalog[["track_id", "genre", "group"]]
    answer(tracks, wrong=tracks["track_id"][0])
    return tracks


def answer(tracks, *, wrong):
    """Write the answers of models that hear the folder's genre, where one label is wrong."""
    labels = tracks["genre"].mask(
        tracks["track_id"] == wrong, "tunes" if wrong.startswith("noise") else "noise"
    )
    windows = tracks.loc[tracks.index.repeat(3)].assign(start_s=[0.0, 0.5, 1.0] * len(tracks))
    y_prob = np.array([HEARD[genre] for genre in windows["genre"]])
    by_windows = answers(windows, dict.fromkeys(MODELS, y_prob), sorted(HEARD))
    OOF.parent.mkdir(parents=True, exist_ok=True)
    by_windows.to_parquet(OOF_WINDOWS, index=False)
    tracks.assign(genre=labels).merge(by_track(by_windows)).to_parquet(OOF, index=False)


def test_the_list_can_be_named_in_corpus_labels(project, study):
    """As it stands: the doubted track then has the likelier genre, all others their own."""
    doubts(Params())

    corpus = Corpus(path=str(study.audio), labels=str(DOUBTS))
    mended = {track.track_id: track.genre for track in read_tracks(corpus)}
    assert mended == dict(zip(project["track_id"], project["genre"], strict=True))
    assert pd.read_csv(DOUBTS)["track_id"].tolist() == [project["track_id"][0]]


def test_every_link_of_the_page_leads_to_a_picture(project):
    """And every picture is linked, once another run has doubted another track."""
    doubts(Params())
    answer(project, wrong=project["track_id"].iloc[-1])
    doubts(Params())

    links = re.findall(r"\]\((.+?)\)", PAGE.read_text("utf-8"))
    pictures = [PAGE.parent / urllib.parse.unquote(link) for link in links]
    assert len(pictures) == 1
    assert sorted(TIMELINES.iterdir()) == sorted(pictures)
    assert pd.read_csv(DOUBTS)["timeline"].tolist() == links


def test_the_same_answers_give_the_same_bytes(project):
    """Pictures too: nothing downstream becomes stale."""
    doubts(Params())
    files = [DOUBTS, PAGE, *TIMELINES.iterdir()]
    before = {path: path.read_bytes() for path in files}
    doubts(Params())

    assert {path: path.read_bytes() for path in files} == before


def test_without_a_cross_validation_it_says_what_to_run(project):
    """Its answers are all that the doubts stem from."""
    OOF_WINDOWS.unlink()

    with pytest.raises(DataError, match=r"oof_windows.parquet is missing. Run 'dvc repro studies"):
        doubts(Params())


QUICK = {
    "demo": {"artists_per_style": 10, "tracks_per_artist": 2},
    "features": {"hop_length": 1024, "n_mels": 40, "n_shards": 2},
    "train": {"channels": (8, 16, 32)},
    "studies": {"epochs": 6},
    "split": {"n_folds": 4},
    "compute": {"executor": "ray"},
}


@pytest.mark.engine
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")  # MLflow warns of what it does itself
@pytest.mark.usefixtures("two_ray_workers")
def test_planted_labels_are_found(tmp_path, monkeypatch):
    """A tenth of the demo's labels, drawn at random, by all stages: most are found, few others."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/store/mlflow.db")
    Path("planted.csv").write_text("track_id,genre\n", "utf-8")
    params = Params(corpus={"labels": "planted.csv"}, **QUICK)
    for stage in (demo, catalog, features, duplicates):
        stage(params)
    planted = plant(read_catalog())
    planted.to_csv("planted.csv", index=False)
    for stage in (catalog, folds, doubts):
        stage(params)

    found = set(pd.read_csv(DOUBTS)["track_id"])

    n_right = len(found & set(planted["track_id"]))
    assert n_right / len(found) >= 0.6
    assert n_right / len(planted) >= 0.6


def plant(tracks):
    """Corrections that give a tenth of the tracks another genre."""
    rng, genres = np.random.default_rng(0), np.unique(tracks["genre"])
    rows = tracks.sample(frac=0.1, random_state=0)
    right = np.searchsorted(genres, rows["genre"])
    wrong = (right + rng.integers(1, len(genres), len(rows))) % len(genres)
    return rows[["track_id"]].assign(genre=genres[wrong])
