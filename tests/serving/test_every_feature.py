"""Every feature, in both dtypes: from files to shards, to a network, to answers."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from genrenet.features.plans import plan_shards
from genrenet.features.preprocessing import extract
from genrenet.features.shards import shard_paths
from genrenet.learning.dataset import WindowSet
from genrenet.serving.bundle import network_input, read_bundle
from genrenet.serving.classifier import Classifier
from tasks.extraction import sources
from tasks.shards import build_shard
from tasks.train import train_seed, write_bundle

FEATURES = ("mel", "mfcc", "chroma", "stft")


@pytest.fixture(scope="module", params=["float16", "float32"])
def wide(request, study):
    """The study's tracks with all features, as a study of their own."""
    changes = {"n_chroma": 24, "chroma_from": "tonic", "stft": True, "dtype": request.param}
    spec = study.job(None).spec.model_copy(update=changes)
    folder = study.folder / f"every feature {request.param}"
    for plan in plan_shards(sources(study.catalog, study.audio), folder, spec, n_shards=2):
        build_shard(plan)
    return spec, folder


@pytest.fixture
def trained(study, wide, bundle, tmp_path):
    """Train on a feature and load the bundle that comes of it."""
    spec, folder = wide

    def make(feature):
        job = study.job(tmp_path / "seed", feature=feature)
        job = replace(job, features=folder, augmented=tmp_path / "no copies", spec=spec)
        report = train_seed(job)
        about = read_bundle(bundle)
        about = about.model_copy(
            update={
                "specification": spec,
                "specification_hash": spec.hash,
                "params": about.params.model_copy(update={"train": job.settings}),
                "temperature": report.temperature,
            }
        )
        write_bundle(tmp_path / "bundle", about, [report], "0" * 16)
        return Classifier.load(tmp_path / "bundle"), report

    return make


def test_a_shard_holds_every_feature_in_its_dtype(wide):
    """Shape and dtype stand in the column's metadata, and the bytes fit them."""
    spec, folder = wide
    schema = pq.read_schema(shard_paths(folder)[0])

    assert dict(spec.bins) == {"mel": 16, "mfcc": 8, "chroma": 24, "stft": 257}
    for name, n_bins in spec.bins.items():
        about = schema.field(name).metadata
        assert json.loads(about[b"shape"]) == [31, n_bins]
        assert about[b"dtype"].decode() == spec.dtype
        assert schema.field(name).type.byte_width == 31 * n_bins * np.dtype(spec.dtype).itemsize


@pytest.mark.parametrize("feature", FEATURES)
def test_training_and_prediction_see_the_same_bits(study, wide, feature):
    """Out of the shard, and out of the file: no difference in any value of any track."""
    spec, folder = wide
    prepare = network_input(study.job(None, feature=feature).settings, spec)
    ids = list(study.catalog["track_id"])
    stored = {n: [] for n in range(len(ids))}
    for x, track in WindowSet(shard_paths(folder), ids, prepare).in_order():
        for n in np.unique(track):
            stored[n].append(x[track == n])

    for n, track_id in enumerate(ids):
        clip = extract(study.audio / track_id, spec)
        peaks = np.full(len(clip), clip.peak_db, np.float32)
        assert np.array_equal(prepare(clip.features[feature], peaks), np.concatenate(stored[n]))


@pytest.mark.parametrize("feature", ["chroma", "stft"])
def test_a_network_learns_from_it_and_answers(study, trained, feature):
    """Two genres that differ in everything; the probabilities are those of the rows."""
    classifier, report = trained(feature)
    assert np.isfinite(report.history["loss"]).all()
    assert report.best["val_loss"] > 0

    answer = classifier.predict(study.audio / study.catalog["track_id"][0])

    assert answer.label in {"noise", "tunes"}
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_pitch_classes_are_shares_of_the_loudest(study, wide):
    """Whatever the clip's level: nothing is taken off."""
    spec, folder = wide
    prepare = network_input(study.job(None, feature="chroma").settings, spec)
    windows = WindowSet(shard_paths(folder), list(study.catalog["track_id"]), prepare)
    x = np.concatenate([x for x, _ in windows.in_order()])

    assert x.min() >= 0
    assert x.max() == 1


def test_bins_of_the_spectrum_reach_above_the_log_mel(study, wide):
    """Hence no ``scaling: unit``: the maximum that levels refer to is the log-mel's."""
    spec, folder = wide
    prepare = network_input(study.job(None, feature="stft").settings, spec)
    windows = WindowSet(shard_paths(folder), list(study.catalog["track_id"]), prepare)
    x = np.concatenate([x for x, _ in windows.in_order()])

    assert x.min() == -80
    assert 5 < x.max() < 30
