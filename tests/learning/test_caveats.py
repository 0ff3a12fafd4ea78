"""Caveats: what may mislead a model is told with its figures, and what is well is said to be."""

import pandas as pd

from genrenet.corpus.duplicates import labelled
from genrenet.learning.caveats import duplicates, shortcuts, split
from tests.tables import NO_PAIRS, catalog, counted, pair

SHORTCUT = {
    "accuracy": 0.31,
    "accuracy_low": 0.2,
    "accuracy_high": 0.4,
    "majority": 0.15,
    "alone": {"channels": 0.1, "level_db": 0.28},
}
CONFOUNDS = {"n_of_one_genre": 7, "n_of_several": 2, "few_groups": []}
AUDIT = {
    "level": "performer",
    "digest": "00ff",
    "warnings": [],
    "shortcut": SHORTCUT,
    "confounds": CONFOUNDS,
}


def cells(text, first):
    """The rows of tables whose first cell is this one."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [row[1:] for row in rows if row[0] == first]


def told(lines):
    """What the lines say."""
    return "\n".join(lines)


def test_it_is_told_what_stands_where():
    """Tracks and groups of each genre on each side, and in words what that is worth."""
    text = told(split(counted(catalog({"a": [3, 1, 2], "b": [2, 2, 2]})), AUDIT))

    assert cells(text, "a") == [["3 (1)", "1 (1)", "2 (1)"]]
    assert cells(text, "all") == [["5 (2)", "3 (2)", "4 (2)"]]
    assert "No performer is heard on two sides" in text
    assert "level `performer`, split `00ff`" in text
    assert "there are 1.5 times as many" in text


def test_a_side_without_tracks_is_empty():
    """A genre of two groups is not validated on."""
    assert cells(told(split(counted(catalog({"a": [3, 1]})), AUDIT)), "a") == [
        ["3 (1)", "1 (1)", "–"]
    ]


def test_what_the_split_could_not_honour_is_told():
    """As it was said when it was made."""
    warnings = ["no validation track for a: fewer than 3 groups"]

    assert f"- {warnings[0]}" in split(counted(catalog({"a": [1]})), AUDIT | {"warnings": warnings})


def test_one_sound_under_two_genres_is_a_conflict():
    """Named with both labels; a pair of one genre is none."""
    tracks = catalog({"a": [2, 2], "b": [1]})
    pairs = pd.DataFrame([pair("a/0/0", "b/0/0", "content"), pair("a/0/1", "a/1/0")])
    text = told(duplicates(labelled(pairs, tracks)))

    assert cells(text, "the same bytes") == [["1"]]
    assert cells(text, "the same sound in another file") == [["1"]]
    assert "**1 of them" in text
    assert cells(text, "a/0/0") == [["a", "b/0/0", "b"]]
    assert cells(text, "a/0/1") == []


def test_no_duplicate_and_no_conflict_are_told():
    """That nothing was found is a finding."""
    tracks = catalog({"a": [2]})
    pairs = pd.DataFrame([pair("a/0/0", "a/0/1")])

    assert told(duplicates(labelled(NO_PAIRS, tracks))).startswith("None was found")
    assert "No sound has two genres." in duplicates(labelled(pairs, tracks))


def test_what_gives_a_genre_away_is_told():
    """What files alone know, beside what knowing nothing gives; and who plays what."""
    text = told(shortcuts(AUDIT))

    assert "**31.0%** of the tracks their genre (20.0% to 40.0% over groups)" in text
    assert "the most common genre gives 15.0%; level by itself 28.0%." in text
    assert "Of 9 groups of two tracks or more, 7 are heard in one genre only" in text
    assert "Fewer than three groups" not in text


def test_what_could_not_be_measured_is_told():
    """One group, files that are all alike, a genre that has few groups."""
    few = CONFOUNDS | {"few_groups": ["b"]}

    assert "one group, of which nothing" in told(shortcuts(AUDIT | {"shortcut": None}))
    assert "gives 15.0%.\n" in told(shortcuts(AUDIT | {"shortcut": SHORTCUT | {"alone": {}}}))
    assert "Fewer than three groups have: b." in told(shortcuts(AUDIT | {"confounds": few}))
