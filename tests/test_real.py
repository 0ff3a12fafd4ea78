"""Real recordings, from the folder that GENRENET_REAL_AUDIO names: other people's files."""

import os
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import soxr

from genrenet.corpus.audit import audit
from genrenet.corpus.layouts import corpus_folder, read_tracks
from genrenet.corpus.splits import split_tracks
from genrenet.errors import DataError
from genrenet.features.preprocessing import extract, window_starts
from genrenet.sections.corpus import Corpus, Split
from genrenet.sections.features import Preprocessing
from genrenet.serving.classifier import Classifier
from tasks.probe import Hashes, probe_tracks

pytestmark = pytest.mark.real

SETS = {  # some of each: OGG, FLAC, WAV at 16 and 48 kHz, long stereo WAV
    "esc10": 3,
    "gtzan_mini": 2,
    "nepali_cultural_samples": 4,
    "persian_dastgah_samples": 1,
}


def recordings(name: str) -> list[Path]:
    """A few recordings of a set, spread over it."""
    suffixes = (".wav", ".ogg", ".flac")
    folder = Path(os.environ["GENRENET_REAL_AUDIO"], name)
    paths = sorted(path for path in folder.rglob("*") if path.suffix in suffixes)
    return paths[:: max(1, len(paths) // SETS[name])][: SETS[name]]


def catalog(name: str | Path, folder: Path, **layout: object):
    """The catalog of a whole set, or of a folder."""
    labels = folder / "labels.csv"
    labels.write_text("track_id,genre\n", "utf-8")
    path = str(Path(os.environ["GENRENET_REAL_AUDIO"], name))
    corpus = Corpus(path=path, labels=str(labels), **layout)
    hashes = Hashes(folder / "hashes.parquet")
    tracks = read_tracks(corpus)
    return probe_tracks(tracks, corpus_folder(corpus), hashes, advance=lambda _: None)


@pytest.mark.parametrize("name", SETS)
def test_mel_of_real_recordings_is_librosas(name):
    """Within a thousandth of a dB, down to 100 dB under the peak: there float32 itself is noise."""
    spec = Preprocessing(trim_db=None, dtype="float32")
    for path in recordings(name):
        clip = extract(path, spec)
        samples, sr = sf.read(path, dtype="float32", always_2d=True)
        theirs = librosa.feature.melspectrogram(
            y=soxr.resample(samples.mean(axis=1), sr, spec.sr),
            sr=spec.sr,
            n_fft=spec.n_fft,
            hop_length=spec.hop_length,
            n_mels=spec.n_mels,
            fmin=20,
        )
        theirs = librosa.power_to_db(theirs, top_db=None).T

        for window, start in zip(
            clip.features["mel"], window_starts(len(theirs), spec), strict=True
        ):
            expected = theirs[start : start + spec.window_frames]
            heard = expected > clip.peak_db - 100
            assert np.abs(window - expected)[heard].max(initial=0) < 1e-3


@pytest.mark.parametrize("name", SETS)
def test_a_classifier_answers_for_real_recordings_of_any_length(name, bundle):
    """From 5 s to minutes, any rate and number of channels: probabilities and a timeline."""
    classifier = Classifier.load(bundle)
    for path in recordings(name):
        answer = classifier.predict(path)

        assert sum(answer.probabilities.values()) == pytest.approx(1)
        n_windows = len(extract(path, classifier.bundle.specification))
        assert len(answer.timeline) == n_windows


def test_the_official_folds_of_esc10_pass_the_audit(tmp_path):
    """400 clips, every fold tested once: no source recording stands on two sides."""
    columns = {"path": "file", "genre": "label"}
    tracks = catalog("esc10", tmp_path, layout="manifest", manifest="meta.csv", columns=columns)

    assert len(tracks) == 400
    for fold in range(1, 6):
        splits = split_tracks(tracks, Split(policy="folds", test_fold=fold)).table
        certificate = audit(splits, "recording")
        assert certificate.level == "recording"
        assert sum(certificate.counts["test"].values()) == 80


def test_one_recording_for_each_dastgah_is_refused_by_name(tmp_path):
    """Nothing can be learned and tested from a single recording."""
    tracks = catalog("persian_dastgah_samples", tmp_path)

    with pytest.raises(DataError, match="7 genres have one group each: D_0, D_1"):
        split_tracks(tracks, Split())


def test_an_archive_of_albums_has_its_albums_for_groups(tmp_path):
    """Long recordings, cut and sorted as archives are: album, dastgah, piece."""
    for path in recordings("persian_dastgah_samples") + recordings("nepali_cultural_samples"):
        y, sr = sf.read(path, stop=9 * 16_000)
        for n in range(3):
            piece = tmp_path / f"corpus/album {n}/{path.parent.name}/{path.stem}.flac"
            piece.parent.mkdir(parents=True, exist_ok=True)
            sf.write(piece, y[n * 16_000 :][: 3 * 16_000], sr)

    tracks = catalog(tmp_path / "corpus", tmp_path, layout="albums", group_level="album")

    assert len(tracks) == 15
    assert tracks["problem"].isna().all()
    assert tracks.groupby("genre")["group"].agg(set).map(len).eq(3).all()
    assert set(tracks["group"]) == {"album 0", "album 1", "album 2"}


def test_tags_of_real_recordings_in_many_formats_name_their_groups(tmp_path):
    """What was written into copies in five formats is read from them."""
    for n, path in enumerate(recordings("nepali_cultural_samples")):
        for suffix in ("flac", "mp3", "ogg", "wav", "aiff"):
            y, sr = sf.read(path, stop=48_000)
            copy = tmp_path / f"corpus/{path.parent.name}/{path.stem}.{suffix}"
            copy.parent.mkdir(parents=True, exist_ok=True)
            with sf.SoundFile(copy, "w", sr, 1 if y.ndim == 1 else 2) as file:
                file.artist = f"Ana {n}"
                file.write(y)

    tracks = catalog(tmp_path / "corpus", tmp_path, layout="tags")

    assert tracks["problem"].isna().all()
    assert tracks.groupby("group").size().tolist() == [5, 5, 5, 5]
    assert tracks["group_known"].all()


def test_gtzan_s_published_lists_are_read_as_they_are(tmp_path):
    """Whatever the copies' format, each clip of it has its published side, or none."""
    tracks = catalog("gtzan_mini", tmp_path, layout="gtzan")
    folder = Path(os.environ["GENRENET_REAL_AUDIO"])
    meta = pd.read_csv(folder / "gtzan_mini/meta.csv", index_col="file", keep_default_na=False)
    published = {i: meta.loc[f"{i}.wav", "filtered_split"] for i in tracks["track_id"]}

    lists = folder.parent / "splits/gtzan_music_dataset_split"
    splits = split_tracks(tracks, Split(policy="lists", lists=str(lists))).table

    assert len(tracks) == 107
    found = splits.set_index("track_id")["split"].replace("validation", "valid").to_dict()
    assert found == {i: side for i, side in published.items() if side in ("train", "valid", "test")}
