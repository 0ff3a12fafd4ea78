"""Real recordings, from the folder that GENRENET_REAL_AUDIO names: other people's files."""

import os
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile as sf
import soxr

from genrenet.corpus.audit import audit
from genrenet.corpus.layouts import corpus_folder, read_tracks
from genrenet.corpus.splits import split_tracks
from genrenet.errors import DataError
from genrenet.features.preprocessing import extract, window_starts
from genrenet.params import Corpus, Preprocessing, Split
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


def catalog(name: str, folder: Path, **layout: object):
    """The catalog of a whole set."""
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
        splits = split_tracks(tracks, Split(test_fold=fold)).table
        certificate = audit(splits, "recording")
        assert certificate.level == "recording"
        assert sum(certificate.counts["test"].values()) == 80


def test_one_recording_for_each_dastgah_is_refused_by_name(tmp_path):
    """Nothing can be learned and tested from a single recording."""
    tracks = catalog("persian_dastgah_samples", tmp_path)

    with pytest.raises(DataError, match="7 genres have one group each: D_0, D_1"):
        split_tracks(tracks, Split())
