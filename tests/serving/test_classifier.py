"""The classifier: answers from the features that the network was trained on, bit for bit."""

import itertools

import numpy as np
import pytest
import soundfile as sf

from genrenet.errors import AudioError, DataError
from genrenet.features.preprocessing import extract
from genrenet.features.shards import shard_paths
from genrenet.learning.dataset import WindowSet
from genrenet.serving.classifier import Classifier
from tests.signals import noise, sine, tune, write


@pytest.fixture(scope="module")
def classifier(bundle):
    """The small bundle, loaded."""
    return Classifier.load(bundle)


@pytest.mark.parametrize("feature", ["mel", "mfcc"])
def test_training_and_prediction_see_the_same_bits(study, classifier, feature):
    """Out of the shard, and out of the file: no difference in any value of any track."""
    settings = classifier.bundle.params.train.model_copy(update={"feature": feature})
    params = classifier.bundle.params.model_copy(update={"train": settings})
    other = Classifier(classifier.bundle.model_copy(update={"params": params}), None)
    ids = list(study.catalog["track_id"])
    trained = WindowSet(shard_paths(study.features), ids, other.bundle.network_input)
    rows = [(x[track == n], n) for x, track in trained.in_order() for n in np.unique(track)]

    assert {n for _, n in rows} == set(range(len(ids)))
    for x, n in rows:
        clip = extract(study.audio / ids[n], classifier.bundle.specification)
        assert np.array_equal(other.network_input(clip), x)


def test_a_file_and_its_samples_get_the_same_answer(classifier, tmp_path):
    """Decoding is all that lies between."""
    y = np.column_stack([tune(sr=22_050, duration_s=3), noise(sr=22_050, duration_s=3)])
    path = write(tmp_path / "a.flac", 0.5 * y, 22_050)

    samples, sr = sf.read(path, dtype="float32")

    assert classifier.predict(samples, sr) == classifier.predict(path)
    assert classifier.predict(samples.astype(np.float64), sr) == classifier.predict(str(path))


def test_a_network_that_learned_tells_them_apart(classifier, study):
    """Sanity of the whole path: labels are in the order of the outputs."""
    train = study.splits[study.splits["split"] == "train"]
    answers = [classifier.predict(study.audio / i).label for i in train["track_id"]]

    assert set(answers) <= {"noise", "tunes"}


@pytest.mark.parametrize("duration_s", [0.5, 0.7, 1.0, 1.01, 30.0])
def test_recordings_of_any_length_are_answered(classifier, duration_s):
    """From half a second; the probabilities of all classes sum to 1, the best first."""
    answer = classifier.predict(noise(sr=8_000, duration_s=duration_s), 8_000)
    shares = list(answer.probabilities.values())

    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert (answer.label, answer.confidence) == next(iter(answer.probabilities.items()))


def test_the_answer_is_the_mean_of_the_timeline(classifier):
    """Two classes: each window's share of the label."""
    answer = classifier.predict(noise(sr=8_000, duration_s=9), 8_000)
    shares = [
        window["confidence"] if window["label"] == answer.label else 1 - window["confidence"]
        for window in answer.timeline
    ]

    assert np.mean(shares) == pytest.approx(answer.confidence)


def test_the_timeline_covers_the_recording(classifier):
    """Without a gap, from what is not trimmed to the end."""
    silence = np.zeros(2 * 8_000, np.float32)
    y = np.concatenate([silence, noise(sr=8_000, duration_s=7.3)])
    timeline = classifier.predict(y, 8_000).timeline

    assert timeline[0]["start_s"] == pytest.approx(2.0, abs=0.3)  # a trim frame is 0.26 s
    assert timeline[-1]["end_s"] == pytest.approx(9.3, abs=0.1)
    for one, two in itertools.pairwise(timeline):
        assert one["start_s"] < two["start_s"] <= one["end_s"]


def test_an_answer_does_not_depend_on_the_level(classifier):
    """Features are relative to the clip's maximum; the floor of -100 dB is far below."""
    y = tune(sr=8_000, duration_s=3)

    loud, soft = classifier.predict(y, 8_000), classifier.predict(0.5 * y, 8_000)

    assert soft.confidence == pytest.approx(loud.confidence, abs=1e-3)


def test_logits_are_calibrated(bundle, classifier):
    """At twice the temperature the answer is less sure."""
    y = sine(440, sr=8_000, duration_s=3)
    about = classifier.bundle
    warm = Classifier(
        about.model_copy(update={"temperature": 2 * about.temperature}), classifier.network
    )

    assert warm.predict(y, 8_000).confidence < classifier.predict(y, 8_000).confidence


@pytest.mark.parametrize(
    ("y", "reason"),
    [(np.zeros(8_000), "silent"), (np.ones(99), "too short"), (np.zeros(0), "silent")],
)
def test_samples_that_say_nothing_are_refused(classifier, y, reason):
    """As a file of them would be."""
    with pytest.raises(AudioError, match=reason):
        classifier.predict(y, 8_000)


@pytest.mark.parametrize(
    ("y", "sr", "error", "message"),
    [
        (np.ones(8_000), None, TypeError, "needs sr"),
        (np.ones(8_000, np.int16), 8_000, TypeError, "got int16: divide 16-bit"),
        (np.ones((2, 8_000)), 8_000, ValueError, r"got \(2, 8000\): transpose it"),
        (np.ones((9, 2, 2)), 8_000, ValueError, r"got \(9, 2, 2\)"),
    ],
)
def test_arrays_that_mean_something_else_are_refused(classifier, y, sr, error, message):
    """Channels first, as librosa has them, would be mixed over time."""
    with pytest.raises(error, match=message):
        classifier.predict(y, sr)


def test_a_damaged_file_is_refused_like_in_training(classifier, tmp_path):
    """Both look at the header first."""
    path = write(tmp_path / "a.wav", noise(sr=8_000, duration_s=3), 8_000)
    path.write_bytes(path.read_bytes()[:-999])

    with pytest.raises(AudioError, match=r"truncated"):
        classifier.predict(path)


def test_a_folder_without_a_bundle_is_refused(tmp_path):
    """Before the network's library is loaded."""
    with pytest.raises(DataError, match=r"is no model"):
        Classifier.load(tmp_path)
