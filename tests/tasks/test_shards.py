"""Building shards: the same bytes whoever builds them, and a bad file never stops the others."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from threadpoolctl import threadpool_limits

from genrenet.errors import DataError
from genrenet.features.plans import ShardPlan, Source, plan_shards
from genrenet.features.preprocessing import extract
from genrenet.features.shards import read_footer, shard_paths, to_numpy
from genrenet.sections.augment import Augment
from genrenet.sections.compute import Compute
from genrenet.sections.features import Preprocessing
from tasks.contents import content_hash
from tasks.extraction import refresh_shards
from tasks.fanout import fan_out
from tasks.shards import build_shard
from tests.signals import noise, tune, write

N_SHARDS = 2  # both are used by the six tracks below
SERIAL = Compute(executor="serial")


def source(path, **segment):
    """The track that a file is."""
    about = {"track_id": path.name, "path": str(path), "content_hash": content_hash(path)}
    return Source(**about | segment)


@pytest.fixture(scope="module")
def tracks(tmp_path_factory, spec):
    """Six recordings in four formats."""
    folder = tmp_path_factory.mktemp("tracks")
    formats = ("wav", "mp3", "ogg", "flac", "wav", "wav")
    return [
        source(write(folder / f"{n}.{suffix}", tune(sr=44_100, duration_s=3, seed=n), 44_100))
        for n, suffix in enumerate(formats)
    ]


@pytest.fixture
def refresh(tmp_path, spec):
    """Bring a folder of shards up to date; the names of what was built, and the quarantine."""

    def run(tracks, compute=SERIAL, **changes):
        plans = plan_shards(tracks, tmp_path / "shards", spec, n_shards=N_SHARDS, **changes)
        reports, bad = refresh_shards(plans, tmp_path / "shards", compute, advance=ignore)
        return {report.name for report in reports}, bad

    return run


def ignore(*_, **__):
    """Nobody counts."""


def bytes_in(folder):
    """Every file in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_rows_are_what_extraction_gives(tracks, spec, tmp_path):
    """Of each track, in the order of their ids."""
    (plan,) = plan_shards(tracks[::-1], tmp_path, spec, n_shards=1)
    build_shard(plan)
    table = pq.read_table(plan.path)

    expected = [extract(Path(track.path), spec) for track in tracks]
    for feature in spec.bins:
        rows = to_numpy(table[feature], table.schema.field(feature))
        assert np.array_equal(rows, np.concatenate([clip.features[feature] for clip in expected]))
    assert table["start_s"].to_pylist() == [s for clip in expected for s in clip.start_s]


def test_the_order_of_the_tracks_does_not_matter(refresh, tracks, tmp_path):
    """Twice, and from the last to the first."""
    refresh(tracks)
    before = bytes_in(tmp_path / "shards")
    for path in (tmp_path / "shards").iterdir():
        path.unlink()
    refresh(tracks[::-1])

    assert bytes_in(tmp_path / "shards") == before
    assert len(before) == N_SHARDS


@pytest.mark.engine
@pytest.mark.parametrize(
    "augment",
    [None, Augment(), Augment(method="render")],
    ids=["originals", "warped", "rendered"],
)
def test_ray_writes_the_same_bytes(two_ray_workers, refresh, tracks, tmp_path, augment):
    """In this process, by two workers and by one."""
    found = []
    for compute in (SERIAL, *(Compute(executor="ray", n_workers=n) for n in (2, 1))):
        refresh(tracks, compute, augment=augment)
        found.append(bytes_in(tmp_path / "shards"))
        for path in (tmp_path / "shards").iterdir():
            path.unlink()

    assert found[0] == found[1] == found[2]


def test_threads_of_the_linear_algebra_do_not_matter(tracks, tmp_path):
    """Two give other float32 bits, so that extraction holds itself to one."""
    wide = Preprocessing(dtype="float32")  # products large enough to be shared, bits to show it
    shards = []
    for n_threads in (1, 2):
        (plan,) = plan_shards(tracks, tmp_path / str(n_threads), wide, n_shards=1)
        with threadpool_limits(n_threads, user_api="blas"):
            build_shard(plan)
        shards.append(plan.path.read_bytes())

    assert shards[0] == shards[1]


BUILD = """
import pickle, sys
from tasks.shards import build_shard
build_shard(pickle.loads(bytes.fromhex(sys.argv[1])))
heavy = {"keras", "tensorflow", "mlflow", "prefect", "ray", "sklearn", "matplotlib"}
print(*sorted(heavy & set(sys.modules)))
"""


def test_a_worker_imports_no_network_and_no_engine(tracks, spec, tmp_path):
    """Hundreds of workers would each wait ten seconds and take half a gigabyte."""
    (plan,) = plan_shards(tracks, tmp_path, spec, n_shards=1)
    command = [sys.executable, "-c", BUILD, pickle.dumps(plan).hex()]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert plan.path.exists()
    assert done.stdout.split() == []


def test_what_is_there_already_is_kept(refresh, tracks, tmp_path):
    """A second run writes nothing."""
    assert len(refresh(tracks)[0]) == N_SHARDS
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "shards").iterdir()}

    assert refresh(tracks)[0] == set()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "shards").iterdir()} == before


def test_another_track_rewrites_its_shard_alone(refresh, tracks, spec):
    """The others are not even read."""
    refresh(tracks[:-1])

    built, _ = refresh(tracks)

    plans = plan_shards(tracks, Path(), spec, n_shards=N_SHARDS)
    assert built == {plan.path.name for plan in plans if tracks[-1] in plan.sources}
    assert len(built) == 1


def test_a_deleted_shard_is_built_again_and_a_stray_file_removed(refresh, tracks, tmp_path):
    """The folder holds what is planned, nothing less and nothing more."""
    refresh(tracks)
    before = bytes_in(tmp_path / "shards")
    lost = min((tmp_path / "shards").iterdir())
    lost.unlink()
    (tmp_path / "shards" / "stray.parquet.tmp").touch()

    assert refresh(tracks)[0] == {lost.name}
    assert bytes_in(tmp_path / "shards") == before


def test_labels_are_no_part_of_a_shard(study):
    """Another genre, group or side rewrites none: they are joined from the catalog."""
    columns = {name for path in study.features.iterdir() for name in pq.read_schema(path).names}

    assert not columns & {"genre", "group", "split", "path"}
    assert not {"genre", "group", "split"} & set(Source.__dataclass_fields__)


def test_a_file_that_moved_rewrites_no_shard(refresh, tracks, tmp_path):
    """The same bytes under the same id."""
    refresh(tracks)
    moved = tmp_path / "moved.wav"
    moved.write_bytes(Path(tracks[0].path).read_bytes())

    assert refresh([replace(tracks[0], path=str(moved)), *tracks[1:]])[0] == set()


def test_a_file_that_changed_since_the_catalog_is_refused(refresh, spec, tmp_path):
    """Nothing is written: features of other audio would stand under the old hash."""
    path = write(tmp_path / "a.wav", noise(sr=spec.sr, duration_s=2), spec.sr)
    track = source(path)
    write(path, noise(sr=spec.sr, duration_s=2, seed=1), spec.sr)

    with pytest.raises(DataError, match=r"1 files are gone or not the ones .* a.wav. Run 'dvc rep"):
        refresh([track])
    assert not list((tmp_path / "shards").iterdir())


def test_a_file_that_is_gone_is_refused(refresh, spec, tmp_path):
    """By name, without a traceback."""
    track = source(write(tmp_path / "a.wav", noise(sr=spec.sr, duration_s=2), spec.sr))
    Path(track.path).unlink()

    with pytest.raises(DataError, match=r"1 files are gone .* a.wav"):
        refresh([track])


def test_a_bad_file_is_quarantined_with_its_reason(refresh, tracks, spec, tmp_path):
    """The others are extracted; the reason is still known when the shard is kept."""
    silent = source(write(tmp_path / "silent.wav", np.zeros(3 * spec.sr), spec.sr))
    cut = tmp_path / "cut.flac"
    write(cut, noise(sr=spec.sr, duration_s=3), spec.sr)
    cut.write_bytes(cut.read_bytes()[:-999])

    for _ in range(2):
        _, bad = refresh([*tracks, silent, source(cut)])

        assert set(bad) == {"silent.wav", "cut.flac"}
        assert bad["silent.wav"].startswith("silent: no sample above -80 dB")
        assert bad["cut.flac"].startswith("damaged: libsndfile says")
    tables = [
        pq.read_table(path, columns=["track_id"]) for path in shard_paths(tmp_path / "shards")
    ]
    ids = {track_id for table in tables for track_id in table["track_id"].to_pylist()}
    assert ids == {track.track_id for track in tracks}


def test_a_copy_says_what_was_drawn(tracks, spec, tmp_path):
    """Copies from 1, no original, and the same draw in every row of a copy."""
    (plan,) = plan_shards(tracks, tmp_path, spec, n_shards=1, augment=Augment(copies=2))
    build_shard(plan)
    rows = pq.read_table(plan.path).to_pandas()

    assert set(rows["copy"]) == {1, 2}
    drawn = rows.groupby(["track_id", "copy"])[["pitch_semitones", "stretch_rate", "snr_db"]]
    assert (drawn.nunique(dropna=False) == 1).all(axis=None)
    assert rows[["pitch_semitones", "stretch_rate", "snr_db"]].notna().any(axis=1).all()
    assert read_footer(plan.path)["augmentation"]["copies"] == 2


def test_a_report_counts_what_was_done(tracks, spec, tmp_path):
    """Tracks, windows, bytes and seconds of audio."""
    (plan,) = plan_shards(tracks, tmp_path, spec, n_shards=1)
    report = build_shard(plan)

    assert (report.n_tracks, report.n_windows) == (6, pq.read_metadata(plan.path).num_rows)
    assert report.n_bytes == plan.path.stat().st_size
    assert report.audio_s == pytest.approx(6 * 3.0, rel=0.1)
    assert report.worker.endswith(f":{os.getpid()}")


class Doomed(ShardPlan):
    """A plan that kills the first worker that looks at it."""

    @property
    def identity(self):
        """Asked for when the shard is written."""
        marker = self.path.with_name("died once")
        if not marker.exists():
            marker.touch()
            os._exit(1)
        return super().identity


@pytest.mark.engine
def test_a_worker_that_dies_is_replaced(two_ray_workers, tracks, spec, tmp_path):
    """Its shard is built by another, with the same bytes."""
    (plan,) = plan_shards(tracks, tmp_path / "calm", spec, n_shards=1)
    build_shard(plan)
    doomed = Doomed(**vars(replace(plan, path=tmp_path / "doomed" / plan.path.name)))
    doomed.path.parent.mkdir()

    list(fan_out(build_shard, [doomed], compute=Compute(executor="ray"), estimate_s=0))

    assert (tmp_path / "doomed/died once").exists()
    assert doomed.path.read_bytes() == plan.path.read_bytes()
