"""The dataset: the wanted windows, each once an epoch, in an order that the seed decides."""

from pathlib import Path

import numpy as np
import pytest

from genrenet.errors import DataError
from genrenet.features.preprocessing import extract
from genrenet.features.shards import shard_paths
from genrenet.learning import dataset, network_input, places
from genrenet.learning.dataset import WindowSet
from genrenet.learning.network_input import NetworkInput
from genrenet.learning.places import Place
from tasks.train import sides

MEL = NetworkInput(feature="mel", floor_db=-80.0, n_mels=16)


@pytest.fixture(scope="module")
def windows(study):
    """The window set of some tracks, by default of all, with or without copies."""

    def make(track_ids=None, *, copies=False, network_input=MEL):
        paths = shard_paths(study.features) + (shard_paths(study.augmented) if copies else [])
        return WindowSet(paths, track_ids or list(study.catalog["track_id"]), network_input)

    return make


def epoch(windows, seed=0, **settings):
    """One epoch's windows and track numbers."""
    drawn = list(windows.shuffled(np.random.default_rng(seed), **{"batch_size": 8} | settings))
    return np.concatenate([x for x, _ in drawn]), np.concatenate([track for _, track in drawn])


def keys(x, track):
    """Windows as things that can be counted."""
    return sorted((n, window.tobytes()) for n, window in zip(track.tolist(), x, strict=True))


def test_only_the_tracks_that_were_asked_for_come(windows, study):
    """Test rows lie in the same files: none may reach the training."""
    wanted = sides(study.splits)["train"]
    x, track = epoch(windows(wanted))

    expected = {i: len(extract(study.audio / i, study.job(None).spec)) for i in wanted}
    assert dict(enumerate(expected.values())) == dict(enumerate(np.bincount(track)))
    assert len(x) == windows(wanted).n_windows == sum(expected.values())


def test_every_window_comes_once_an_epoch(windows):
    """The same windows as in order, none twice, none left out."""
    every = windows()
    in_order = [np.concatenate(part) for part in zip(*every.in_order(), strict=True)]

    assert keys(*epoch(every)) == keys(*in_order)


def test_batches_are_full_but_for_the_last(windows):
    """Batches cross the borders of row groups and of files."""
    every = windows()
    sizes = [len(x) for x, _ in every.shuffled(np.random.default_rng(0), batch_size=7)]

    assert sizes[:-1] == [7] * (every.n_windows // 7)
    assert sum(sizes) == every.n_windows


@pytest.mark.parametrize("n", [1, 2, 99])
def test_at_most_so_many_windows_of_a_clip_come(windows, n):
    """Of each track and each copy; long tracks do not outweigh short ones."""
    train = windows(copies=True)
    _, track = epoch(train, windows_per_track=n)

    sizes = {}
    for place in train._places:
        for clip in zip(place.track, place.copy, strict=True):
            sizes[clip] = sizes.get(clip, 0) + 1
    expected = np.zeros(len(train.track_ids), dtype=int)
    for (number, _), size in sizes.items():
        expected[number] += min(n, size)
    assert np.bincount(track, minlength=len(expected)).tolist() == expected.tolist()
    assert train.n_chosen(n).tolist() == expected.tolist()


def test_the_choice_is_drawn_anew_for_each_epoch(windows):
    """Over some epochs every window is heard."""
    every, rng = windows(), np.random.default_rng(0)
    heard = set()
    for _ in range(12):
        for x, _ in every.shuffled(rng, batch_size=8, windows_per_track=2):
            heard |= {window.tobytes() for window in x}

    assert len(heard) == every.n_windows


def test_the_seed_decides_the_batches(windows):
    """The same seed the same, another another."""
    every = windows()
    one, again, other = (epoch(every, seed, windows_per_track=2) for seed in (0, 0, 1))

    assert np.array_equal(one[0], again[0])
    assert np.array_equal(one[1], again[1])
    assert not np.array_equal(one[1], other[1])


def test_windows_of_a_track_are_shuffled_apart(windows):
    """A batch of one song would teach that song."""
    _, track = epoch(windows())

    assert (np.diff(track) == 0).mean() < 0.5  # in order: all but one in four to five


def test_statistics_are_those_of_all_windows(windows):
    """Mean and variance of each bin, as NumPy has them of everything at once."""
    every = windows()
    x = np.concatenate([x for x, _ in every.in_order()]).astype(np.float64)

    mean, variance = every.band_statistics()

    assert mean == pytest.approx(x.mean(axis=(0, 1)), rel=1e-12)
    assert variance == pytest.approx(x.var(axis=(0, 1)), rel=1e-9)


def test_levels_are_relative_to_the_clip_and_have_a_floor():
    """Another gain is another number in the file, and the same in the network."""
    values = np.array([[[-20.0, -99.0]]], dtype=np.float16)

    assert MEL(values, np.array([-10.0], np.float32)).tolist() == [[[-10.0, -80.0]]]


def test_the_cepstrum_loses_its_clip_s_level_alike():
    """A gain moves the first coefficient alone: by the gain times the root of the bands."""
    cepstrum = NetworkInput(feature="mfcc", floor_db=-80.0, n_mels=16)
    quiet = np.array([[[-40.0, 3.0]]], dtype=np.float16)
    loud = quiet + np.array([10 * np.sqrt(16), 0], dtype=np.float16)

    one, two = cepstrum(quiet, np.float32([-10])), cepstrum(loud, np.float32([0]))

    assert np.array_equal(one, two)
    assert one.tolist() == [[[0.0, 3.0]]]


def test_a_spectrum_loses_the_log_mel_s_level():
    """One reference for all levels; bins above it stay above."""
    stft = NetworkInput(feature="stft", floor_db=-80.0, n_mels=16)
    values = np.array([[[5.0, -99.0]]], dtype=np.float16)

    assert stft(values, np.float32([-10])).tolist() == [[[15.0, -80.0]]]


def test_pitch_classes_have_no_level():
    """From 0 to 1 in the file and in the network."""
    chroma = NetworkInput(feature="chroma", floor_db=-80.0, n_mels=16)
    values = np.array([[[0.0, 0.5, 1.0]]], dtype=np.float16)

    assert chroma(values, np.float32([-10])).tolist() == values.tolist()
    assert chroma.span == (0.0, 1.0)


def test_the_stored_rows_are_left_alone():
    """Rows are views of the file's buffer."""
    values = np.full((1, 1, 2), -20.0, dtype=np.float32)
    MEL(values, np.array([-10.0], np.float32))

    assert (values == -20).all()


@pytest.mark.parametrize("n_bytes", [1, 20_000])
def test_a_small_buffer_leaves_nothing_out(windows, monkeypatch, n_bytes):
    """Each window comes once, in full batches, where a row group is taken in parts."""
    monkeypatch.setattr(dataset, "BUFFER_BYTES", n_bytes)
    every = windows()
    in_order = [np.concatenate(part) for part in zip(*every.in_order(), strict=True)]
    sizes = [len(x) for x, _ in every.shuffled(np.random.default_rng(0), batch_size=7)]

    assert keys(*epoch(every)) == keys(*in_order)
    assert sizes[:-1] == [7] * (every.n_windows // 7)


def test_blocks_are_as_many_as_announced(windows, monkeypatch):
    """Keras is told their number; here a window is a block."""
    monkeypatch.setattr(network_input, "BLOCK_VALUES", 1)
    every = windows(["noise/artist 0/track 0.wav", "tunes/artist 1/track 1.flac"])
    sizes = [len(x) for x, _ in every.in_order()]

    assert sizes == [1] * every.n_windows
    assert every.n_blocks == len(sizes)


def place(position, genre, n_rows=256):
    """A row group of one genre, somewhere in a shard."""
    return Place(
        path=Path("shard"),
        group=0,
        position=position,
        rows=np.arange(n_rows, dtype=np.int32),
        track=np.full(n_rows, genre, dtype=np.int32),
        copy=np.zeros(n_rows, dtype=np.int16),
    )


def test_neighbours_in_an_epoch_have_the_classes_of_the_whole():
    """Ids begin with the genre and rows are sorted by id: 16 groups in a row have 8 of 8 genres."""
    sorted_by_genre = [place(n / 160, genre=n // 20) for n in range(160)]

    order = places.spread(sorted_by_genre, np.random.default_rng(0), 256)

    genres = np.array([some.track[0] for some in order]).reshape(-1, 16)
    assert all(len(set(row)) == 8 for row in genres.tolist())
    assert sorted(some.position for some in order) == [some.position for some in sorted_by_genre]


def test_a_long_place_is_taken_in_parts_that_are_far_apart():
    """A buffer that holds less than a row group still mixes."""
    parts = places.spread([place(0.0, 0), place(0.5, 1)], np.random.default_rng(0), 16)

    assert max(len(part.rows) for part in parts) == 16
    for genre in (0, 1):
        rows = np.concatenate([part.rows for part in parts if part.track[0] == genre])
        assert sorted(rows.tolist()) == list(range(256))
    assert all((np.diff(part.rows) > 0).all() for part in parts)


def test_a_feature_that_is_not_in_the_shards_is_told(windows):
    """Before anything is trained."""
    chroma = NetworkInput(feature="chroma", floor_db=-80.0, n_mels=16)

    with pytest.raises(DataError, match=r"holds no chroma. Run 'dvc repro'"):
        windows(network_input=chroma)


def test_a_set_without_windows_is_refused(windows):
    """Not an epoch of nothing."""
    with pytest.raises(DataError, match=r"no window of the 1 tracks asked for"):
        windows(["nobody/nothing.wav"])
