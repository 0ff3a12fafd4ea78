"""Training: repeatable to the last bit, and refused where it would learn what it must not."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest

from genrenet.corpus.splits import SPLITS_SCHEMA
from genrenet.corpus.tracks import write_table
from genrenet.errors import DataError
from genrenet.features.shards import shard_paths
from genrenet.learning.dataset import WindowSet
from genrenet.learning.networks import compact_cnn, logits, save, standard, unit, unscaled
from genrenet.learning.training import _masked, train_network
from genrenet.sections.augment import SpecAugment
from genrenet.serving.bundle import network_input
from tasks.train import SeedReport, best_seed, check_shards, sides, train_seed


@pytest.fixture(scope="module")
def validation(study):
    """Validation windows."""
    prepare = network_input(study.job(None).settings, study.job(None).spec)
    return WindowSet(shard_paths(study.features), sides(study.splits)["validation"], prepare)


@pytest.fixture
def train(study, tmp_path):
    """Train one seed with some settings changed."""

    def run(**changes):
        return train_seed(study.job(tmp_path / "seed", **changes))

    return run


def test_the_same_job_gives_the_same_bytes(study, bundle, train):
    """Also as another network of the same process: Keras numbers layers and addresses objects."""
    report = train()

    assert (report.folder / "model.keras").read_bytes() == (bundle / "model.keras").read_bytes()


def test_another_seed_gives_another_network(study, bundle, train):
    """Else seeds would say nothing of chance."""
    report = train(seed=1)

    assert (report.folder / "model.keras").read_bytes() != (bundle / "model.keras").read_bytes()


def test_a_saved_network_gives_the_same_logits(validation, tmp_path):
    """To the last bit."""
    x, _ = next(validation.in_order())
    mean, variance = validation.band_statistics()
    network = compact_cnn(
        *(x.shape[1], x.shape[2], 3),
        scaler=standard(mean, variance),
        channels=(4, 8),
        dropout=0.3,
    )
    save(network, tmp_path / "model.keras")

    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)

    assert np.array_equal(logits(network, x), logits(loaded, x))


@pytest.mark.parametrize(
    ("layer", "low", "high"),
    [
        (unscaled(), -80.0, 0.0),
        (unit(-80.0, 0.0), 0.0, 1.0),
        (standard(np.array([-64.0]), np.array([64.0])), -2.0, 8.0),
    ],
    ids=["clip", "unit", "standard"],
)
def test_scaling_means_what_it_says(layer, low, high):
    """The floor and the clip's maximum, here of a bin with mean -64 and variance 64."""
    assert layer(np.array([[[-80.0]], [[0.0]]])).numpy().ravel() == pytest.approx([low, high])


def test_a_saved_network_carries_no_optimizer(study, bundle):
    """Its state is twice the weights, and no answer needs it."""
    network = keras.saving.load_model(bundle / "model.keras")
    with zipfile.ZipFile(bundle / "model.keras") as file, file.open("model.weights.h5") as weights:
        names = list(h5py.File(weights))

    assert not network.compiled
    assert "optimizer" not in names


def test_the_best_epoch_is_kept(study, validation, train):
    """The weights are those whose validation loss the history shows as the least."""
    report = train(epochs=4, learning_rate=0.05)
    network = keras.saving.load_model(report.folder / "model.keras", compile=False)
    genres = dict(zip(study.splits["track_id"], study.splits["genre"], strict=True))
    names = sorted(set(genres.values()))
    y_true = np.array([names.index(genres[i]) for i in validation.track_ids])

    parts = [(logits(network, x), y_true[track]) for x, track in validation.in_order()]
    outputs, classes = (np.concatenate(part) for part in zip(*parts, strict=True))

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(classes, outputs)
    assert float(loss) == pytest.approx(min(report.history["val_loss"]), rel=1e-3)
    assert report.best["val_loss"] == min(report.history["val_loss"])


def test_two_that_differ_are_told_apart(train):
    """Noise and tunes: a network that cannot tell them apart learns nothing."""
    report = train(epochs=12, learning_rate=0.02)

    assert report.history["accuracy"][-1] > 0.9
    assert report.best["val_accuracy"] > 0.9


def test_patience_ends_the_training(train):
    """At a rate of next to nothing no epoch is better."""
    report = train(epochs=9, patience=1, learning_rate=1e-12, warmup=0.0)

    assert len(report.history["loss"]) < 9


@pytest.mark.parametrize(
    "changes",
    [{"feature": "mfcc"}, {"scaling": "unit"}, {"scaling": "clip", "channels": ()}],
    ids=str,
)
def test_every_choice_trains(train, changes):
    """A setting that nobody tried is a promise that nobody kept."""
    report = train(epochs=1, **changes)

    assert np.isfinite(report.history["loss"]).all()
    assert 0.05 <= report.temperature <= 20


def test_without_validation_the_last_epoch_stays(study, tmp_path):
    """Two groups a genre leave nothing to validate on."""
    splits = study.splits[study.splits["split"] != "validation"]
    write_table(splits, tmp_path / "splits.parquet", SPLITS_SCHEMA)
    job = study.job(tmp_path / "seed")

    report = train_seed(job.__class__(**vars(job) | {"splits": tmp_path / "splits.parquet"}))

    assert set(report.history) == {"loss", "accuracy"}
    assert (report.best_epoch, report.temperature) == (2, 1.0)
    assert report.provenance["early_stopping"] == report.provenance["calibration"] == []


def test_a_loss_that_is_no_number_is_refused(train):
    """The message names the setting that did it."""
    with pytest.raises(DataError, match=r"no number .* Lower train.learning_rate .now 1e.30"):
        train(learning_rate=1e30, warmup=0.0, epochs=3)


def test_the_figures_of_every_epoch_are_told(study, validation):
    """As they come, for whoever draws a progress bar."""
    told = []
    labels = {track_id: n % 2 for n, track_id in enumerate(validation.track_ids)}
    train_network(validation, None, labels, study.job(None).settings, seed=0, on_epoch=told.append)

    assert [figures["epoch"] for figures in told] == [1, 2]
    assert all({"loss", "accuracy"} <= set(figures) for figures in told)


def test_provenance_names_every_track_that_was_seen(study, bundle):
    """By what it decided; nothing of the test side."""
    seen = json.loads((bundle / "provenance.json").read_text("utf-8"))
    side = sides(study.splits)

    assert seen["weights"] == seen["normalisation"] == side["train"]
    assert seen["early_stopping"] == seen["calibration"] == side["validation"]


def test_masks_are_as_large_as_allowed_and_hold_the_mean():
    """Whole bands and whole frames; the rest stays."""
    x = np.random.default_rng(0).standard_normal((200, 20, 30)).astype(np.float32)
    masked = _masked(x, SpecAugment(frequency_bins=5, time_frames=7), np.random.default_rng(0))
    changed = masked != x

    bins, frames = changed.all(axis=1).sum(axis=1), changed.all(axis=2).sum(axis=1)
    assert (bins.min(), bins.max(), frames.min(), frames.max()) == (0, 5, 0, 7)
    only = _masked(x, SpecAugment(frequency_bins=5), np.random.default_rng(0))
    means = np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), x.shape)
    assert np.array_equal(only[only != x], means[only != x])


def test_no_masks_change_nothing():
    """And draw nothing: the order of the batches stays."""
    x, rng = np.ones((2, 3, 4), np.float32), np.random.default_rng(0)
    before = rng.bit_generator.state

    assert _masked(x, SpecAugment(), rng) is x
    assert rng.bit_generator.state == before


def test_shards_of_another_specification_are_refused(study, spec):
    """Mixed features would be learned without a word."""
    other = spec.model_copy(update={"fmin": 99.0})

    with pytest.raises(DataError, match=r"was made under another specification .* Run 'dvc repro'"):
        check_shards(study.features, study.augmented, other, set(study.splits["track_id"]))


def test_copies_of_other_than_train_tracks_are_refused(study, spec):
    """After another split the copies on disk are of tracks that are tested now."""
    train = set(sides(study.splits)["train"])
    check_shards(study.features, study.augmented, spec, train)

    with pytest.raises(
        DataError, match=r"leak: .* copies of 1 tracks that are not on the train sid"
    ):
        check_shards(study.features, study.augmented, spec, train - {min(train)})


def test_a_missing_folder_of_shards_is_told(study, spec, tmp_path):
    """Copies may be missing, originals not."""
    assert check_shards(study.features, tmp_path, spec, set())
    with pytest.raises(DataError, match=r"holds no shards"):
        check_shards(tmp_path, tmp_path, spec, set())


def report(seed, *losses):
    """How a seed went."""
    history = {"loss": list(losses), "val_loss": list(losses)} if losses else {"loss": [1.0]}
    best = int(np.argmin(losses)) + 1 if losses else 1
    return SeedReport(
        seed=seed,
        folder=None,
        history=history,
        ended_ms=[],
        best_epoch=best,
        temperature=1.0,
        wall_s=0.0,
        provenance={},
    )


def test_the_best_seed_is_the_one_with_the_least_validation_loss():
    """At its best epoch; without validation the first."""
    assert best_seed([report(0, 0.5, 0.9), report(1, 0.8, 0.4), report(2, 0.6)]).seed == 1
    assert best_seed([report(3), report(4)]).seed == 3


def test_a_bundle_is_whole(bundle):
    """Network, description, provenance and history; nothing temporary."""
    assert {path.name for path in bundle.iterdir()} == {
        *("model.keras", "bundle.json"),
        *("provenance.json", "history.json"),
    }
    assert json.loads((bundle / "history.json").read_text("utf-8"))[0]["seed"] == 0
