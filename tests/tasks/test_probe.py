"""The catalog: every track has a row, a bad file a reason, an unchanged file its old hash."""

import errno
import os

import numpy as np
import pandas as pd
import pytest

from genrenet.corpus import patience
from genrenet.corpus.tracks import CATALOG_SCHEMA, Track, read_catalog, usable, write_table
from genrenet.errors import DataError
from genrenet.features.audio import open_recording
from genrenet.sections.features import Preprocessing
from tasks import probe as module
from tasks.contents import content_hash
from tasks.probe import Hashes, probe_tracks
from tests.signals import noise, write
from tests.users import nobody

SR = 8_000


@pytest.fixture
def catalog(tmp_path):
    """Probe tracks of a folder: the catalog, by track id."""

    def probe(*tracks):
        hashes = Hashes(tmp_path / "hashes.parquet")
        found = probe_tracks(list(tracks), tmp_path, hashes, advance=lambda _: None)
        return found.set_index("track_id", drop=False)

    return probe


@pytest.fixture
def hashed(monkeypatch):
    """The names of the files whose bytes were read."""
    names = []

    def spy(path):
        names.append(path.name)
        return content_hash(path)

    monkeypatch.setattr(module, "content_hash", spy)
    return names


def track(path, **changes):
    """A track that is a file."""
    return Track(**{"track_id": path, "path": path, "genre": "jazz"} | changes)


def test_a_row_says_what_the_header_says(catalog, tmp_path):
    """And where the track is from."""
    path = write(tmp_path / "a.flac", np.column_stack([noise(sr=SR, duration_s=2)] * 2), SR)
    row = catalog(track("a.flac", group="Bird", fold=3)).iloc[0]

    assert (row["duration_s"], row["sr"], row["channels"], row["format"]) == (
        2,
        SR,
        2,
        "FLAC PCM_16",
    )
    assert (row["genre"], row["group"], row["group_known"], row["fold"]) == (
        "jazz",
        "Bird",
        True,
        3,
    )
    assert row["content_hash"] == content_hash(path)
    assert row["problem"] is None


def test_a_track_of_no_known_group_stands_for_itself(catalog, tmp_path):
    """And the catalog says that nobody knows."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    row = catalog(track("a.wav")).iloc[0]

    assert (row["group"], row["group_known"]) == ("a.wav", False)


def test_a_file_that_cannot_be_used_has_a_reason_and_stops_nothing(catalog, tmp_path):
    """Missing, a folder, garbage, empty: the good one beside them is there."""
    write(tmp_path / "good.wav", noise(sr=SR, duration_s=2), SR)
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "garbage.wav").write_bytes(b"no music" * 99)
    (tmp_path / "empty.wav").touch()
    names = ["good.wav", "missing.wav", "folder.wav", "garbage.wav", "empty.wav"]

    problems = catalog(*map(track, names))["problem"]

    assert problems.isna().tolist() == [True, False, False, False, False]
    assert problems["missing.wav"] == "cannot be opened: No such file or directory"
    assert problems["folder.wav"] == "no file: a folder, a pipe or a device has its name"
    assert problems["garbage.wav"].startswith("unreadable")
    assert problems["empty.wav"] == "the file has zero bytes"


def test_a_link_to_nowhere_has_a_reason(catalog, tmp_path):
    """With where it points."""
    (tmp_path / "a.wav").symlink_to("/disk/gone.wav")
    (tmp_path / "b.wav").symlink_to("b.wav")

    assert catalog(track("a.wav"), track("b.wav"))["problem"].tolist() == [
        "a link that leads nowhere: '/disk/gone.wav' is not there",
        "a link that leads nowhere: 'b.wav' is not there",
    ]


def test_a_file_that_may_not_be_read_has_a_reason(catalog, tmp_path):
    """By its rights."""
    path = write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    path.chmod(0)
    with nobody(tmp_path):
        assert catalog(track("a.wav"))["problem"].iloc[0] == "cannot be opened: Permission denied"


def test_a_table_s_other_unicode_form_finds_the_file(catalog, tmp_path):
    """A manifest of one system, files copied from another; the catalog has the disk's form."""
    write(tmp_path / "cafe\u0301.wav", noise(sr=SR, duration_s=2), SR)
    row = catalog(track("caf\u00e9.wav")).iloc[0]

    assert row["problem"] is None
    assert (row["track_id"], row["path"]) == ("caf\u00e9.wav", "cafe\u0301.wav")


def test_a_disk_that_stumbles_is_asked_again(catalog, tmp_path, monkeypatch):
    """A network folder's moment of weakness is no reason to do without a recording."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    errors = [OSError(errno.EIO, "Input/output error"), OSError(errno.ESTALE, "Stale file handle")]

    def stumbling(path):
        if errors:
            raise errors.pop()
        return content_hash(path)

    monkeypatch.setattr(module, "content_hash", stumbling)

    assert catalog(track("a.wav"))["problem"].iloc[0] is None
    assert not errors


def test_a_bad_spot_of_the_disk_has_a_reason(catalog, tmp_path, monkeypatch):
    """The others are used; the corpus is still there."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    write(tmp_path / "b.wav", noise(sr=SR, duration_s=2), SR)
    monkeypatch.setattr(patience, "PAUSES_S", (0.0,) * len(patience.PAUSES_S))

    def scratched(path):
        if path.name == "a.wav":
            raise OSError(errno.EIO, "Input/output error")
        return content_hash(path)

    monkeypatch.setattr(module, "content_hash", scratched)

    problems = catalog(track("a.wav"), track("b.wav"))["problem"]

    assert problems["a.wav"] == "cannot be opened: Input/output error, 4 times"
    assert problems.isna().tolist() == [False, True]


@pytest.mark.parametrize("left", [False, True])
def test_a_corpus_that_goes_away_ends_the_work(tmp_path, monkeypatch, left):
    """Else all its files would be bad; an empty mount point in its place is not the corpus."""
    folder, away = tmp_path / "corpus", tmp_path / "away"
    for name in "abc":
        write(folder / f"{name}.wav", noise(sr=SR, duration_s=2), SR)
    hashes = Hashes(tmp_path / "hashes.parquet")
    monkeypatch.setattr(module, "N_THREADS", 1)

    def lose(_):
        if folder.exists() and not away.exists():
            folder.rename(away)
            if left:
                folder.mkdir()

    with pytest.raises(DataError, match=r"went away while it was read .*Connect the disk or"):
        probe_tracks([track(f"{n}.wav") for n in "abc" * 99], folder, hashes, advance=lose)

    assert Hashes(tmp_path / "hashes.parquet").known


def test_what_was_hashed_is_kept_whatever_ends_the_work(tmp_path, hashed):
    """Ctrl-C in the tenth hour."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probe_tracks(
            [track("a.wav")], tmp_path, Hashes(tmp_path / "hashes.parquet"), advance=interrupt
        )
    Hashes(tmp_path / "hashes.parquet").of(tmp_path / "a.wav")

    assert hashed == ["a.wav"]


@pytest.mark.parametrize(
    ("start_s", "end_s", "reason"),
    [
        (5.0, None, "the segment 5–2 s has 0.00 s of the file's 2.00 s"),
        (1.0, 1.2, "the segment 1–1.2 s has 0.20 s"),
        (1.7, 9.0, "the segment 1.7–9 s has 0.30 s"),
    ],
)
def test_a_segment_beyond_the_file_has_a_reason(catalog, tmp_path, start_s, end_s, reason):
    """The table and the recording do not belong together."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)

    assert reason in catalog(track("a.wav", start_s=start_s, end_s=end_s))["problem"].iloc[0]


def test_segments_of_a_recording_are_one_group_that_nobody_named(catalog, tmp_path):
    """They stay together, and the catalog does not say that this is an artist."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    halves = [track("a.wav", track_id=f"{s}", start_s=s, end_s=s + 1) for s in (0.0, 1.0)]
    rows = catalog(*halves)

    assert rows["group"].tolist() == ["a.wav"] * 2
    assert not rows["group_known"].any()


def layer_two(n_frames):
    """A tone as MPEG-1 Layer II (ISO 11172-3): 192 kbit/s, 48 kHz, mono, a frame of 24 ms.

    One of 27 subbands is coded, in the 3 steps of allocation 1: three samples in 5 bits.
    """
    header = "1111111111111101" + "10100100" + "11000000"
    allocations = ["0000"] * 11 + ["000"] * 12 + ["00"] * 4
    allocations[1] = "0001"
    one_scale_factor, half_of_full_scale = "10", "000110"
    highest = "11010"  # 2 + 3 * 2 + 9 * 2
    used = header + "".join(allocations) + one_scale_factor + half_of_full_scale + 12 * highest
    return n_frames * int(used.ljust(576 * 8, "0"), 2).to_bytes(576)


def loudest(path):
    """The peak of a recording, as extraction hears it."""
    pieces = open_recording(path, Preprocessing()).pieces
    return max(np.abs(y).max() for y, _ in pieces)


def test_layer_two_is_read(catalog, tmp_path):
    """Broadcasters' files; nothing here writes them but the lines above."""
    (tmp_path / "a.mp2").write_bytes(layer_two(100))
    row = catalog(track("a.mp2")).iloc[0]

    assert (row["problem"], row["format"]) == (None, "MP3 MPEG_LAYER_II")
    assert row["duration_s"] == pytest.approx(2.4, abs=0.05)
    assert 0.1 < loudest(tmp_path / "a.mp2") < 1


@pytest.mark.parametrize("coding", ["IMA_ADPCM", "MS_ADPCM"])
def test_adpcm_is_read(catalog, tmp_path, coding):
    """4 bits a sample, as dictation machines and old games have it."""
    path = write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR, subtype=coding)
    row = catalog(track("a.wav")).iloc[0]

    assert (row["problem"], row["format"]) == (None, f"WAV {coding}")
    assert row["duration_s"] == pytest.approx(2, abs=0.1)
    assert loudest(path) == pytest.approx(np.abs(noise(sr=SR, duration_s=2)).max(), rel=0.2)


def test_the_catalog_is_written_and_read_as_it_is(catalog, tmp_path):
    """Unusable tracks, unknown folds and open ends included."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    found = catalog(track("a.wav", end_s=1.5), track("b.wav", fold=2))
    write_table(found, tmp_path / "catalog.parquet", CATALOG_SCHEMA)

    back = read_catalog(tmp_path / "catalog.parquet")

    assert back["track_id"].tolist() == ["a.wav", "b.wav"]
    assert usable(back)["track_id"].tolist() == ["a.wav"]
    assert back["fold"].isna().tolist() == [True, False]
    assert back["end_s"].isna().tolist() == [False, True]


def test_a_table_of_another_version_is_refused(tmp_path):
    """With what to do."""
    with pytest.raises(DataError, match=r"is missing. Run 'dvc repro'"):
        read_catalog(tmp_path / "catalog.parquet")


def test_an_unchanged_file_is_not_read_again(catalog, tmp_path, hashed):
    """Its size and time of change are as they were."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    first = catalog(track("a.wav"))
    again = catalog(track("a.wav"))

    assert hashed == ["a.wav"]
    assert first.equals(again)


@pytest.mark.parametrize("touch", ["content", "time"])
def test_a_changed_file_is_read_again(catalog, tmp_path, hashed, touch):
    """Another size, or only another time."""
    path = write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    before = catalog(track("a.wav"))["content_hash"].iloc[0]
    if touch == "content":
        write(path, noise(sr=SR, duration_s=3), SR)
    else:
        os.utime(path, ns=(1, 1))
    after = catalog(track("a.wav"))["content_hash"].iloc[0]

    assert hashed == ["a.wav", "a.wav"]
    assert (before != after) == (touch == "content")


def test_segments_of_a_file_share_one_reading(tmp_path, hashed):
    """A thousand segments of an hour would be a thousand hours of reading."""
    path = write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    hashes = Hashes(tmp_path / "hashes.parquet")

    assert len({hashes.of(path) for _ in range(5)}) == 1
    assert hashed == ["a.wav"]


def test_progress_counts_every_track(tmp_path):
    """Good or bad."""
    steps = []
    tracks = [track("a.wav"), track("b.wav")]
    probe_tracks(tracks, tmp_path, Hashes(tmp_path / "h.parquet"), advance=steps.append)

    assert steps == [1, 1]


def test_a_file_that_must_not_be_used_is_not_opened(catalog, hashed, tmp_path):
    """The layout knows why; what is in the file does not matter."""
    write(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR)
    row = catalog(track("a.wav", group="Bird", problem="its checksum is another")).iloc[0]

    assert (row["problem"], row["group"], row["group_known"]) == (
        "its checksum is another",
        "Bird",
        True,
    )
    assert pd.isna(row["content_hash"])
    assert hashed == []
