"""The audit: a planted leak is found and named; a certificate says what it is worth."""

import pandas as pd
import pytest

from genrenet.corpus.audit import LeakError, audit, read_audit, split_digest
from genrenet.errors import DataError
from genrenet.serving.bundle import write_json

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
    with pytest.raises(
        LeakError, match=r"leak: .*\n  1 groups:\n    Bird: 1 in train, 2 in test\n"
    ):
        audit(changed(1, split="test"))


def test_a_track_on_two_sides_is_a_breach_that_is_named():
    """Even where its groups differ."""
    with pytest.raises(
        LeakError, match=r"1 tracks on two sides at once:\n    1 in train, 1 in test"
    ):
        audit(changed(2, track_id="1"))


def test_a_pair_of_duplicates_on_two_sides_is_a_breach_that_is_named():
    """Their groups say nothing of it."""
    with pytest.raises(LeakError, match=r"1 pairs of duplicates:\n    1 in train, 6 in test"):
        audit(SPLITS, pairs=pd.DataFrame({"track_id": ["1", "4"], "other_id": ["6", "2"]}))


def test_every_kind_of_breach_is_told_at_once():
    """Who mends the first is not to find the second afterwards."""
    files = changed(1, split="test").assign(path=["1", "2", "3", "4", "5", "4"])

    with pytest.raises(LeakError, match=r"leak") as caught:
        audit(files.assign(start_s=0.0), pairs=pd.DataFrame({"track_id": ["4"], "other_id": ["5"]}))

    assert caught.value.crossings["kind"].tolist() == ["group", "duplicate", "span"]


def test_many_breaches_are_counted_and_the_first_named():
    """The count is of groups, not of tracks; the exception holds them all."""
    many = pd.DataFrame({"track_id": [str(n) for n in range(40)], "genre": "x"})
    many["group"], many["group_known"] = many["track_id"].str[-1], True
    many["split"] = ["train", "test"] * 10 + ["test", "train"] * 10

    with pytest.raises(LeakError, match=r"10 groups:\n(    \d: .*\n){5}    …\n") as caught:
        audit(many)
    assert len(caught.value.crossings) == 10


def test_the_certificate_says_what_was_proved():
    """How much was looked at; pairs of which one is on no side prove nothing."""
    pairs = pd.DataFrame({"track_id": ["1", "1"], "other_id": ["2", "gone"]})

    proved = audit(SPLITS, pairs=pairs).proved

    assert proved == {"tracks": 6, "groups": 5, "recordings": 6, "duplicates": 1}


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


def test_an_audit_of_another_split_is_refused(tmp_path):
    """What it vouches for is not what would be used."""
    write_json(audit(SPLITS).to_json(), tmp_path / "audit.json")

    assert read_audit(SPLITS, tmp_path / "audit.json")["level"] == "performer"
    with pytest.raises(DataError, match=r"vouches for another split .* Run 'dvc repro'"):
        read_audit(SPLITS[:-1], tmp_path / "audit.json")
