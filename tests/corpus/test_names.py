"""Names: one id on every disk, and a warning of what another disk would merge."""

import unicodedata

import pytest

from genrenet.corpus.names import clash_note, clashes, composed, ids_of

NFC, NFD = "جاز/Café.wav", unicodedata.normalize("NFD", "جاز/Café.wav")


def test_an_id_is_the_same_whichever_system_wrote_the_name():
    """What macOS writes becomes everybody's form; the path stays as the disk has it."""
    assert NFC != NFD
    assert ids_of([NFD]) == {NFD: NFC}
    assert ids_of([NFC]) == {NFC: NFC}


@pytest.mark.parametrize("paths", [[NFC, NFD], [NFD, NFC]])
def test_two_forms_of_one_name_are_two_tracks(paths):
    """Where both lie there, the one that is not in NFC keeps its own form."""
    assert ids_of(paths) == {NFC: NFC, NFD: NFD}


def test_every_path_has_an_id_of_its_own():
    """Also where neither of two forms is NFC."""
    mixed = [f"{first}{second}" for first in ("é", "e\u0301") for second in ("é", "e\u0301")]

    assert len(set(ids_of(mixed[1:]).values())) == 3


def test_plain_text_is_left_alone():
    """And Persian's composed letters come together."""
    assert composed("Jazz") == "Jazz"
    assert composed("\u0627\u0653") == "\u0622"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/1.wav", "a/2.wav", "b/1.wav"], []),
        (["a/A.wav", "a/a.wav", "a/b.wav"], [("a/A.wav", "a/a.wav")]),
        (["Jazz/1.wav", "jazz/1.wav", "jazz/2.wav"], [("Jazz", "jazz")]),
        ([NFC, NFD], [tuple(sorted([NFC, NFD]))]),
        (["a/straße.wav", "a/STRASSE.wav"], [("a/STRASSE.wav", "a/straße.wav")]),
        (["/x/A.wav", "/x/a.wav"], [("/x/A.wav", "/x/a.wav")]),
    ],
)
def test_names_that_another_disk_would_merge_are_found(paths, expected):
    """Case or Unicode form alone tells them apart; a folder stands for what lies in it."""
    assert clashes(paths) == expected


def test_the_note_says_what_to_do():
    """And is not given where nothing clashes."""
    assert clash_note(["a/1.wav"]) is None
    assert clash_note(["a/A.wav", "a/a.wav"]) == (
        "names differ in case or Unicode form alone (1 times): a/A.wav and a/a.wav. They are "
        "different here; a copy of the corpus on macOS or Windows would keep one of each. "
        "Rename them."
    )
