"""Extraction: the catalog's rows as work, what is kept, and in which order the rest is done."""

from pathlib import Path

import pandas as pd
import pytest

from genrenet.features.plans import plan_shards
from genrenet.params import Augment, Compute
from tasks import extraction
from tasks.extraction import audio_s, refresh_shards, sources

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
