"""The page on label doubts: what is listed, and when not to believe it."""

import pandas as pd

from genrenet.learning.doubts_page import doubts_page

DOUBTS = pd.DataFrame(
    {
        "track_id": ["jazz/a|b.wav", "jazz/c.wav", "rock/d.wav"],
        "genre": ["rock", "rock", "jazz"],
        "given": ["jazz", "jazz", "rock"],
        "p_genre": [0.8, 0.7, 0.6],
        "p_given": [0.1, 0.2, 0.3],
        "n_genre": [2, 0, 0],
        "n_given": [0, 0, 1],
        "twin": ["rock/e.wav", "", ""],
    }
)
PICTURES = {"jazz/a|b.wav": "timelines/1.png", "jazz/c.wav": "timelines/2.png"}


GROUPS = pd.DataFrame(
    {
        "group": ["trio_x"],
        "n_tracks": [3],
        "genre": ["rock"],
        "given": ["jazz"],
        "p_genre": [0.6],
        "p_given": [0.2],
    }
)


def page(*, n_right=8, doubts=DOUBTS, groups=GROUPS):
    """The page on ten tracks, of which so many are judged as labelled."""
    tracks = pd.DataFrame({"genre": ["jazz", "rock"] * 5})
    tracks["prediction"] = tracks["genre"].where(tracks.index < n_right, "pop")
    return doubts_page(doubts, groups, tracks, PICTURES, file="label_doubts.csv")


def test_each_doubt_has_its_evidence_and_its_picture():
    """By sound, by group, by duplicate; a name with a bar breaks no table."""
    (row,) = [line for line in page().splitlines() if "timelines/1.png" in line]

    assert row == (
        "| 1 | jazz/a\\|b.wav<br>the same recording as rock/e.wav | jazz | **rock** "
        "| 0.10 : **0.80** | 0 : **2** | [timeline](timelines/1.png) |"
    )


def test_the_page_says_how_many_there_are():
    """Also of those that have no picture, and of which genre for which."""
    text = page()

    assert "**3 of 10 labels are worth a second hearing**" in text
    assert "; 1 of them because a duplicate has another label" in text
    assert "1 more are in `label_doubts.csv`" in text
    assert "| jazz | rock | 2 |" in text


def test_poor_judges_are_told():
    """A list by models that know nothing is noise."""
    assert "too little to go by" not in page(n_right=8)
    assert "too little to go by" in page(n_right=5)


def test_groups_are_doubted_as_a_whole():
    """Beside the tracks: nothing of them is in the list of corrections."""
    assert "| trio\\_x | 3 | jazz | **rock** | 0.20 : **0.60** |" in page()


def test_a_corpus_without_doubts_has_a_page():
    """It lists nothing."""
    text = page(doubts=DOUBTS.head(0), groups=GROUPS.head(0))

    assert "**0 of 10 labels" in text
    assert "[timeline]" not in text
    assert "Whole groups" not in text
