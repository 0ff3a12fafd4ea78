"""The audit: a planted leak is found and named; a certificate says what it is worth."""

import pandas as pd
import pytest

from genrenet.corpus.audit import audit, split_digest
from genrenet.errors import DataError

SPLITS = pd.DataFrame(
    [
        ("1", "jazz", "Bird", True, "train"),
        ("2", "jazz", "Bird", True, "train"),
        ("3", "jazz", "Duke", True, "test"),
        ("4", "rock", "Jimi", True, "train"),
        ("5", "rock", "Jeff", True, "validation"),
        ("6", "rock", "Eric", True, "test"),
    ],
    columns=["track_id", "genre", "group", "group_known", "split"],
)


def changed(row, **values):
    """The split with one row changed."""
    other = SPLITS.copy()
    other.loc[row, list(values)] = list(values.values())
    return other


def test_a_group_on_two_sides_is_a_breach_that_is_named():
    """Bird would be both learned from and tested on."""
    with pytest.raises(DataError, match=r"leak: 1 groups stand .*: Bird in test and train"):
        audit(changed(1, split="test"))


def test_a_track_on_two_sides_is_a_breach_that_is_named():
    """Even where its groups differ."""
    with pytest.raises(DataError, match=r"leak: 1 tracks stand .*: 1 in test and train"):
        audit(changed(2, track_id="1"))


def test_many_breaches_are_counted_and_the_first_named():
    """The count is of groups, not of tracks."""
    leak = pd.concat([SPLITS, SPLITS.assign(track_id=SPLITS["track_id"] + "x", split="test")])

    with pytest.raises(DataError, match=r"leak: 3 groups stand .*: Bird in"):
        audit(leak)


@pytest.mark.parametrize("level", ["performer", "album", "recording"])
def test_the_level_is_what_the_groups_are(level):
    """As the user has said."""
    assert audit(SPLITS, level).level == level


def test_one_unknown_group_makes_the_level_unknown():
    """The promise is for the whole split."""
    assert audit(changed(3, group_known=False, group="4"), "album").level == "unknown"


def test_segments_of_which_only_the_recording_is_known_make_the_level_recording():
    """Whatever the user has said of the groups that are known."""
    assert audit(changed(3, group_known=False, group="song.wav"), "performer").level == "recording"


def test_the_least_known_group_decides():
    """A whole file that stands for itself beside segments."""
    segment = changed(3, group_known=False, group="song.wav")
    segment.loc[4, ["group", "group_known"]] = ["5", False]

    assert audit(segment, "performer").level == "unknown"


def test_the_certificate_counts_tracks_and_groups():
    """By side; a genre that is missing on one has 0."""
    certificate = audit(SPLITS)

    assert certificate.counts == {
        "train": {"jazz": 2, "rock": 1},
        "validation": {"jazz": 0, "rock": 1},
        "test": {"jazz": 1, "rock": 1},
    }
    assert certificate.groups == {"train": 2, "validation": 1, "test": 2}


def test_the_digest_does_not_depend_on_the_order_of_rows():
    """The same split, the same digest."""
    assert split_digest(SPLITS.sample(frac=1, random_state=0)) == split_digest(SPLITS)


@pytest.mark.parametrize(
    "values",
    [{"track_id": "9"}, {"genre": "rock"}, {"group": "Monk"}, {"split": "validation"}],
    ids=lambda values: next(iter(values)),
)
def test_any_other_split_has_another_digest(values):
    """A model is judged under the split that it was trained under, and no other."""
    assert split_digest(changed(2, **values)) != split_digest(SPLITS)


def test_a_corpus_less_a_track_has_another_digest():
    """Also where the sides of the others stay."""
    assert split_digest(SPLITS[:-1]) != split_digest(SPLITS)
