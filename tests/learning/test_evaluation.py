"""Evaluation: figures of tracks that the model never saw, and a card that hides nothing."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from genrenet.corpus.audit import LEVELS
from genrenet.errors import DataError
from genrenet.learning.card import model_card
from genrenet.learning.evaluation import judge
from genrenet.sections.train import Evaluate
from genrenet.serving.classifier import Classifier
from tasks.evaluate import Paths, evaluate_bundle

NAMES = ("blues", "metal", "reggae")
ROWS = pd.DataFrame(
    {
        "track_id": ["1", "2", "3", "4"],
        "genre": ["blues", "blues", "metal", "reggae"],
        "group": ["Bird", "Duke", "Ozzy", "Bob"],
    }
)
TRACK = np.array([0, 0, 1, 2, 3])
WINDOWS = np.array(
    [[0.2, 0.8, 0.0], [0.9, 0.0, 0.1], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.1, 0.1, 0.8]]
)
ABOUT = {
    "name": "genrenet",
    "level": "performer",
    "split_digest": "5" * 16,
    "specification": "6" * 16,
    "seed": 1,
    "confidence": 0.95,
    "versions": {"keras": "3.15"},
    "n_train": 9,
    "n_validation": 3,
}


def judged(y_prob=WINDOWS, baseline=("blues", "metal", "metal", "metal")):
    """A report of the four tracks."""
    return judge(ROWS, np.asarray(y_prob), TRACK, list(baseline), NAMES, Evaluate(bootstrap=100))


def always(*answers):
    """Window probabilities of a model that answers so by track."""
    return np.eye(3)[[NAMES.index(answers[n % len(answers)]) for n in TRACK]]


def test_a_track_is_judged_by_the_mean_of_its_windows():
    """The first track's second window outvotes its first; the third is taken for blues."""
    predictions = judged().predictions

    assert predictions["prediction"].tolist() == ["blues", "blues", "blues", "reggae"]
    assert predictions["confidence"].tolist() == pytest.approx([0.55, 0.6, 0.5, 0.8])
    assert predictions["p: metal"].tolist() == pytest.approx([0.4, 0.3, 0.4, 0.1])


def test_figures_are_by_track_by_window_and_of_the_baseline():
    """Three of four tracks, three of five windows; the baseline two of four."""
    report = judged()
    content = report.to_json()

    assert [content[unit]["accuracy"] for unit in content] == [0.75, 0.6, 0.5]
    assert content["baseline"]["balanced_accuracy"] == pytest.approx(0.5)
    assert content["track"]["accuracy_low"] <= 0.75 <= content["track"]["accuracy_high"]
    assert json.loads(json.dumps(content)) == content


def test_every_class_has_a_row():
    """Metal is never answered."""
    table = judged().by_class().set_index("class")

    assert table.loc["metal"].tolist() == [0, 0, 0, 1]
    assert table.loc["blues", "precision"] == 0.666667


def test_the_same_arguments_give_the_same_report():
    """Intervals are drawn, and the seed is a setting."""
    assert judged().to_json() == judged().to_json()


@pytest.mark.parametrize(
    ("y_prob", "baseline", "remark"),
    [
        (always("blues"), ("blues",) * 4, "gives every track the same answer"),
        (always("blues", "reggae"), ("metal",) * 4, "never answers metal"),
        (always("metal", "blues"), ("metal",) * 4, "no better than always answering"),
        (
            always("metal", "blues"),
            ("blues", "blues", "metal", "metal"),
            "below the classical baseline",
        ),
    ],
)
def test_the_card_says_what_is_wrong(y_prob, baseline, remark):
    """In bold, where a reader of the figures will see it."""
    card = model_card(judged(y_prob, baseline), ABOUT)

    assert any(remark in line and line.startswith("**") for line in card.splitlines())


def test_a_card_of_a_good_model_has_no_remark():
    """All right, all classes, better than the baseline."""
    card = model_card(judged(always("blues", "blues", "metal", "reggae")), ABOUT)

    assert not [line for line in card.splitlines() if line.startswith("**")]
    assert "**100.0%** of the tracks are answered rightly (95% interval over groups:" in card


@pytest.mark.parametrize("level", LEVELS)
def test_the_card_says_what_was_kept_apart(level):
    """The certificate stands beside the score."""
    card = model_card(judged(), ABOUT | {"level": level})

    assert LEVELS[level] in card
    assert f"level `{level}`, split `5555555555555555`" in card


def test_the_card_names_classes_tracks_and_groups():
    """Of how much the figures are."""
    card = model_card(judged(), ABOUT)

    assert "Tells 3 classes apart: blues, metal, reggae." in card
    assert "On 4 tracks of 4 groups" in card
    assert "Learned from 9 tracks, chosen and calibrated on 3." in card
    assert "| metal | 0.0% | 0.0% | 0.0% | 1 |" in card


FILES = {
    "accuracy": 0.5,
    "balanced_accuracy": 0.4,
    "majority": 0.3,
    "accuracy_low": 0.45,
    "accuracy_high": 0.55,
}


def test_what_files_tell_stands_beside_the_score():
    """In the figures and in the card, where nobody can read one without the other."""
    report = replace(judged(), shortcut={**FILES, "alone": {"sr": 0.5}})

    assert report.to_json()["shortcut"] == FILES
    assert "| file properties alone, all tracks | 50.0% | 40.0% | |" in model_card(report, ABOUT)
    assert "shortcut" not in judged().to_json()
    assert "file properties" not in model_card(judged(), ABOUT)


@pytest.mark.parametrize(("accuracy", "doubted"), [(0.99, False), (1.0, True)])
def test_a_model_that_knows_no_more_than_the_files_is_doubted(accuracy, doubted):
    """Its interval reaches down to what they tell; here it is 1 to 1."""
    right = judged(always("blues", "blues", "metal", "reggae"))
    report = replace(right, shortcut={**FILES, "accuracy": accuracy})

    card = model_card(report, ABOUT)

    assert ("**The model is not shown to know more than that.**" in card) == doubted


@pytest.fixture(scope="module")
def report(study, bundle):
    """The small bundle, judged."""
    paths = Paths(bundle=bundle, features=study.features, augmented=study.augmented)
    return evaluate_bundle(paths, study.splits, Evaluate(bootstrap=100))


def test_every_test_track_is_judged_and_no_other(report, study):
    """The promise of the report."""
    test = study.splits[study.splits["split"] == "test"]

    assert report.predictions["track_id"].tolist() == test["track_id"].tolist()
    assert report.to_json()["track"]["n"] == len(test)


def test_a_report_gives_what_a_user_would_get(report, study, bundle):
    """The same probabilities as predicting the file."""
    classifier = Classifier.load(bundle)

    for row in report.predictions.itertuples():
        answer = classifier.predict(study.audio / row.track_id)
        assert answer.label == row.prediction
        assert answer.confidence == pytest.approx(row.confidence, abs=1e-6)


def test_a_test_track_without_features_is_refused(study, bundle):
    """Else the score would be of another set than the one that is certified."""
    extra = pd.DataFrame(
        [{"track_id": "zzz", "genre": "noise", "group": "z", "group_known": True, "split": "test"}]
    )
    splits = pd.concat([study.splits, extra], ignore_index=True)

    with pytest.raises(DataError, match=r"the present one is"):
        evaluate_bundle(
            Paths(bundle=bundle, features=study.features, augmented=study.augmented),
            splits,
            Evaluate(),
        )
