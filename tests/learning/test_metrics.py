"""Facts about scores: hand-calculated answers, and what must hold for any model."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import top_k_accuracy_score

from genrenet.errors import DataError
from genrenet.learning.metrics import bootstrap_interval, score, track_probabilities

NAMES = ("blues", "metal", "reggae")
# Five tracks, four classes: "unheard" has no test track, and nothing is answered "metal".
Y_TRUE = np.array([0, 0, 0, 1, 2])
Y_PROB = np.array(
    [
        [0.7, 0.1, 0.1, 0.1],
        [0.6, 0.2, 0.1, 0.1],
        [0.2, 0.1, 0.6, 0.1],
        [0.5, 0.4, 0.1, 0.0],
        [0.1, 0.1, 0.2, 0.6],
    ]
)
HAND = score(Y_TRUE, Y_PROB, class_names=(*NAMES, "unheard"), top_k=2)


def test_windows_of_a_track_are_averaged():
    """Windows may come in any order."""
    windows = np.array([[1.0, 0.0], [0.2, 0.8], [0.4, 0.6]], dtype=np.float32)

    tracks = track_probabilities(windows, np.array([1, 0, 1]))

    assert tracks == pytest.approx(np.array([[0.2, 0.8], [0.7, 0.3]]))


@pytest.mark.parametrize("index", [[], [0], [0, 2]])
def test_windows_that_leave_a_track_without_probabilities_are_refused(index):
    """No window at all, one without an index, or an index that is skipped."""
    with pytest.raises(DataError, match="window"):
        track_probabilities(np.ones((2 if index else 0, 2)), np.array(index, dtype=int))


def test_accuracy_counts_the_tracks_that_are_answered_rightly():
    """Two of five."""
    assert HAND.accuracy == pytest.approx(2 / 5)


def test_means_over_classes_leave_out_a_class_without_tracks():
    """Recalls are 2/3, 0 and 0; F1 is 2/3, 0 and 0; "unheard" has neither."""
    assert HAND.balanced_accuracy == pytest.approx(2 / 9)
    assert HAND.macro_f1 == pytest.approx(2 / 9)


def test_top_k_counts_the_second_answer_too():
    """Tracks 1 and 2 at once, 3, 4 and 5 at the second guess: for the fifth, reggae."""
    assert HAND.top_k_accuracy == pytest.approx(1.0)


def test_log_loss_is_the_mean_surprise():
    """In nats; the probabilities of the true classes are written out here."""
    assert HAND.log_loss == pytest.approx(-np.log([0.7, 0.6, 0.2, 0.4, 0.2]).mean())


def test_majority_is_the_accuracy_of_always_answering_the_most_common_class():
    """Three of five tracks are blues."""
    assert HAND.majority == pytest.approx(3 / 5)


def test_confusion_has_true_classes_in_rows():
    """One blues is taken for reggae: row 0, column 2."""
    assert HAND.confusion.tolist() == [[2, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_a_class_without_tracks_or_answers_scores_zero_without_a_warning():
    """Warnings are errors here; metal is never answered, unheard never true."""
    metal, unheard = HAND.by_class["metal"], HAND.by_class["unheard"]

    assert (metal.precision, metal.recall, metal.f1, metal.support) == (0, 0, 0, 1)
    assert (unheard.precision, unheard.recall, unheard.f1, unheard.support) == (0, 0, 0, 0)


def test_classes_that_are_never_answered_are_told():
    """A report must show that a model ignores a class."""
    assert HAND.never_predicted == ("metal",)
    assert not HAND.constant


def test_a_model_that_always_gives_one_answer_is_told():
    """Its accuracy is the majority share, which looks like learning when classes are uneven."""
    same = np.tile([0.5, 0.3, 0.2], (5, 1))

    scores = score(Y_TRUE, same, class_names=NAMES, top_k=2)

    assert scores.constant
    assert scores.never_predicted == ("metal", "reggae")
    assert scores.accuracy == scores.majority


def test_a_model_that_knows_nothing_answers_the_first_class():
    """Equal probabilities: the answer, top-k and the confusion agree on the order."""
    scores = score(Y_TRUE, np.full((5, 3), 1 / 3), class_names=NAMES, top_k=2)

    assert scores.accuracy == pytest.approx(3 / 5)
    assert scores.top_k_accuracy == pytest.approx(4 / 5)


def test_two_classes_and_a_top_k_as_large_are_allowed():
    """Then the second answer is always right."""
    scores = score(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]), class_names="ab", top_k=2)

    assert (scores.accuracy, scores.top_k_accuracy) == (0.5, 1.0)


def test_probabilities_in_half_precision_are_taken():
    """float16 rows sum to 1 only roughly; scikit-learn alone would warn."""
    y_prob = np.random.default_rng(0).dirichlet(np.ones(3), size=5).astype(np.float16)

    assert np.isfinite(score(Y_TRUE, y_prob, class_names=NAMES).log_loss)


@pytest.mark.parametrize(
    ("y_true", "y_prob", "names", "message"),
    [
        ([], np.zeros((0, 2)), "ab", "no track"),
        ([0], [[0.5, 0.5]], "abc", r"shape \(1, 2\).*need \(1, 3\)"),
        ([0, 1], [[0.5, 0.5]], "ab", r"need \(2, 2\)"),
        ([0], [[0.5, 0.5]], "aa", "each once"),
        ([0], [[1.0]], "a", "at least two"),
        ([2], [[0.5, 0.5]], "ab", "from 2 to 2, expected 0 to 1"),
        ([0], [[2.0, -1.0]], "ab", "as low as -1"),
        ([0], [[3.0, 1.0]], "ab", "apply softmax"),
        ([0], [[np.nan, 1.0]], "ab", "nan"),
    ],
)
def test_what_cannot_be_scored_is_refused(y_true, y_prob, names, message):
    """The message says what came and what was expected."""
    with pytest.raises(DataError, match=message):
        score(np.array(y_true, dtype=int), np.array(y_prob), class_names=names)


def test_figures_are_plain_numbers_by_name():
    """Python's own, so that they go into JSON and into MLflow as they are."""
    figures = HAND.figures

    assert json.loads(json.dumps(figures)) == figures
    assert set(figures) == {
        *("accuracy", "balanced_accuracy", "macro_f1"),
        *("top_k_accuracy", "log_loss", "majority", "n"),
    }
    assert (figures["accuracy"], figures["majority"], figures["n"]) == (0.4, 0.6, 5)


@st.composite
def answers(draw):
    """True classes and probabilities of a random model."""
    n_classes, n_tracks = draw(st.integers(2, 6)), draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sharpness = draw(st.sampled_from([0.05, 1.0, 50.0]))  # from one-hot to nearly even
    y_prob = rng.dirichlet(np.full(n_classes, sharpness), size=n_tracks)
    return rng.integers(n_classes, size=n_tracks), y_prob


@settings(max_examples=60, deadline=None)  # no deadline: the machine is shared
@given(answers())
def test_scores_agree_with_one_another(drawn):
    """What holds for any model: trace, mean recall, top-k over top-1, majority, supports."""
    y_true, y_prob = drawn
    names = [f"class {c}" for c in range(y_prob.shape[1])]

    scores = score(y_true, y_prob, class_names=names, top_k=2)

    by_class = scores.by_class.values()
    recalls = [one.recall for one in by_class if one.support]
    assert scores.accuracy == pytest.approx(np.trace(scores.confusion) / scores.confusion.sum())
    assert scores.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert scores.accuracy <= scores.top_k_accuracy <= 1
    assert scores.majority == max(one.support for one in by_class) / len(y_true)
    assert scores.confusion.sum(axis=1).tolist() == [one.support for one in by_class]


@settings(max_examples=30, deadline=None)
@given(answers())
def test_top_k_agrees_with_scikit_learn(drawn):
    """Its function refuses two classes and warns at a large k; elsewhere the two must agree."""
    y_true, y_prob = drawn
    y_prob = np.column_stack([y_prob, np.zeros(len(y_prob))])  # at least three classes
    labels = np.arange(y_prob.shape[1])
    uneven = (labels + 1) / (labels + 1).sum()  # no ties: the two break them differently
    y_prob = 0.9 * y_prob + 0.1 * uneven

    scores = score(y_true, y_prob, class_names=[str(c) for c in labels], top_k=2)

    assert scores.top_k_accuracy == top_k_accuracy_score(y_true, y_prob, k=2, labels=labels)


def tracks_by_artist(n_artists, *, n_tracks=6, seed=0):
    """Answers whose accuracy, 0.7 on average, varies from artist to artist."""
    rng = np.random.default_rng(seed)
    groups = np.repeat([f"artist {a}" for a in range(n_artists)], n_tracks)
    chance = np.repeat(rng.beta(7, 3, size=n_artists), n_tracks)
    return rng.random(len(groups)) < chance, groups


def interval(correct, groups, **changes):
    """Interval at the settings' defaults."""
    arguments = {"n_draws": 2_000, "confidence": 0.95, "seed": 0} | changes
    return bootstrap_interval(correct, groups, **arguments)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """60 corpora of 40 artists: 95 % is 57; below 51 has a chance under 1 % (binomial)."""
    corpora = [tracks_by_artist(40, seed=seed) for seed in range(60)]

    intervals = [interval(*corpus, n_draws=500) for corpus in corpora]

    assert sum(low <= 0.7 <= high for low, high in intervals) >= 51


def test_fewer_artists_give_a_wider_interval():
    """What a small corpus cannot know must show."""
    widths = {
        n: np.mean([np.ptp(interval(*tracks_by_artist(n, seed=seed))) for seed in range(5)])
        for n in (8, 200)
    }

    assert widths[8] > 2 * widths[200]  # by the square root of n it is 5 times as wide


def test_tracks_of_one_artist_are_not_counted_as_independent():
    """Artists that are all right or all wrong: by track, the interval would be far too narrow."""
    correct = np.repeat([True, True, True, False, True, False], 10)
    by_artist = interval(correct, np.repeat(np.arange(6), 10))
    by_track = interval(correct, np.arange(60))

    assert by_artist[1] - by_artist[0] > 2 * (by_track[1] - by_track[0])


def test_the_same_arguments_give_the_same_interval():
    """And another seed gives other draws."""
    corpus = tracks_by_artist(101)

    assert interval(*corpus) == interval(*corpus)
    assert interval(*corpus) != interval(*corpus, seed=1)


def test_more_confidence_gives_a_wider_interval():
    """The wider holds the narrower."""
    corpus = tracks_by_artist(20)
    narrow, wide = interval(*corpus, confidence=0.6), interval(*corpus, confidence=0.99)

    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_one_artist_says_nothing_of_the_next():
    """An interval without width would claim certainty."""
    assert interval([True, True, False], ["a", "a", "a"]) == (0.0, 1.0)


def test_one_artist_says_nothing_of_a_difference_either():
    """Which lies between all lost and all won."""
    assert interval([1, 0, -1], ["a", "a", "a"], bounds=(-1.0, 1.0)) == (-1.0, 1.0)


@pytest.mark.parametrize(("correct", "groups"), [([], []), ([True], ["a", "b"])])
def test_an_interval_of_nothing_is_refused(correct, groups):
    """Not a NaN in the report."""
    with pytest.raises(DataError, match="group"):
        interval(correct, groups)
