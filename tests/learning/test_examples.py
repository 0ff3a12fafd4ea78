"""Examples: the shards' own frames, of tracks that show what there is."""

import numpy as np
import pytest

from genrenet.features.preprocessing import extract, extract_copies
from genrenet.features.preview import in_words
from genrenet.learning import examples as module
from genrenet.learning.examples import choose, read_examples
from genrenet.sections.augment import Augment
from tests.tables import catalog, counted


@pytest.fixture
def one(study):
    """A track of the train side, from its catalog."""
    train = study.splits.loc[study.splits["split"] == "train", "track_id"]
    return study.catalog.set_index("track_id", drop=False).loc[train.iloc[0]]


def joined(windows, spec):
    """The log-mel from which windows were cut."""
    starts = np.rint((windows.start_s - windows.start_s[0]) * spec.sr / spec.hop_length).astype(int)
    mel = np.full((starts[-1] + spec.window_frames, spec.n_mels), np.nan, np.float32)
    for start, window in zip(starts, windows.features["mel"], strict=True):
        mel[start : start + len(window)] = window
    return mel


def test_what_is_shown_is_what_training_sees(study, spec, one):
    """Every frame of the original and of its copy, under the original's maximum."""
    path = study.audio / one["path"]
    original = extract(path, spec)
    what, copy = extract_copies(path, spec, Augment(), one["track_id"])[0]

    shown = read_examples([one["track_id"]], spec, study.features, study.augmented)

    first, second = shown[one["track_id"]]
    assert np.array_equal(first.mel, joined(original, spec) - original.peak_db)
    assert np.array_equal(second.mel, joined(copy, spec) - original.peak_db)
    assert (first.words, second.words) == ("the original", in_words(what))


def test_a_long_recording_is_shown_in_part(study, spec, one, monkeypatch):
    """Its first seconds, in each version."""
    whole = read_examples([one["track_id"]], spec, study.features, study.augmented)
    monkeypatch.setattr(module, "SHOWN_S", 1.2)
    part = read_examples([one["track_id"]], spec, study.features, study.augmented)

    n_frames = round(1.2 * spec.sr / spec.hop_length)
    for long, short in zip(whole[one["track_id"]], part[one["track_id"]], strict=True):
        assert np.array_equal(short.mel, long.mel[:n_frames])


def test_only_the_tracks_that_were_asked_for_are_read(study, spec):
    """Whichever shards they are in; a held-out track has no copy."""
    chosen = study.splits.groupby("split")["track_id"].first()

    shown = read_examples(chosen.tolist(), spec, study.features, study.augmented)

    assert set(shown) == set(chosen)
    assert len(shown[chosen["train"]]) == 2
    assert len(shown[chosen["test"]]) == 1


def test_without_copies_there_are_the_originals(study, spec, one, tmp_path):
    """The folder of copies is empty, or holds none of this track."""
    shown = read_examples([one["track_id"]], spec, study.features, tmp_path)

    assert [example.words for example in shown[one["track_id"]]] == ["the original"]


def test_of_many_copies_the_first_are_shown(study, spec, one, monkeypatch):
    """There is no room for more."""
    monkeypatch.setattr(module, "MOST_COPIES", 0)

    shown = read_examples([one["track_id"]], spec, study.features, study.augmented)

    assert len(shown[one["track_id"]]) == 1


def test_examples_are_of_different_groups():
    """One artist would show what the artist sounds like."""
    tracks = counted(catalog({"a": [9, 1, 1, 1, 1, 1], "b": [3]}))
    groups = tracks.set_index("track_id")["group"]

    chosen = choose(tracks, 2).groupby(level=0, observed=True).agg(list)

    assert [groups[i] for i in chosen["a"]] == ["a-0", "a-3"]  # both train
    assert chosen["b"] == ["b/0/0", "b/0/1"]


def test_what_has_no_copy_is_chosen_last():
    """Where a genre has one train track, the other is held out."""
    tracks = counted(catalog({"a": [1, 1, 1]}))
    tracks["side"] = ["test", None, "train"]

    assert choose(tracks, 2).tolist() == ["a/2/0", "a/0/0"]
