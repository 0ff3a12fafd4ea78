"""Groups: names that recordings share bring them together."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.groups import group_warning, together
from genrenet.corpus.tracks import Track

BEARERS = st.lists(st.lists(st.sampled_from(["Ana", "Bo", "Cy", "Di", "Ed", "ana"]), max_size=3))


def test_recordings_of_one_name_are_one_group():
    """And nameless ones have none."""
    assert together([["Bird"], ["Miles"], ["Bird"], []]) == ["Bird", "Miles", "Bird", None]


def test_a_duet_brings_its_players_together():
    """Who plays alone and in the duet is heard on both recordings."""
    assert together([["Bo"], ["Ana", "Bo"], ["Ana"], ["Cy"]]) == ["Ana", "Ana", "Ana", "Cy"]


def test_spellings_of_a_name_are_one_name():
    """Whoever tagged the second disc wrote it otherwise."""
    assert together([["Miles Davis"], ["miles davis "], ["MILES-DAVIS"]]) == ["MILES-DAVIS"] * 3


def test_nobody_is_no_name():
    """Else all unknown recordings were one group, and known to be so."""
    assert together([["Unknown Artist"], ["various artists"], ["VA"]]) == [None] * 3


@settings(deadline=None)  # the machine is shared
@given(BEARERS, st.randoms(use_true_random=False))
def test_the_order_of_recordings_does_not_matter(bearers: list[list[str]], chance: random.Random):
    """Neither that of the names."""
    order = list(range(len(bearers)))
    chance.shuffle(order)
    shuffled = together([chance.sample(bearers[n], len(bearers[n])) for n in order])

    assert shuffled == [together(bearers)[n] for n in order]


@settings(deadline=None)  # the machine is shared
@given(BEARERS)
def test_who_shares_a_name_shares_the_group(bearers):
    """No name stands in two groups."""
    groups = together(bearers)
    of_name: dict[str, set[str | None]] = {}
    for names, group in zip(bearers, groups, strict=True):
        assert (group is None) == (not names)
        for name in names:
            of_name.setdefault(name.lower(), set()).add(group)

    assert all(len(found) == 1 for found in of_name.values())


def track(track_id, **known):
    """A track of one genre."""
    return Track(track_id=track_id, path="1.wav", genre="jazz", **known)


def test_groups_that_are_known_in_part_are_told():
    """How many lack one, what the certificate will be, and what to do."""
    warning = group_warning([track("1", group="Bird"), track("2"), track("3")], "performer")

    assert warning is not None
    assert "2 of 3 tracks have no known group, 2 for one: each stands for itself" in warning
    assert "the certificate will say 'unknown', not 'performer'" in warning
    assert "corpus.labels" in warning


def test_segments_without_a_group_are_known_by_their_recording():
    """The certificate says so."""
    warning = group_warning([track("1", group="Bird"), track("2", end_s=3.0)], "performer")

    assert warning is not None
    assert "each stands for its recording, and the certificate will say 'recording'" in warning


def test_groups_that_are_known_of_all_or_of_none_are_not_worth_a_word():
    """The certificate says it anyway."""
    assert group_warning([track("1"), track("2")], "album") is None
    assert group_warning([track("1", group="a"), track("2", group="b")], "album") is None
