"""The second hearing: sound, group and duplicates speak together, each as far as it knows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrenet.learning.second_hearing import (
    believed,
    group_hearing,
    mean_answers,
    second_hearing,
)

NAMES = ("blues", "metal", "reggae")
NO_PAIRS = pd.DataFrame({"track_id": [], "other_id": []})
Y_PROB = np.array(
    [
        [0.9, 0.1, 0.0],
        [0.7, 0.2, 0.1],
        [0.2, 0.7, 0.1],  # given as blues, heard as metal
        [0.1, 0.5, 0.4],
        [0.4, 0.4, 0.2],
        [0.3, 0.1, 0.6],
    ]
)


def tracks(groups="abcdef"):
    """Six tracks under three labels; by default each is a group of its own."""
    genres = ["blues"] * 3 + ["metal"] * 2 + ["reggae"]
    return pd.DataFrame({"track_id": list("abcdef"), "genre": genres, "group": list(groups)})


def pairs(*names):
    """Duplicates, each as two letters."""
    return pd.DataFrame({"track_id": [n[0] for n in names], "other_id": [n[1] for n in names]})


def test_the_list_is_a_table_of_corrections():
    """The likelier genre stands where corrections have theirs; beside it is what speaks for it."""
    found = second_hearing(tracks(), Y_PROB, NAMES, NO_PAIRS)

    assert found.to_dict("records") == [
        {"track_id": "c", "genre": "metal", "given": "blues", "p_genre": 0.7, "p_given": 0.2}
        | {"n_genre": 0, "n_given": 0, "twin": ""}
    ]


def test_one_recording_under_two_labels_comes_first():
    """By the one whose own label is the less believable; a pair of one label is none."""
    found = second_hearing(tracks(), Y_PROB, NAMES, pairs("ab", "af", "df", "ax"))

    assert found[["track_id", "given", "genre", "twin"]].to_numpy().tolist() == [
        ["d", "metal", "reggae", "f"],
        ["f", "reggae", "blues", "a"],
        ["c", "blues", "metal", ""],
    ]


def test_a_track_is_listed_once():
    """Also where it is doubted for two reasons: a table of corrections has one line for each."""
    found = second_hearing(tracks(), Y_PROB, NAMES, pairs("ac", "cd"))

    assert found["track_id"].tolist() == ["c"]


def corpus(n_groups, *, n_wrong=0, n_misheard=0):
    """Groups of four tracks and one genre; one track of some is labelled wrongly, some misheard."""
    genre = np.repeat(np.arange(n_groups) % 3, 4)
    heard, label = genre.copy(), genre.copy()
    heard[: 4 * n_misheard] = (genre[: 4 * n_misheard] + 1) % 3
    wrong = len(genre) - 4 * np.arange(1, n_wrong + 1)
    label[wrong] = (genre[wrong] + 1) % 3
    ids = [f"{n:03d}" for n in range(len(genre))]
    table = pd.DataFrame(
        {"track_id": ids, "genre": [NAMES[n] for n in label], "group": np.arange(len(genre)) // 4}
    )
    return table, 0.1 + 0.7 * np.eye(3)[heard], [ids[n] for n in sorted(wrong)]


def test_an_artist_who_is_misheard_as_a_whole_is_left_alone():
    """His labels agree with each other; of another artist one does not, and the sound neither."""
    table, y_prob, wrong = corpus(30, n_wrong=5, n_misheard=9)

    found = second_hearing(table, y_prob, NAMES, NO_PAIRS)

    assert sorted(found["track_id"]) == wrong
    assert set(zip(found["n_given"], found["n_genre"], strict=True)) == {(0, 3)}


def test_an_artist_who_is_misheard_as_a_whole_is_told_apart():
    """Of labels that are wrong throughout nothing else would tell."""
    table, y_prob, _ = corpus(30, n_wrong=5, n_misheard=9)

    found = group_hearing(table, y_prob, NAMES)

    assert sorted(found["group"]) == list(range(9))
    assert (found["n_tracks"] == 4).all()
    assert found[["p_genre", "p_given"]].to_numpy() == pytest.approx(np.array([[0.8, 0.1]] * 9))


def test_only_groups_of_one_label_are_doubted_as_a_whole():
    """A track that is alone, or differs from the others, is in the list of tracks."""
    assert group_hearing(tracks(), Y_PROB, NAMES).empty
    assert group_hearing(tracks("abccef"), Y_PROB, NAMES).empty


def test_without_groups_the_sound_alone_speaks():
    """The same tracks, each on its own: those that are misheard are in doubt as well."""
    table, y_prob, wrong = corpus(30, n_wrong=5, n_misheard=9)

    found = second_hearing(table.assign(group=table["track_id"]), y_prob, NAMES, NO_PAIRS)

    assert set(found["track_id"]) == {*wrong, *table["track_id"][:36]}


def evidence(labels, groups, y_prob=None, n_classes=3):
    """What is believed of the tracks; by their sound they could be anything."""
    anything = np.full((len(labels), n_classes), 1 / n_classes)
    y_prob = anything if y_prob is None else np.asarray(y_prob)
    return believed(np.asarray(labels), y_prob, pd.Series(list(groups)))


def test_groups_of_any_genre_say_nothing():
    """Samplers: labels agree in a group as often as anywhere."""
    found = evidence([0, 1, 2] * 4, [n // 3 for n in range(12)])

    assert found == pytest.approx(np.full((12, 3), 1 / 3))


def test_the_other_tracks_are_believed_as_far_as_groups_are_of_one_genre():
    """Ten groups of one genre, or six of ten: the other label says less."""
    of_one = [n // 2 % 2 for n in range(20)]
    six = [*of_one[:12], 0, 1, 0, 1, 0, 1, 0, 1]
    groups = [n // 2 for n in range(20)]

    sure, less = evidence(of_one, groups, n_classes=2), evidence(six, groups, n_classes=2)

    assert sure[0, 0] > 0.9 > less[0, 0] > 0.5


def test_a_label_that_its_own_sound_contradicts_says_little():
    """Of two tracks of an artist one is labelled wrongly: the other one is left alone."""
    labels = [n // 2 % 3 for n in range(40)]
    labels[1] = 1  # right: 0, as its sound says
    y_prob = 0.1 + 0.7 * np.eye(3)[[n // 2 % 3 for n in range(40)]]

    found = evidence(labels, [n // 2 for n in range(40)], y_prob)

    assert found[0].argmax() == 0
    assert found[1].argmax() == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40))
def test_nothing_is_certain_by_its_group(rows):
    """Probabilities are left that are none of 0 and 1; a track on its own keeps those it has."""
    labels, groups = zip(*rows, strict=True)
    y_prob = np.random.default_rng(0).dirichlet([1] * 4, len(rows))

    found = evidence(labels, groups, y_prob)

    assert (found > 0).all()
    assert found.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    alone = [groups.count(group) == 1 for group in groups]
    assert found[alone] == pytest.approx(y_prob[alone])


def test_two_judges_are_heard_alike():
    """Of network and baseline the mean, window by window."""
    answered = pd.DataFrame(
        {"track_id": ["a"], "start_s": [1.5], "p: x": [0.2], "p: y": [0.8]}
        | {"baseline p: x": [0.6], "baseline p: y": [0.4]}
    )

    heard = mean_answers(answered)

    assert heard.to_dict("records") == [
        {"track_id": "a", "start_s": 1.5} | {"p: x": pytest.approx(0.4), "p: y": pytest.approx(0.6)}
    ]
