"""The evidence of a promotion: answers are those of a prediction, whatever they were read from."""

import json

import pandas as pd
import pytest

from genrenet.corpus.audit import split_digest
from genrenet.features.shards import shard_paths
from genrenet.serving.bundle import read_bundle
from genrenet.serving.classifier import Classifier
from tasks.promotion import UNANSWERED, measure_latency, new_answers, stored_answers
from tasks.versions import Held


@pytest.fixture
def held(bundle):
    """A version that holds the small bundle and no report."""
    return Held(
        bundle=read_bundle(bundle),
        folder=bundle,
        seen=set(),
        seeds=json.loads((bundle / "history.json").read_text("utf-8")),
        predictions=None,
    )


@pytest.fixture
def tracks(study):
    """The study's test tracks."""
    test = study.splits[study.splits["split"] == "test"]
    return test[["track_id", "genre", "group"]].reset_index(drop=True)


def test_answers_from_shards_are_those_to_the_files(study, held, tracks):
    """One row a track."""
    found = new_answers(held, tracks, shard_paths(study.features))
    classifier = Classifier.load(held.folder)
    by_file = [classifier.predict(study.audio / track).label for track in tracks["track_id"]]

    assert list(found["track_id"]) == list(tracks["track_id"])
    assert list(found["prediction"]) == by_file


def test_a_track_that_cannot_be_heard_is_answered_wrongly(study, held, tracks):
    """Rather than by a first class that nobody gave, or left out, which would be an advantage."""
    strange = pd.DataFrame([{"track_id": "strange", "genre": "noise", "group": "strange"}])
    found = new_answers(held, pd.concat([strange, tracks]), shard_paths(study.features))

    assert list(found["track_id"]) == ["strange", *tracks["track_id"]]
    assert (found["prediction"] == UNANSWERED).tolist() == [True] + [False] * len(tracks)


def test_a_report_counts_where_it_is_of_the_split_and_of_all_tracks(study, held, tracks):
    """Else the model is asked anew."""
    split, answered = split_digest(study.splits), tracks.assign(prediction="noise", confidence=1.0)

    def stored(digest, **changes):
        return stored_answers(Held(**vars(held) | changes), tracks, digest)

    assert list(stored(split, predictions=answered)["prediction"]) == ["noise"] * len(tracks)
    assert stored("another", predictions=answered) is None
    assert stored(split, predictions=answered[1:]) is None
    assert stored(split, predictions=None) is None


def test_a_small_model_answers_half_a_minute_at_once(held):
    """The first answer, which loads and traces, does not count."""
    assert 0 < measure_latency(held) < 2
