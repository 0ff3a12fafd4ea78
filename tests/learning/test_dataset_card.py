"""The dataset card: says what a careful reader would ask, of corpora of any size and script."""

import re

import pandas as pd
import pytest

from genrenet.corpus.duplicates import labelled
from genrenet.learning.dataset_card import Facts, dataset_card
from genrenet.markdown import MOST_LINES
from tests.learning.test_caveats import AUDIT, cells
from tests.tables import NO_PAIRS, catalog, counted, pair

NO_BAD = pd.DataFrame({"track_id": [], "reason": []}, dtype=str)


def card(groups, *, bad=NO_BAD, pairs=NO_PAIRS, audit=AUDIT, pictures=(), **columns):
    """The card of these tracks."""
    tracks = catalog(groups, **columns)
    facts = Facts(
        name="my/corpus",
        tracks=counted(tracks, pairs),
        n_genres=tracks["genre"].nunique(),
        quarantine=bad,
        duplicates=labelled(pairs, tracks),
        audit=audit,
    )
    return dataset_card(facts, {name: f"![{name}]({name}.png)" for name in pictures}, {"a": "!a"})


def test_it_says_how_much_there_is():
    """Tracks, hours, genres and groups, in all and by genre."""
    text = card({"a": [3, 1], "b": [2, 2, 2]}, duration_s=360.0)

    assert cells(text, "tracks") == [["10"]]
    assert cells(text, "hours") == [["1.00"]]
    assert cells(text, "known groups") == [["5"]]
    assert cells(text, "a")[0] == ["4", "40.0%", "0.4", "2", "75%"]


def test_unknown_groups_are_told():
    """Some of them, or all: the certificate says the same."""
    text = card({"a": [2, 2]}, group_known=False, audit=AUDIT | {"level": "unknown"})

    assert "Of 4 of 4 tracks nobody has said whose they are" in text
    assert "Nobody knows which recordings belong together" in text
    assert "largest known groups" not in text


def test_a_clean_corpus_is_said_to_be_clean():
    """Nothing left out, nothing twice."""
    text = card({"a": [2, 2], "b": [2, 2]})

    assert "every recording was read to its end" in text
    assert "no recording is there twice" in text


def test_what_was_left_out_is_told_by_its_reason():
    """How many, what share, and one of them."""
    bad = pd.DataFrame({"track_id": ["x", "y"], "reason": ["silent: no sample", "silent: none"]})
    text = card({"a": [2]}, bad=bad)

    assert "2 recordings, 50.0% of the corpus" in text
    assert cells(text, "silent") == [["x", "2"]]


def test_a_large_corpus_has_a_readable_card():
    """Lists are cut and say so; numbers are whole."""
    groups = {f"genre {g:02}": [60 - g] * 9 for g in range(50)}
    ids = catalog(groups)["track_id"]
    pairs = pd.DataFrame([pair(*two) for two in zip(ids[:4_000], ids[4_000:8_000], strict=True)])
    bad = pd.DataFrame(
        {"track_id": [f"{n}" for n in range(99)], "reason": [f"kind {n}" for n in range(99)]}
    )

    text = card(groups, pairs=pairs, bad=bad)

    assert len(text.splitlines()) < 200
    assert cells(text, "genres") == [["50"]]
    assert len(cells(text, "11 other genres")) == 2
    assert f"And {99 - MOST_LINES} more reasons" in text
    assert re.search(r"And [\d,]+ more pairs", text)
    assert sum(int(row[0].replace(",", "")) for row in cells(text, "tracks")) == len(ids)


@pytest.mark.parametrize("name", ["شور", "नेपाली", "ホモン", "Çarşı", "x" * 300])
def test_names_of_any_script_and_length_fit(name):
    """Long ones are cut."""
    text = card({name: [2, 2]})

    assert f"| {name[:40]}" in text
    assert max(map(len, text.splitlines())) < 250


def test_pictures_are_where_they_belong():
    """Those that were drawn, each under its heading."""
    text = card({"a": [2, 2]}, pictures=("genres", "split"))
    lines = [line for line in text.splitlines() if line.startswith(("## ", "### ", "!"))]

    assert lines[lines.index("## Genres") + 1] == "![genres](genres.png)"
    assert lines[lines.index("## Split") + 1] == "![split](split.png)"
    assert lines[lines.index("### a") + 1] == "!a"
