"""Evaluation: only of what was trained honestly, on rows that are what it was trained on."""

import json
import shutil
from dataclasses import replace

import pytest

from genrenet.errors import DataError
from genrenet.features.plans import plan_shards
from genrenet.learning.provenance import PURPOSES
from genrenet.sections.augment import Augment
from genrenet.sections.train import Evaluate
from genrenet.serving.bundle import read_bundle, write_json
from tasks.evaluate import Paths, evaluate_bundle
from tasks.extraction import sources
from tasks.shards import build_shard


@pytest.fixture
def paths(study, bundle, tmp_path):
    """The study's shards and a bundle that may be changed."""
    shutil.copytree(bundle, tmp_path / "bundle")
    return Paths(bundle=tmp_path / "bundle", features=study.features, augmented=study.augmented)


def change(path, **values):
    """Change what a JSON file says."""
    write_json({**json.loads(path.read_text("utf-8")), **values}, path)


def test_a_bundle_is_judged_on_all_test_tracks(study, paths):
    """One row each, with a probability for each class."""
    report = evaluate_bundle(paths, study.splits, Evaluate())
    test = study.splits.loc[study.splits["split"] == "test", "track_id"]

    assert sorted(report.predictions["track_id"]) == sorted(test)


def test_shards_of_another_specification_are_refused(study, paths, spec, tmp_path):
    """Their shape may be the same, and every answer wrong."""
    other, folder = spec.model_copy(update={"fmin": 99.0}), tmp_path / "features"
    for plan in plan_shards(sources(study.catalog[:2], study.audio), folder, other, n_shards=1):
        build_shard(plan)

    with pytest.raises(DataError, match=r"another specification .* than the model was trained"):
        evaluate_bundle(replace(paths, features=folder), study.splits, Evaluate())


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_bundle_that_saw_a_test_track_is_not_judged(study, paths, purpose):
    """Whatever it saw it for."""
    test = study.splits.loc[study.splits["split"] == "test", "track_id"].iloc[0]
    change(paths.bundle / "provenance.json", **{purpose: [test]})

    with pytest.raises(DataError, match=rf"leak: .* its {purpose} saw 1 tracks"):
        evaluate_bundle(paths, study.splits, Evaluate())


def test_a_bundle_beside_copies_of_test_tracks_is_not_judged(study, paths, spec, tmp_path):
    """Nobody knows what of them it heard."""
    held = (study.splits["split"] != "train").sum()
    plans = plan_shards(
        sources(study.catalog, study.audio),
        tmp_path / "copies",
        spec,
        n_shards=1,
        augment=Augment(),
    )
    for plan in plans:
        build_shard(plan)

    with pytest.raises(DataError, match=rf"leak: .*copies holds copies of {held} tracks"):
        evaluate_bundle(replace(paths, augmented=tmp_path / "copies"), study.splits, Evaluate())


def test_a_bundle_without_certificate_is_not_judged(study, paths):
    """Its split breaches the audit, as that of a study may."""
    change(paths.bundle / "bundle.json", certificate=None)

    assert read_bundle(paths.bundle).certificate is None
    with pytest.raises(DataError, match=r"has no certificate: .* Train under an audited split"):
        evaluate_bundle(paths, study.splits, Evaluate())


def test_a_certificate_of_another_split_is_refused(study, paths):
    """It vouches for what the model was not trained under."""
    change(paths.bundle / "bundle.json", certificate={"level": "album", "digest": "0000"})

    with pytest.raises(DataError, match=r"certificate is of the split 0000, the present one is"):
        evaluate_bundle(paths, study.splits, Evaluate())
