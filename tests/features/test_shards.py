"""Shards: what is written is what is read, and the footer says what it was made from."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus.clips import gathered
from genrenet.errors import AudioError, DataError
from genrenet.features import plans
from genrenet.features.augment import ORIGINAL, Draw
from genrenet.features.clip import Clip
from genrenet.features.plans import Source, plan_shards, shard_of
from genrenet.features.preprocessing import from_signal
from genrenet.features.shards import (
    ROW_GROUP,
    is_current,
    read_footer,
    shard_paths,
    to_numpy,
    writing,
)
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing
from tests.signals import noise


def track(track_id, **changes):
    """A track as a shard sees it."""
    about = {"track_id": track_id, "path": f"/{track_id}.wav", "content_hash": f"hash {track_id}"}
    return Source(**about | changes)


@pytest.fixture
def plan(spec, tmp_path):
    """Plan one shard of two tracks, with changes."""

    def make(*tracks, settings=spec, augment=None):
        chosen = tracks or (track("a"), track("b"))
        (only,) = plan_shards(chosen, tmp_path, settings, n_shards=1, augment=augment)
        return only

    return make


def write_shard(shard, clips=(), quarantine=(), what=ORIGINAL):
    """Write clips, each given as track id and windows."""
    with writing(shard) as rows:
        for track_id, windows in clips:
            rows.add(track_id, 0, what, windows)
        rows.quarantine.update(quarantine)


def clip(spec, seed=0, duration_s=4.0):
    """Windows of noise."""
    return from_signal(noise(sr=spec.sr, duration_s=duration_s, seed=seed), spec.sr, spec)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_rows_come_back_as_they_were_written(plan, spec, dtype):
    """Every value of every column, in order."""
    spec = spec.model_copy(update={"dtype": dtype})
    one, two = clip(spec, seed=1), clip(spec, seed=2, duration_s=2.0)
    shard = plan(settings=spec)
    write_shard(shard, [("a", one), ("b", two)], what=Draw(snr_db=12.5))

    table = pq.read_table(shard.path)

    assert table["track_id"].to_pylist() == ["a"] * len(one) + ["b"] * len(two)
    assert table["start_s"].to_pylist() == [*one.start_s, *two.start_s]
    assert table["peak_db"].to_pylist() == [one.peak_db] * len(one) + [two.peak_db] * len(two)
    assert set(table["snr_db"].to_pylist()) == {12.5}
    assert set(table["stretch_rate"].to_pylist()) == {None}
    for feature in spec.bins:
        written = np.concatenate([one.features[feature], two.features[feature]])
        assert np.array_equal(to_numpy(table[feature], table.schema.field(feature)), written)


def test_rows_of_many_row_groups_come_back(plan, spec):
    """Chunks have offsets, and a slice keeps the buffer of the whole."""
    one = clip(spec, duration_s=150)
    shard = plan()
    write_shard(shard, [("a", one)])

    table = pq.read_table(shard.path).slice(ROW_GROUP - 5, 10)

    mel = to_numpy(table["mel"], table.schema.field("mel"))
    assert np.array_equal(mel, one.features["mel"][ROW_GROUP - 5 : ROW_GROUP + 5])
    assert pq.ParquetFile(shard.path).num_row_groups == 2


def test_the_bytes_do_not_depend_on_how_the_rows_came(plan, spec):
    """Row groups are of 256, whether a clip fills many or many clips fill one."""
    one, found = clip(spec, duration_s=300), []
    for n_parts in (1, 7, len(one)):
        shard = plan()
        with writing(shard) as rows:
            for part in np.array_split(np.arange(len(one)), n_parts):
                features = {name: values[part] for name, values in one.features.items()}
                rows.add(
                    "a", 0, ORIGINAL, replace(one, start_s=one.start_s[part], features=features)
                )
        found.append(shard.path.read_bytes())

    assert found[0] == found[1] == found[2]
    about = pq.read_metadata(shard.path)
    sizes = [about.row_group(n).num_rows for n in range(about.num_row_groups)]
    assert sizes == [*[ROW_GROUP] * (len(one) // ROW_GROUP), len(one) % ROW_GROUP]


def test_a_shard_that_fails_leaves_nothing(plan, spec):
    """Neither half a file nor a temporary one; the former shard stays."""
    write_shard(plan(), quarantine={"a": "silent"})
    before = plan().path.read_bytes()

    with pytest.raises(AudioError), writing(plan()) as rows:  # noqa: PT012 - it fails half-way
        rows.add("a", 0, ORIGINAL, clip(spec))
        raise AudioError("damaged")

    assert [path.name for path in plan().path.parent.iterdir()] == [plan().path.name]
    assert plan().path.read_bytes() == before


def test_a_shard_of_unusable_tracks_has_no_rows(plan, spec):
    """It says why, and is read like any other."""
    shard = plan()
    write_shard(shard, quarantine={"a": "silent", "b": "silent"})

    table = pq.read_table(shard.path)

    assert to_numpy(table["mel"], table.schema.field("mel")).shape == (0, 31, 16)
    assert read_footer(shard.path)["quarantine"] == {"a": "silent", "b": "silent"}


def test_equal_rows_give_equal_bytes(plan, spec):
    """No time, no random name, no order of a dict."""
    shard, bytes_ = plan(), []
    for reasons in ({"a": "x", "b": "y"}, {"b": "y", "a": "x"}):
        write_shard(shard, [("a", clip(spec))], reasons)
        bytes_.append(shard.path.read_bytes())

    assert bytes_[0] == bytes_[1]


def test_writing_leaves_the_old_file_to_whoever_holds_it(plan, spec, tmp_path):
    """DVC's cache may be a hard link to it."""
    shard = plan()
    write_shard(shard)
    os.link(shard.path, tmp_path / "cache")
    before = (tmp_path / "cache").read_bytes()

    write_shard(shard, [("a", clip(spec))])

    assert (tmp_path / "cache").read_bytes() == before != shard.path.read_bytes()
    assert not list(tmp_path.glob("*.tmp"))


def test_the_footer_says_what_the_shard_was_made_from(plan, spec):
    """Specification, augmentation, tracks with their hashes, and what could not be used."""
    shard = plan(track("a"), track("b", start_s=1.0, end_s=2.5), augment=Augment())
    write_shard(shard, quarantine={"b": "silent"})

    assert read_footer(shard.path) == {
        "specification": spec.model_dump(mode="json"),
        "specification_hash": spec.hash,
        "augmentation": Augment().model_dump(mode="json"),
        "fingerprint": None,
        "tracks": {"a": "hash a 0.0-", "b": "hash b 1.0-2.5"},
        "quarantine": {"b": "silent"},
    }


def test_another_fingerprint_makes_originals_stale_and_copies_not(plan, spec, monkeypatch):
    """Its revision is a part of what originals were made from; copies have none."""
    for augment, stays in ((None, False), (Augment(), True)):
        monkeypatch.undo()
        write_shard(plan(augment=augment))
        assert is_current(plan(augment=augment))

        monkeypatch.setattr(plans, "REVISION", -1)
        assert is_current(plan(augment=augment)) == stays


def test_what_is_said_of_a_clip_stands_in_its_first_row(plan, spec):
    """Its words among it, as they are; a copy says nothing."""
    said = Clip(
        used_s=4.0,
        level_db=-20.0,
        noise_floor_db=-50.0,
        fingerprint=np.array([1, 2**32 - 1, 0], np.uint32),
    )
    one = replace(clip(spec), clip=said)
    shard = plan()
    write_shard(shard, [("a", one), ("b", clip(spec))])

    table = pq.read_table(shard.path)

    for name, value in vars(said).items():
        first, *others = table[name].to_pylist()
        assert first == (value.tobytes() if name == "fingerprint" else value)
        assert set(others) == {None}
    assert gathered([shard.path]).to_dict("records") == [
        {"track_id": "a", "used_s": 4.0, "level_db": -20.0, "noise_floor_db": -50.0}
    ]


@pytest.mark.parametrize("content", [None, b"", b"PAR1 no more"])
def test_what_is_no_shard_is_never_current(plan, content):
    """Missing, empty or cut by a full disk."""
    shard = plan()
    if content is not None:
        shard.path.write_bytes(content)

    assert not is_current(shard)


def test_a_written_shard_is_current(plan, spec):
    """A quarantined track does not make it stale; nor does another path of the same bytes."""
    write_shard(plan(), quarantine={"a": "silent"})

    assert is_current(plan())
    assert is_current(plan(track("a", path="/moved.wav"), track("b")))


@pytest.mark.parametrize(
    "other",
    [
        (track("a"),),
        (track("a"), track("b"), track("c")),
        (track("a"), track("b", content_hash="another")),
        (track("a"), track("b", start_s=1.0)),
        (track("a"), track("b", end_s=9.0)),
    ],
)
def test_other_tracks_make_a_shard_stale(plan, spec, other):
    """One less, one more, other bytes, another segment."""
    write_shard(plan())

    assert not is_current(plan(*other))


def test_other_settings_make_a_shard_stale(plan, spec):
    """Another specification, copies instead of originals, another augmentation."""
    write_shard(plan())
    assert not is_current(plan(settings=Preprocessing()))
    assert not is_current(plan(augment=Augment()))

    write_shard(plan(augment=Augment()))
    assert not is_current(plan(augment=Augment(seed=1)))


def test_a_file_that_is_no_shard_is_told(tmp_path):
    """With what to do."""
    (tmp_path / "shard-x.parquet").write_bytes(b"no parquet")

    with pytest.raises(DataError, match=r"is no shard of genrenet. Delete it"):
        read_footer(tmp_path / "shard-x.parquet")
    with pytest.raises(DataError, match=r"holds no shards. Run 'dvc repro'"):
        shard_paths(tmp_path / "nothing here")


@settings(max_examples=50, deadline=None)
@given(st.sets(st.text(max_size=9), max_size=40), st.text(max_size=9), st.integers(1, 8))
def test_another_track_moves_no_track(ids, another, n_shards):
    """A shard is decided by the id alone: adding a track rewrites one file."""

    def members(tracks):
        sources = [track(track_id) for track_id in tracks]
        plans = plan_shards(sources, Path(), Preprocessing(), n_shards=n_shards)
        return {plan.path: plan.sources for plan in plans}

    before, after = members(ids), members(ids | {another})

    assert sum(before.get(path) != sources for path, sources in after.items()) <= 1


def test_the_shard_of_a_track_is_the_same_on_every_machine():
    """BLAKE2b, not Python's salted hash; written down here for good."""
    digest = hashlib.blake2b(b"jazz/1.wav", digest_size=8, key=b"genrenet shard").digest()

    assert shard_of("jazz/1.wav", 1_000) == int.from_bytes(digest, "little") % 1_000 == 355


def test_tracks_are_spread_evenly():
    """Within four standard deviations of a fair draw."""
    counts = np.bincount([shard_of(f"track {n}", 8) for n in range(8_000)])

    assert np.abs(counts - 1_000).max() < 4 * np.sqrt(8_000 * 1 / 8 * 7 / 8)
