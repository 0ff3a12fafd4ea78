"""Extraction: the catalog's rows as work, what is kept, and in which order the rest is done."""

import errno
from pathlib import Path

import pandas as pd
import pytest

from genrenet.corpus import patience
from genrenet.errors import DataError
from genrenet.features.plans import Source, plan_shards
from genrenet.sections.augment import Augment
from genrenet.sections.compute import Compute
from tasks import extraction, shards
from tasks.contents import content_hash
from tasks.extraction import audio_s, refresh_shards, sources
from tests.signals import noise, write
from tests.users import nobody

SERIAL = Compute(executor="serial")


def catalog(**changes):
    """Two tracks: a whole file and a segment of one."""
    columns = {
        "track_id": ["a", "b"],
        "path": ["one/a.mp3", "/far/b.wav"],
        "content_hash": ["0", "1"],
        "start_s": [0.0, 5.0],
        "end_s": [None, 15.0],
        "duration_s": [30.0, 60.0],
        "format": ["MP3 MPEG_LAYER_III", "WAV PCM_16"],
        "sr": [44_100, 44_100],
        "channels": [2, 2],
    }
    return pd.DataFrame(columns | changes)


def test_a_source_is_its_row():
    """Paths as every worker sees them, times as they are, an open end as None."""
    whole, part = sources(catalog(), Path("/corpus"))

    assert (whole.path, part.path) == ("/corpus/one/a.mp3", "/far/b.wav")
    assert (whole.start_s, whole.end_s, part.start_s, part.end_s) == (0, None, 5, 15)
    assert (whole.content_hash, part.content_hash) == ("0", "1")


def test_a_relative_folder_becomes_an_absolute_one(tmp_path, monkeypatch):
    """Workers stand elsewhere."""
    monkeypatch.chdir(tmp_path)

    assert sources(catalog(), Path("corpus"))[0].path == str(tmp_path / "corpus/one/a.mp3")


def test_a_segment_is_as_long_as_the_file_lets_it_be():
    """Its end may lie after the file's."""
    found = sources(catalog(end_s=[None, 90.0]), Path("/corpus"))

    assert [source.audio_s for source in found] == [30, 55]


@pytest.fixture
def extract(study, spec, tmp_path):
    """Bring shards of the study's tracks up to date; what was told of the progress."""

    def run(*, n_shards=3, **changes):
        tracks = sources(study.catalog, study.audio)
        plans = plan_shards(tracks, tmp_path / "shards", spec, n_shards=n_shards, **changes)
        told = []
        reports, _ = refresh_shards(
            plans, tmp_path / "shards", SERIAL, advance=lambda n, **how: told.append((n, how))
        )
        return plans, reports, told

    return run


def test_progress_counts_every_track_and_all_of_its_sound(extract, study):
    """Whether it is built or kept; the work begins with 0."""
    _, _, built = extract()
    _, _, kept = extract()

    assert built[0] == (0, {})
    for told, new in ((built[1:], True), (kept, False)):
        assert sum(n for n, _ in told) == len(study.catalog)
        assert sum(how["audio_s"] for _, how in told) == pytest.approx(
            study.catalog["duration_s"].sum()
        )
        assert {how["new"] for _, how in told} == {new}


def test_the_longest_work_is_begun_first(extract, monkeypatch):
    """Else one worker is left alone with it at the end."""
    begun = []
    fan_out = extraction.fan_out
    monkeypatch.setattr(
        extraction, "fan_out", lambda f, jobs, **how: begun.extend(jobs) or fan_out(f, jobs, **how)
    )
    plans, reports, _ = extract(augment=Augment(method="warp", copies=1))

    lengths = [audio_s([plan]) for plan in begun]
    assert lengths == sorted(lengths, reverse=True)
    assert [report.name for report in reports] == [plan.path.name for plan in plans]


def test_other_settings_leave_no_shard_of_before(extract, tmp_path):
    """Another number of shards has other names; the old ones go."""
    extract(n_shards=3)
    plans, _, _ = extract(n_shards=2)

    assert {path.name for path in (tmp_path / "shards").iterdir()} == {p.path.name for p in plans}


@pytest.fixture
def refused(spec, tmp_path):
    """What is said of a file that is not as the catalog saw it, or cannot be read."""
    path = write(tmp_path / "a.wav", noise(sr=spec.sr, duration_s=2), spec.sr)
    source = Source(track_id="a", path=str(path), content_hash=content_hash(path))

    def refresh():
        plans = plan_shards([source], tmp_path / "shards", spec, n_shards=1)
        with pytest.raises(DataError) as error:
            refresh_shards(plans, tmp_path / "shards", SERIAL, advance=lambda *_, **__: None)
        return str(error.value)

    return refresh


def test_a_changed_file_asks_for_another_catalog(refused, spec, tmp_path):
    """By the command that looks at the files, also where DVC watches a table alone."""
    write(tmp_path / "a.wav", noise(sr=spec.sr, duration_s=2, seed=1), spec.sr)

    assert (
        ": a. Run 'dvc repro --force --single-item catalog', which makes the catalog anew, then "
        "'dvc repro'; the other shards are kept."
    ) in refused()


def test_a_file_that_may_not_be_read_is_told_with_the_reason(refused, tmp_path):
    """It is neither gone nor another one."""
    (tmp_path / "a.wav").chmod(0)

    with nobody(tmp_path):
        assert "cannot be read: a (Permission denied). Run" in refused()


def test_a_disk_s_error_is_told_with_the_reason(refused, monkeypatch):
    """After the patience that a network folder gets."""
    monkeypatch.setattr(patience, "PAUSES_S", (0.0,))
    for module in (extraction, shards):
        monkeypatch.setattr(module, "content_hash", stumble)

    assert "cannot be read: a (Input/output error). Run" in refused()


def test_a_file_that_only_the_worker_cannot_read_is_told(refused, monkeypatch):
    """A folder that one machine of the cluster does not have."""
    monkeypatch.setattr(shards, "content_hash", stumble)
    monkeypatch.setattr(patience, "PAUSES_S", (0.0,))

    assert "a (here it can be read, by the worker it could not). Run" in refused()


def stumble(path):
    """A disk with a bad spot."""
    raise OSError(errno.EIO, "Input/output error", path)
