"""Evaluation: only of rows that are what the model was trained on."""

import pytest

from genrenet.errors import DataError
from genrenet.features.plans import plan_shards
from genrenet.params import Evaluate
from tasks.evaluate import Paths, evaluate_bundle
from tasks.extraction import sources
from tasks.shards import build_shard


def test_a_bundle_is_judged_on_all_test_tracks(study, bundle):
    """One row each, with a probability for each class."""
    report = evaluate_bundle(
        Paths(bundle=bundle, features=study.features), study.splits, Evaluate()
    )
    test = study.splits.loc[study.splits["split"] == "test", "track_id"]

    assert sorted(report.predictions["track_id"]) == sorted(test)


def test_shards_of_another_specification_are_refused(study, bundle, spec, tmp_path):
    """Their shape may be the same, and every answer wrong."""
    other = spec.model_copy(update={"fmin": 99.0})
    for plan in plan_shards(sources(study.catalog[:2], study.audio), tmp_path, other, n_shards=1):
        build_shard(plan)

    with pytest.raises(DataError, match=r"another specification .* than the model was trained"):
        evaluate_bundle(Paths(bundle=bundle, features=tmp_path), study.splits, Evaluate())
