"""Spellings: names that a person takes for one and a program for several."""

import unicodedata

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.spellings import (
    alike,
    group_spelling_warning,
    likeness,
    spelling_warning,
)
from genrenet.sections.corpus import Corpus


@pytest.mark.parametrize(
    "spellings",
    [
        ("Jazz", "jazz", "JAZZ", " jazz", "jazz ", "Jazz\u00a0"),
        ("hip-hop", "Hip Hop", "hiphop", "hip_hop", "hip\u2010hop"),
        ("bossa nova", "bossa  nova"),
        ("60s rock", "60s-rock", "60srock"),
        ("volume 1 2", "Volume_1-2", "volume 1 - 2"),
        ("caf\u00e9", "cafe\u0301"),
        ("fado", "\uff46\uff41\uff44\uff4f"),
        ("ماهور", "ماهـور"),
        ("راست‌پنجگاه", "راست پنجگاه"),  # with and without a sign that joins nothing
        ("نی", "ني"),  # the last letter as a Persian and as an Arabic keyboard writes it
        ("ترک", "ترك"),
        ("❤", "❤\ufe0f"),
    ],
)
def test_ways_to_write_a_name_are_alike(spellings):
    """Case, blanks, dashes, forms of Unicode, keyboards."""
    assert len({likeness(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pop", "hip-pop"),
        ("शास्त्र", "शस्त्र"),  # vowel signs are letters
        ("は", "ば"),
        ("演歌", "演劇"),
        ("🎸", "🎻"),
        ("resume", "résumé"),
        ("a-ha", "aah"),
        ("-", "_"),
        ("album 1-2", "album 12"),
    ],
)
def test_other_names_are_not_alike(one, other):
    """In any script."""
    assert likeness(one) != likeness(other)


def test_a_genre_that_is_spelled_in_two_ways_gets_a_map_to_paste():
    """To the most frequent spelling, as one line of YAML that the settings take as it is."""
    genres = ["jazz"] * 3 + ["Jazz ", "Jazz ", "rock", "شور", "شـور", "شور"]
    warning = spelling_warning(genres)

    assert warning is not None
    said, pasted = warning.split("\n")
    assert "'jazz' (3 tracks) and 'Jazz ' (2 tracks); 'شور' (2 tracks) and 'شـور'" in said
    rename = Corpus(**yaml.safe_load(pasted)).rename
    assert rename == {"Jazz ": "jazz", "شـور": "شور"}


def test_genres_of_one_spelling_are_not_worth_a_word():
    """However many there are."""
    assert spelling_warning(["jazz", "rock", "rock", "شور", "民謡"]) is None


def test_groups_that_are_spelled_in_two_ways_are_told():
    """One artist under two names would be heard on two sides; numbers are no spellings."""
    warning = group_spelling_warning(["Miles Davis", "miles davis", "Bird", "1-23", "12-3"])

    assert warning is not None
    assert warning.startswith("1 groups differ in their spelling alone: 'Miles Davis' and 'miles")
    assert "can stand on two sides of the split" in warning
    assert group_spelling_warning(["Bird", "Bird", "Miles"]) is None


@settings(deadline=None)  # the machine is shared
@given(st.lists(st.text(min_size=1)))
def test_every_name_has_one_place(names):
    """No name is in two lots, a lot has several, and the first of it is the most frequent."""
    lots = alike(names)
    found = [name for lot in lots for name in lot]

    assert len(found) == len(set(found))
    for lot in lots:
        assert len(lot) > 1
        assert list(lot.values()) == sorted(lot.values(), reverse=True)
        assert lot == {name: names.count(name) for name in lot}


@settings(deadline=None)  # the machine is shared
@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_a_name_in_another_unicode_form_is_like_itself(name, form):
    """Whatever the letters, if any is read at all."""
    if likeness(name) != name:
        other = unicodedata.normalize(form, name)
        assert likeness(other) == likeness(name)
