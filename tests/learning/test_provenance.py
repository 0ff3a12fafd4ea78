"""Provenance: a model that saw what it may not have seen is not judged."""

import pandas as pd
import pytest

from genrenet.corpus.audit import split_digest
from genrenet.errors import DataError
from genrenet.learning.provenance import (
    PURPOSES,
    check_copies,
    check_provenance,
    seen_tracks,
    unseen,
)

SPLITS = pd.DataFrame(
    {
        "track_id": list("abc"),
        "genre": "x",
        "group": list("abc"),
        "split": ["train", "validation", "test"],
    }
)
DIGEST = split_digest(SPLITS)
OWN = {"train": ["a"], "validation": ["b"]}
SEEN = {"split_digest": DIGEST, **{purpose: OWN[side] for purpose, side in PURPOSES.items()}}


def test_a_model_that_saw_its_own_sides_is_judged():
    """Also one that was neither validated nor balanced."""
    check_provenance(SEEN, SPLITS, DIGEST)
    without = {"balancing": [], "early_stopping": [], "calibration": []}
    check_provenance(SEEN | without, SPLITS, DIGEST)


@pytest.mark.parametrize("stranger", ["c", "gone"])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_model_that_saw_a_stranger_is_not_judged(purpose, stranger):
    """Whatever it saw it for, on the test side or on none."""
    seen = SEEN | {purpose: [*SEEN[purpose], stranger]}

    with pytest.raises(DataError, match=rf"leak: .* its {purpose} saw 1 tracks .*: {stranger}\. T"):
        check_provenance(seen, SPLITS, DIGEST)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_model_that_saw_the_other_side_is_not_judged(purpose):
    """Validation tracks are not learned from, train tracks choose and calibrate nothing."""
    other = {"train": ["b"], "validation": ["a"]}[PURPOSES[purpose]]

    with pytest.raises(DataError, match=rf"its {purpose} saw 1 tracks that are not on the"):
        check_provenance(SEEN | {purpose: other}, SPLITS, DIGEST)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_model_that_is_silent_about_a_purpose_is_not_judged(purpose):
    """What it saw for it, nobody knows."""
    silent = {name: ids for name, ids in SEEN.items() if name != purpose}

    with pytest.raises(DataError, match=rf"it does not say what {purpose} saw"):
        check_provenance(silent, SPLITS, DIGEST)


def test_a_purpose_that_nobody_knows_is_refused():
    """No rule says what it may have seen."""
    with pytest.raises(DataError, match=r"'peeking' is no purpose that is known"):
        check_provenance(SEEN | {"peeking": ["a"]}, SPLITS, DIGEST)


def test_all_that_is_wrong_is_told_at_once():
    """Who mends the first is not to find the second afterwards."""
    wrong = {"weights": ["c"], "split_digest": DIGEST}

    with pytest.raises(DataError, match=r"what balancing saw; .*; its weights saw 1 tracks"):
        check_provenance(wrong, SPLITS, DIGEST)


def test_a_model_of_another_split_is_not_judged():
    """Even where nothing of the test side was seen: the certificate is another."""
    with pytest.raises(DataError, match=r"trained under the split 0000, the present one is"):
        check_provenance(SEEN | {"split_digest": "0000"}, SPLITS, DIGEST)


def test_copies_of_train_tracks_are_as_they_should_be():
    """Some tracks have several, some none."""
    check_copies(["a", "a"], {"a", "d"}, "data/augmented")


def test_a_copy_of_a_test_track_is_refused():
    """It is a sibling on another side."""
    with pytest.raises(DataError, match=r"leak: data/augmented holds .* 1 tracks .*: c\. Run"):
        check_copies(["a", "c"], {"a"}, "data/augmented")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_group_of_which_a_track_was_seen_is_left_out_whole(purpose):
    """Whatever it was seen for: its other tracks sound like it."""
    splits = pd.DataFrame(
        {
            "track_id": list("abcde"),
            "genre": "x",
            "group": ["one", "one", "two", "three", "three"],
            "split": ["test", "test", "test", "test", "train"],
        }
    )
    seen = seen_tracks({"split_digest": "b", purpose: ["a", "gone", "e"]})

    assert seen == {"a", "gone", "e"}
    assert list(unseen(splits, seen)["track_id"]) == ["c"]
    assert list(unseen(splits, {"gone"})["track_id"]) == list("abcd")
