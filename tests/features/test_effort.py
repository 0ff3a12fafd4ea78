"""Effort: estimates that are told apart where the work differs, and advice that is worth it."""

from dataclasses import replace

import pytest

from genrenet.features.effort import (
    BEST_BYTES,
    FEW,
    LEAST_BYTES,
    MOST_BYTES,
    MOST_S,
    Load,
    bytes_per_s,
    decode_s,
    heavier_stage,
    work_s,
)
from genrenet.features.plans import Source, plan_shards
from genrenet.sections.augment import Augment
from genrenet.sections.features import Features, Preprocessing
from tasks.contents import content_hash
from tasks.shards import build_shard
from tests.signals import tune, write

MP3 = decode_s("MP3 MPEG_LAYER_III", 44_100, 2)
DURATION_S = 30
HOUR = Source(track_id="a", path="/a.mp3", content_hash="0", audio_s=3_600, decode_s=MP3)


def test_formats_cost_what_they_cost():
    """An MP3 takes a decoder, a WAV file is only read; half the samples are half the work."""
    wav = decode_s("WAV PCM_16", 44_100, 2)

    assert wav < MP3 < decode_s("OGG OPUS", 48_000, 2)
    assert decode_s("WAV PCM_16", 44_100, 1) == pytest.approx(wav / 2)


@pytest.mark.parametrize("method", ["warp", "render"])
def test_each_copy_costs_the_same_again(method):
    """Decoding is paid for once."""
    copies = [work_s([HOUR], Preprocessing(), Augment(method=method, copies=n)) for n in (1, 2, 3)]

    assert copies[2] - copies[1] == pytest.approx(copies[1] - copies[0])
    assert copies[0] > work_s([HOUR], Preprocessing(), None) / 2


def test_rendering_costs_several_times_what_warping_costs():
    """It makes audio, and analyses that."""
    render, warp = (
        work_s([HOUR], Preprocessing(), Augment(method=method, copies=3))
        for method in ("render", "warp")
    )

    assert render > 3 * warp


def test_only_what_is_used_is_counted():
    """Neither the skipped start nor what comes after the longest duration."""
    short = Preprocessing(max_duration_s=30)

    assert work_s([HOUR], short, None) < work_s([HOUR], Preprocessing(), None) / 50
    skipped = Preprocessing(head_skip_s=3_600)
    assert work_s([HOUR], skipped, None) < 0.01


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Long enough for the footer not to count."""
    y = tune(sr=22_050, duration_s=DURATION_S, seed=1)
    return write(tmp_path_factory.mktemp("recording") / "a.wav", y, 22_050)


@pytest.mark.parametrize(
    "changes",
    [{}, {"dtype": "float32"}, {"overlap_s": 0.0}, {"stft": True}, {"n_chroma": 12}],
    ids=str,
)
def test_bytes_are_foretold(recording, tmp_path, changes):
    """Within a tenth of what is written."""
    spec = Preprocessing(**changes)
    source = Source(track_id="a", path=str(recording), content_hash=content_hash(recording))
    (plan,) = plan_shards([source], tmp_path, spec, n_shards=1)

    report = build_shard(plan)

    assert report.n_bytes == pytest.approx(DURATION_S * bytes_per_s(spec), rel=0.1)


@pytest.mark.parametrize(
    ("load", "better"),
    [
        (Load(n_shards=4, n_bytes=4 * BEST_BYTES, work_s=60), None),
        (Load(n_shards=4, n_bytes=1e6, work_s=1), None),
        (Load(n_shards=FEW, n_bytes=1e6, work_s=1), None),
        (Load(n_shards=100, n_bytes=100 * LEAST_BYTES, work_s=60), None),
        (Load(n_shards=4, n_bytes=4.1 * MOST_BYTES, work_s=60), 11),
        (Load(n_shards=100, n_bytes=96e6, work_s=60), 4),
        (Load(n_shards=4, n_bytes=96e6, work_s=4.1 * MOST_S), 25),
        (Load(n_shards=100, n_bytes=96e6, work_s=3_600), None),
    ],
)
def test_the_number_of_shards_is_talked_about_only_where_it_is_far_off(load, better):
    """Few small shards are a small corpus; small shards of long work are worth their while."""
    assert load.better == better


def test_the_advice_is_not_given_twice():
    """Who follows it hears nothing more."""
    first = Load(n_shards=4, n_bytes=3e12, work_s=1e6)
    followed = Load(n_shards=first.better, n_bytes=3e12, work_s=1e6)

    assert first.advice == (
        "features.n_shards: 4 makes shards of about 750,000 MB, each about 250,000 core-seconds "
        "of work; 128-256 MB and less than some minutes are best. Better: n_shards: 15625"
    )
    assert followed.advice is None


@pytest.mark.parametrize(
    ("each_mb", "said"),
    [
        (0.004, "under 0.1"),
        (0.14, "about 0.1"),
        (2.46, "about 2.5"),
        (9.6, "about 9.6"),
        (15.4, "about 15"),
    ],
)
def test_small_figures_read_well(each_mb, said):
    """No power of ten, and nothing that is 0."""
    load = Load(n_shards=100, n_bytes=100e6 * each_mb, work_s=60)

    assert f"makes shards of {said} MB, each about 0.6 core-seconds of work" in load.advice


def test_the_heavier_of_two_stages_decides():
    """Ten copies of half the tracks are five times the originals."""
    features = Features(n_shards=1)
    tracks = [HOUR] * 10
    alone = heavier_stage(tracks, features, Augment(copies=0), train_share=0.5)
    copied = heavier_stage(tracks, features, Augment(copies=10), train_share=0.5)

    assert copied.n_bytes == pytest.approx(5 * alone.n_bytes)
    assert (
        copied.work_s > alone.work_s == pytest.approx(work_s(tracks, features.specification, None))
    )


def test_the_file_is_not_looked_at(recording):
    """Half a minute of WAV here, nothing there: it is what the catalog says, an hour of MP3."""
    here = replace(HOUR, path=str(recording))

    assert work_s([here], Preprocessing(), None) == work_s([HOUR], Preprocessing(), None)
