"""The second hearing: whose label is in doubt, by the sound, the group or a duplicate."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from genrenet.learning.answers import MODELS
from genrenet.learning.doubts import confident_classes, doubted

NETWORK = MODELS["network"]
N_ROUNDS = 20  # twice as many changed no list in 24 plantings of wrong labels


def second_hearing(
    tracks: pd.DataFrame, y_prob: np.ndarray, class_names: Sequence[str], pairs: pd.DataFrame
) -> pd.DataFrame:
    """List the tracks whose label is worth a second hearing, the most doubtful first.

    Parameters
    ----------
    tracks : pd.DataFrame
        With ``track_id``, ``genre``, which is the label, and ``group``.
    y_prob : np.ndarray [shape=(n_tracks, n_classes)]
        Their probabilities out of fold.
    class_names : sequence of str
        Classes, in the order of the probabilities.
    pairs : pd.DataFrame
        Duplicates, with ``track_id`` and ``other_id``. Where a pair has two labels, one is wrong:
        these come first, each by the track whose own label is the less believable.

    Returns
    -------
    pd.DataFrame
        ``track_id``, ``genre`` (the likelier one), ``given``, the probabilities ``p_genre`` and
        ``p_given`` by the sound alone, how many of the group's other tracks have these labels,
        ``n_genre`` and ``n_given``, and ``twin``, the duplicate of another label, or nothing.
    """
    names, ids = np.asarray(class_names, object), tracks["track_id"].to_numpy(object)
    y_given = _classes(tracks, class_names)
    labels, number = np.eye(len(names), dtype=int)[y_given], pd.factorize(tracks["group"])[0]
    others = _sums(labels, number)[number] - labels
    evidence = believed(y_given, y_prob, tracks["group"])
    torn, twin = _torn(ids, y_given, evidence, pairs)
    heard = doubted(y_given, evidence)
    track = np.concatenate([torn, heard])
    likelier = np.concatenate([y_given[twin], confident_classes(y_given, evidence)[heard]])
    table = pd.DataFrame(
        {
            "track_id": ids[track],
            "genre": names[likelier],
            "given": names[y_given[track]],
            "p_genre": y_prob[track, likelier],
            "p_given": y_prob[track, y_given[track]],
            "n_genre": others[track, likelier],
            "n_given": others[track, y_given[track]],
            "twin": [*ids[twin], *[""] * len(heard)],
        }
    )
    return table.drop_duplicates("track_id", ignore_index=True)


def group_hearing(
    tracks: pd.DataFrame, y_prob: np.ndarray, class_names: Sequence[str]
) -> pd.DataFrame:
    """List the groups of one label that sound like another, the most doubtful first.

    Either their labels are wrong throughout, or the judges do not know this way of playing.

    Returns
    -------
    pd.DataFrame
        ``group`` (of two tracks or more), ``n_tracks``, ``genre`` (the likelier one), ``given``,
        and the mean probabilities of both by the sound, ``p_genre`` and ``p_given``.
    """
    names, labels = np.asarray(class_names, object), np.eye(len(class_names))
    number, groups = pd.factorize(tracks["group"].to_numpy(object), sort=True)
    n_tracks, counts = np.bincount(number), _sums(labels[_classes(tracks, class_names)], number)
    # a track that is alone, or differs, is in the list of tracks
    agreed = (n_tracks > 1) & (counts.max(axis=1) == n_tracks)
    given = counts[agreed].argmax(axis=1)
    heard = _sums(y_prob, number)[agreed] / n_tracks[agreed, None]
    found = doubted(given, heard)
    likelier = confident_classes(given, heard)[found]
    return pd.DataFrame(
        {
            "group": groups[agreed][found],
            "n_tracks": n_tracks[agreed][found],
            "genre": names[likelier],
            "given": names[given[found]],
            "p_genre": heard[found, likelier],
            "p_given": heard[found, given[found]],
        }
    )


def mean_answers(answered: pd.DataFrame) -> pd.DataFrame:
    """The mean of what the models say of each window, from a table of answers.

    Two judges of different kinds err on different tracks.

    Returns
    -------
    pd.DataFrame
        ``track_id, start_s`` and ``p: <genre>``.
    """
    genres = [name.removeprefix(NETWORK) for name in answered if name.startswith(NETWORK)]
    columns = {
        NETWORK + genre: answered[[prefix + genre for prefix in MODELS.values()]].mean(axis=1)
        for genre in genres
    }
    return answered[["track_id", "start_s"]].assign(**columns)


def believed(y_given: np.ndarray, y_prob: np.ndarray, groups: pd.Series) -> np.ndarray:
    """Probabilities by the sound of a track and by the other tracks of its group.

    A judge that never heard an artist mishears all of him alike; what his other tracks are labelled
    is the better for it. A track's genre is drawn as from Pólya's urn: like that of another track
    of the group, or afresh. How often labels of a group agree is measured on all tracks, so that
    groups which mix genres say little. A label may be wrong itself, and speaks for the others as
    far as its own track bears it out: what all of them are is found in rounds (mean field).

    Parameters
    ----------
    y_given : np.ndarray [shape=(n_tracks,), dtype=int]
        Classes by the labels.
    y_prob : np.ndarray [shape=(n_tracks, n_classes)]
        By the sound alone.
    groups : pd.Series
        Artist, album: what the tracks of one may be alike in.

    Returns
    -------
    np.ndarray [shape=(n_tracks, n_classes)]
        A track's own label is not in it. One that is alone in its group keeps its probabilities.
    """
    labels, number = np.eye(y_prob.shape[1])[y_given], pd.factorize(groups)[0]
    others, share = _sums(labels, number)[number] - labels, labels.mean(axis=0)
    paired = others.any(axis=1)
    alike = (others * labels).sum(axis=1)[paired] / others.sum(axis=1)[paired]
    agreement = alike.sum() / (len(alike) + 1)  # not 1: one that differs may be yet to come
    chance = share @ share
    if agreement <= chance:
        return y_prob
    afresh = (1 - agreement) / (agreement - chance)  # weight of a genre that is drawn afresh
    wrong = (1 - agreement) / 2  # of the labels, if they are all that differs in a group
    reported = np.where(labels, 1 - wrong, wrong / (len(share) - 1))
    genre = labels
    for _ in range(N_ROUNDS):
        others = _sums(genre, number)[number] - genre
        heard = _shares(y_prob * (others / np.where(share > 0, share, 1) + afresh))
        genre = _shares(heard * reported)
    return heard


def _shares(values: np.ndarray) -> np.ndarray:
    """Rows that sum to 1."""
    return np.asarray(values / values.sum(axis=1, keepdims=True))


def _classes(tracks: pd.DataFrame, class_names: Sequence[str]) -> np.ndarray:
    """The labels as classes [n_tracks]."""
    return np.asarray(tracks["genre"].map({name: n for n, name in enumerate(class_names)}))


def _sums(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Rows summed by their number [max(number) + 1, n_columns]."""
    sums = np.zeros((number.max(initial=-1) + 1, values.shape[1]), values.dtype)
    np.add.at(sums, number, values)
    return sums


def _torn(
    ids: np.ndarray, y_given: np.ndarray, evidence: np.ndarray, pairs: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Duplicates of two labels: the less believable of each pair, worst first, and the other."""
    number = pd.Series(np.arange(len(ids)), index=ids)
    here = pairs[pairs["track_id"].isin(number.index) & pairs["other_id"].isin(number.index)]
    pair = np.stack([number[here["track_id"]], number[here["other_id"]]])
    pair = pair[:, y_given[pair[0]] != y_given[pair[1]]]
    # how much likelier each one's own label is than the other's
    lead = evidence[pair, y_given[pair]] - evidence[pair, y_given[pair[::-1]]]
    suspect = np.where(lead[0] <= lead[1], pair, pair[::-1])
    track, twin = suspect[:, np.argsort(lead.min(axis=0), kind="stable")]
    return track, twin
