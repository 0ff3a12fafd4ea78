"""Balance: rare genres are learned like frequent ones, and nobody is judged otherwise for it."""

from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrenet.features.plans import Source, plan_shards
from genrenet.features.shards import shard_paths
from genrenet.learning.balance import Balance
from genrenet.learning.dataset import WindowSet
from genrenet.learning.networks import logits
from genrenet.learning.places import Place
from genrenet.learning.training import train_network
from genrenet.serving.bundle import network_input
from tasks.contents import content_hash
from tasks.shards import build_shard
from tasks.train import sides, train_seed
from tests.conftest import QUICK, SPEC
from tests.signals import write

METHODS = ["weights", "oversample", "undersample"]
RESAMPLING = METHODS[1:]
LONGER = {"epochs": 12, "learning_rate": 0.02}  # QUICK would learn nothing of nine rare tracks
N_TEST = 20  # tracks of each genre of the lopsided corpus
NAMES = {
    genre: [f"{genre} {n:02d}" for n in range(N_TEST + n_train)]
    for genre, n_train in {"frequent": 90, "rare": 9}.items()
}
TRAIN = [name for names in NAMES.values() for name in names[N_TEST:]]
TEST = [name for names in NAMES.values() for name in names[:N_TEST]]
LABELS = {name: c for c, names in enumerate(NAMES.values()) for name in names}


def place(tracks):
    """Rows of some tracks, one after another."""
    n_rows = len(tracks)
    return Place(
        path=Path("shard"),
        group=0,
        position=0.0,
        rows=np.arange(n_rows, dtype=np.int32),
        track=np.array(tracks, dtype=np.int32),
        copy=np.zeros(n_rows, dtype=np.int16),
    )


def track_of(places):
    """Each row's track."""
    return np.concatenate([some.track for some in places])


@st.composite
def epochs(draw):
    """Places, their tracks' classes, of which some may have no row, and the balance of all."""
    classes = np.array(draw(st.lists(st.integers(0, 3), min_size=1, max_size=8)))
    tracks = st.lists(st.integers(0, len(classes) - 1), min_size=1, max_size=30)
    places = [place(some) for some in draw(st.lists(tracks, min_size=1, max_size=4))]
    n_windows = np.bincount(track_of(places), minlength=len(classes))
    return places, lambda method: Balance(method, classes, n_windows)


@given(epochs(), st.sampled_from(RESAMPLING), st.integers(0, 9))
def test_an_epoch_has_as_many_windows_of_each_class(epoch, method, seed):
    """As the most frequent or the rarest has; as many in all as the number of steps is made for."""
    places, balance = epoch[0], epoch[1](method)
    before = np.bincount(balance.classes[track_of(places)])

    drawn = balance.drawn(places, np.random.default_rng(seed))

    after = np.bincount(balance.classes[track_of(drawn)])
    each = before.max() if method == "oversample" else before[before > 0].min()
    assert after.tolist() == np.where(before > 0, each, 0).tolist()
    assert balance.n_drawn == after.sum()


@given(epochs(), st.sampled_from(RESAMPLING), st.integers(0, 9))
def test_windows_of_a_class_come_equally_often(epoch, method, seed):
    """Give or take one; in a place they ascend, as they are read."""
    places, balance = epoch[0], epoch[1](method)

    drawn = balance.drawn(places, np.random.default_rng(seed))

    assert all((np.diff(some.rows) >= 0).all() for some in drawn)
    for c in set(balance.classes.tolist()):
        rows = [some.rows[balance.classes[some.track] == c] for some in drawn]
        times = [n for some in rows for n in np.unique(some, return_counts=True)[1].tolist()]
        assert not times or max(times) - min(times) <= 1


@given(epochs())
def test_weights_make_classes_count_alike_and_the_loss_as_large(epoch):
    """Each class has the same share of the loss; the mean weight is 1, so the rate still fits."""
    places, balance = epoch[0], epoch[1]("weights")
    counts = np.bincount(balance.classes[track_of(places)])

    shares = [balance.weights[c] * n for c, n in enumerate(counts) if n]

    assert shares == pytest.approx([sum(shares) / len(shares)] * len(shares))
    assert sum(shares) == pytest.approx(counts.sum()) == balance.n_drawn


@pytest.mark.parametrize("method", ["none", "weights"])
def test_what_draws_nothing_uses_no_chance(method):
    """The batches are those of a training without balance."""
    places, rng = [place([0, 0, 1])], np.random.default_rng(0)
    before = rng.bit_generator.state

    drawn = Balance(method, np.array([0, 1]), np.array([2, 1])).drawn(places, rng)

    assert drawn == places
    assert rng.bit_generator.state == before


def test_undersampling_draws_anew_for_each_epoch():
    """Over some epochs every window of the frequent genre is heard."""
    places, rng = [place([0] * 50 + [1] * 5)], np.random.default_rng(0)
    balance = Balance("undersample", np.array([0, 1]), np.array([50, 5]))

    heard = {row for _ in range(90) for row in balance.drawn(places, rng)[0].rows.tolist()}

    assert heard == set(range(55))


@pytest.fixture(scope="module")
def lopsided(tmp_path_factory):
    """Shards of two genres that overlap, one of them with a tenth of the train tracks."""
    folder, rng = tmp_path_factory.mktemp("lopsided"), np.random.default_rng(0)
    tracks = []
    for name in LABELS:
        path = write(folder / f"{name}.wav", hiss(name, rng), SPEC.sr)
        tracks.append(Source(track_id=name, path=str(path), content_hash=content_hash(path)))
    for plan in plan_shards(tracks, folder / "shards", SPEC, n_shards=2):
        build_shard(plan)
    return shard_paths(folder / "shards")


def hiss(name, rng):
    """Noise, darker or brighter by chance; of the rare genre it is darker on average."""
    y, darker = rng.standard_normal(int(1.5 * SPEC.sr)), rng.normal(0.5 * LABELS[name], 0.25)
    return (0.1 * (y[1:] + darker * y[:-1])).astype(np.float32)


@pytest.fixture(scope="module")
def windows(lopsided):
    """Windows of tracks of the lopsided corpus."""
    return lambda names: WindowSet(lopsided, names, network_input(QUICK, SPEC))


@pytest.mark.parametrize("method", RESAMPLING)
@pytest.mark.parametrize("most", [None, 1])
def test_epochs_of_real_shards_are_in_balance(windows, method, most):
    """After the choice of windows by track; an epoch is as long as announced."""
    train, classes = windows(TRAIN), np.array([LABELS[name] for name in TRAIN])
    balance = Balance(method, classes, train.n_chosen(most))

    batches = train.shuffled(
        np.random.default_rng(0), batch_size=8, windows_per_track=most, balanced=balance.drawn
    )

    counts = np.bincount(classes[np.concatenate([track for _, track in batches])])
    assert counts.tolist() == [balance.n_each] * 2
    assert counts.sum() == balance.n_drawn


def answers(network, held_out):
    """Outputs and true classes of all windows."""
    parts = [(logits(network, x), track) for x, track in held_out.in_order()]
    outputs, track = (np.concatenate(part) for part in zip(*parts, strict=True))
    return outputs, np.array([LABELS[name] for name in held_out.track_ids])[track]


@pytest.fixture(scope="module")
def recall(windows):
    """Train on the lopsided corpus; the share of each genre's test windows that is found."""

    @cache
    def run(method):
        settings = QUICK.model_copy(update={"balance": method, **LONGER})
        network = train_network(windows(TRAIN), None, LABELS, settings, seed=0).network
        outputs, y_true = answers(network, windows(TEST))
        return [float((outputs[y_true == c].argmax(axis=1) == c).mean()) for c in (0, 1)]

    return run


@pytest.mark.parametrize("method", METHODS)
def test_the_rare_genre_is_learned(recall, method):
    """Ten to one, it pays never to answer the rare one; balanced accuracy counts both alike."""
    assert recall(method)[1] > recall("none")[1] + 0.2
    assert np.mean(recall(method)) > np.mean(recall("none")) + 0.05


@pytest.mark.parametrize("method", METHODS)
def test_validation_is_judged_as_it_is(windows, method):
    """The loss that chooses the epoch is the plain mean over all windows, none of them twice."""
    held_out = windows(NAMES["frequent"][:N_TEST] + NAMES["rare"][:2])
    settings = QUICK.model_copy(update={"balance": method, "epochs": 1})

    trained = train_network(windows(TRAIN), held_out, LABELS, settings, seed=0)

    outputs, y_true = answers(trained.network, held_out)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y_true, outputs)
    assert trained.history["val_loss"] == [pytest.approx(float(loss), rel=1e-3)]


def test_a_balanced_training_repeats_and_says_whom_it_counted(study, tmp_path):
    """The seed decides what is drawn again; provenance holds the train side, and no other."""
    one, two = (
        train_seed(study.job(tmp_path / name, balance="oversample", epochs=1)) for name in "ab"
    )

    assert (one.folder / "model.keras").read_bytes() == (two.folder / "model.keras").read_bytes()
    assert one.provenance["balancing"] == sides(study.splits)["train"]


def test_without_balance_no_track_was_counted(study, tmp_path):
    """The purpose is named, and nothing served it."""
    report = train_seed(study.job(tmp_path / "seed", epochs=1))

    assert report.provenance["balancing"] == []
