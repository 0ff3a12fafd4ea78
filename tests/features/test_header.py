"""The header: what a file says is believed where it is true, and what it is not is named."""

import os
import shlex

import numpy as np
import pytest
import soundfile as sf

from genrenet.errors import AudioError
from genrenet.features.audio import open_recording
from genrenet.features.header import conversion, open_sound, probe
from genrenet.sections.features import Preprocessing
from tests.signals import noise, sine, write

SR = 16_000
PLAIN = Preprocessing(sr=SR, trim_db=None)
KINDS = [  # format, coding, suffix and how far a sample of a tone may be off
    *(("WAV", "PCM_U8", "wav", 2**-6), ("WAV", "PCM_16", "wav", 2**-14)),
    *(("WAV", "PCM_24", "wav", 2**-22), ("WAV", "PCM_32", "wav", 2**-24)),
    *(("WAV", "FLOAT", "wav", 0), ("WAV", "DOUBLE", "wav", 0), ("WAVEX", "PCM_24", "wav", 2**-22)),
    *(("WAV", "ULAW", "wav", 0.02), ("WAV", "ALAW", "wav", 0.02)),
    *(("RF64", "PCM_16", "rf64", 2**-14), ("RF64", "FLOAT", "wav", 0)),
    *(("W64", "PCM_24", "w64", 2**-22), ("W64", "DOUBLE", "w64", 0)),
    *(("AIFF", "PCM_16", "aiff", 2**-14), ("AIFF", "PCM_24", "aif", 2**-22)),
    *(("AIFF", "FLOAT", "aifc", 0), ("AIFF", "ULAW", "aifc", 0.02)),
    *(("CAF", "PCM_24", "caf", 2**-22), ("CAF", "ALAC_16", "caf", 2**-14)),
    *(("AU", "PCM_16", "au", 2**-14), ("AU", "FLOAT", "snd", 0)),
    *(("FLAC", "PCM_16", "flac", 2**-14), ("FLAC", "PCM_24", "flac", 2**-22)),
    *(("OGG", "VORBIS", "ogg", 0.03), ("OGG", "OPUS", "opus", 0.03)),
    ("MP3", "MPEG_LAYER_III", "mp3", 0.03),
]


@pytest.fixture
def recording(tmp_path):
    """Four seconds of noise in a file of the named format."""

    def make(name, *, duration_s=4.0, subtype=None):
        return write(tmp_path / name, noise(sr=SR, duration_s=duration_s), SR, subtype)

    return make


def saved(path, y, sr, kind, coding):
    """Write samples as one kind of file, whatever its suffix."""
    sf.write(path, y, sr, format=kind, subtype=coding)
    return path


def spoilt(path, content):
    """A file of other bytes."""
    path.write_bytes(content)
    return path


def decoded(path):
    """What the catalog, and then the features, do with a file: its mono signal."""
    probe(path)
    return np.concatenate([y for y, _ in open_recording(path, PLAIN).pieces])


@pytest.mark.parametrize(("kind", "coding", "suffix", "tolerance"), KINDS)
def test_every_format_is_read_as_it_was_written(tmp_path, kind, coding, suffix, tolerance):
    """A tone at 440 Hz, sample by sample; the first and last 0.2 s are a codec's to fade."""
    tone = sine(440, sr=SR, duration_s=2, amplitude=0.3)
    path = saved(tmp_path / f"a.{suffix}", tone, SR, kind, coding)

    info, y = probe(path), decoded(path)

    assert (info.duration_s, info.sr, info.channels) == (2.0, SR, 1)
    assert info.format == f"{kind} {coding}"
    assert np.abs(y - tone)[3_200:-3_200].max() <= tolerance


@pytest.mark.parametrize(
    ("kind", "coding", "rates"),
    [
        ("WAV", "PCM_16", (8_000, 11_025, 44_100, 96_000, 192_000)),
        ("FLAC", "PCM_24", (8_000, 48_000, 192_000)),
        ("OGG", "VORBIS", (8_000, 44_100, 192_000)),
        ("OGG", "OPUS", (8_000, 12_000, 16_000, 24_000, 48_000)),
        ("MP3", "MPEG_LAYER_III", (8_000, 22_050, 48_000)),
        ("CAF", "ALAC_24", (8_000, 192_000)),
    ],
)
def test_every_rate_is_read(tmp_path, kind, coding, rates):
    """From the telephone's to the laboratory's; a tone keeps its pitch."""
    for sr in rates:
        path = saved(tmp_path / "a.sound", sine(1_000, sr=sr, duration_s=1), sr, kind, coding)

        assert probe(path).sr == sr
        spectrum = np.abs(np.fft.rfft(decoded(path)))
        assert spectrum.argmax() == 1_000  # in Hz: the file is a second long


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("kind", ["WAV", "FLAC", "CAF", "OGG"])
def test_any_number_of_channels_becomes_their_mean(tmp_path, kind, n_channels):
    """One channel sounds, so that the mean is its share; Vorbis is lossy and couples channels."""
    samples = np.zeros((SR, n_channels), np.float32)
    samples[:, -1] = sine(440, sr=SR, duration_s=1)
    path = saved(tmp_path / "a.sound", samples, SR, kind, None)

    assert probe(path).channels == n_channels
    error = np.abs(decoded(path) - samples[:, -1] / n_channels)
    assert error[800:-800].max() <= (0.03 if kind == "OGG" else 2**-14)


def test_what_a_file_holds_decides_and_not_its_suffix(tmp_path):
    """An MP3 that calls itself M4A is an MP3."""
    path = write(tmp_path / "a.mp3", noise(sr=SR, duration_s=2), SR)

    assert probe(path.rename(tmp_path / "a.m4a")).format == "MP3 MPEG_LAYER_III"


@pytest.mark.parametrize("n_frames", [512, 5_000, 40_000])
def test_pieces_of_an_mp3_file_are_the_file(tmp_path, n_frames):
    """Each frame borrows bits of those before; a seek after each read would lose them."""
    path = write(tmp_path / "a.mp3", sine(440, sr=SR, duration_s=10), SR)
    with open_sound(path) as file:
        whole = file.read(10 * SR, dtype="float32")
    pieces = []
    with open_sound(path) as file:
        while len(piece := file.read(n_frames, dtype="float32")):
            pieces.append(piece)

    assert np.array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("sr", [8_000, 16_000, 44_100])
def test_a_seek_in_an_mp3_file_lands_on_what_is_there(tmp_path, sr):
    """To float32's rounding; a tone borrows most."""
    path = write(tmp_path / "a.mp3", sine(440, sr=sr, duration_s=10), sr)
    whole = sf.read(path, dtype="float32")[0]

    for begin in np.random.default_rng(0).integers(0, 9 * sr, 20):
        with open_sound(path) as file:
            file.seek(int(begin))
            part = file.read(sr // 2, dtype="float32")

        assert part == pytest.approx(whole[begin : begin + len(part)], abs=1e-6)


def test_a_coding_that_only_runs_forward_is_read(tmp_path):
    """GSM of answering machines: libsndfile cannot seek in it."""
    path = saved(tmp_path / "a.wav", noise(sr=SR, duration_s=2), SR, "WAV", "GSM610")

    assert len(decoded(path)) == 2 * SR


WHOLE = ["wav", "rf64", "w64", "flac", "mp3", "ogg", "opus", "aiff", "au", "caf"]


def in_format(path, y, suffix):
    """A file of the suffix's format."""
    kinds = {"opus": ("OGG", "OPUS"), "rf64": ("RF64", None), "caf": ("CAF", "PCM_16")}
    kind, coding = kinds.get(suffix, (suffix.upper(), None))
    return saved(path / f"a.{suffix}", y, SR, kind, coding)


@pytest.mark.parametrize("suffix", WHOLE)
def test_a_file_that_was_cut_is_refused(tmp_path, suffix):
    """Half a recording is not the recording, whatever its decoder makes of it."""
    path = in_format(tmp_path, noise(sr=SR, duration_s=4), suffix)
    spoilt(path, path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(AudioError, match=r"truncated|lost sync"):
        decoded(path)


@pytest.mark.parametrize("suffix", [suffix for suffix in WHOLE if suffix != "mp3"])
def test_a_file_that_lacks_its_last_bytes_is_refused(tmp_path, suffix):
    """An interrupted download; MP3 is spared, whose headers are off by more."""
    path = in_format(tmp_path, noise(sr=SR, duration_s=4), suffix)
    spoilt(path, path.read_bytes()[:-300])

    with pytest.raises(AudioError, match=r"truncated|lost sync"):
        decoded(path)


@pytest.mark.parametrize("n_bytes", range(4, 28, 3))
def test_an_ogg_page_that_was_cut_in_its_header_is_refused(recording, n_bytes):
    """Any number of its 27 bytes may be there."""
    path = recording("a.ogg")
    content = path.read_bytes()
    spoilt(path, content[: content.rfind(b"OggS") + n_bytes])

    with pytest.raises(AudioError, match=r"truncated"):
        probe(path)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.wav", b"", "the file has zero bytes"),
        ("a.wav", b"this is no music" * 99, "unreadable: libsndfile says 'Format not recognised.'"),
        ("a.mp3", b"this is no music" * 99, "unreadable: taken for MP3, but no MP3 is in"),
        ("a.mp3", bytes(range(1, 200)) * 999, "unreadable: taken for MP3, but no MP3 is in"),
        ("a.raw", bytes(99_999), "unreadable: .raw files have no header"),
        ("a.m4a", b"whatever", ".m4a is not read; convert it: ffmpeg -i "),
    ],
)
def test_what_is_no_audio_is_refused(tmp_path, name, content, reason):
    """The reason stands in the quarantine."""
    with pytest.raises(AudioError) as caught:
        probe(spoilt(tmp_path / name, content))

    assert str(caught.value).startswith(reason)


MP4 = b"\0\0\0\x20ftypM4A \0\0\2\0isomiso2" + bytes(400)
ID3 = b"ID3\4\0\0\0\0\1\0" + bytes(128)  # a tag of 128 bytes


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.m4a", MP4, "MPEG-4 (M4A, MP4, MOV) is not read"),
        ("a.mp3", MP4, ".mp3 by its name, but MPEG-4 (M4A, MP4, MOV) inside, which is not read"),
        ("a.mov", b"\0\0\0\x20moov" + bytes(99), "MPEG-4 (M4A, MP4, MOV) is not read"),
        ("a.aac", b"\xff\xf1\x50\x80" + bytes(99), "AAC is not read"),
        ("a.mp3", ID3 + b"\xff\xf9\x50\x80" + bytes(99), ".mp3 by its name, but AAC inside"),
        ("a.wma", bytes.fromhex("3026b2758e66cf11") + bytes(99), "Windows Media (WMA, WMV) is not"),
        ("a.mkv", bytes.fromhex("1a45dfa3") + bytes(99), "Matroska (MKV, WebM) is not read"),
        ("a.avi", b"RIFF\0\1\0\0AVI LIST" + bytes(99), "an AVI video is not read"),
        ("a.ogg", b"OggS" + bytes(24) + b"\x80theora", ".ogg by its name, but an Ogg Theora video"),
        ("a.mpg", b"G" + bytes(187) + b"G" + bytes(187) + b"G", "an MPEG transport stream is not"),
    ],
)
def test_sound_that_is_not_read_comes_with_the_way_out(tmp_path, name, content, said):
    """By what the file is, whatever it is called."""
    path = spoilt(tmp_path / name, content)

    with pytest.raises(AudioError) as caught:
        probe(path)

    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith(f"convert it: {conversion(path)}")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\0\0\0\x20ftypheic", "a HEIC or AVIF picture"),
        (b"PK\3\4", "a ZIP archive; unpack it"),
        (b"\n<!DOCTYPE html>", "a web page, perhaps in place of a failed download"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer; 'git lfs pull' bri"),
    ],
)
@pytest.mark.parametrize("suffix", ["wav", "mp3"])
def test_what_is_no_sound_at_all_is_called_by_its_name(tmp_path, content, what, suffix):
    """A picture that is called a recording."""
    with pytest.raises(AudioError) as caught:
        probe(spoilt(tmp_path / f"a.{suffix}", content + bytes(999)))

    assert str(caught.value).startswith(f"no sound: .{suffix} by its name, but it is {what}")


@pytest.mark.parametrize(
    ("path", "source", "target"),
    [
        ("/music/a b.m4a", "/music/a b.m4a", "/music/a b.flac"),
        ('music/l\'été "live" $1.m4a', './music/l\'été "live" $1.m4a', None),
        ("-rf.m4a", "./-rf.m4a", "./-rf.flac"),
        ("live: one.m4a", "./live: one.m4a", "./live: one.flac"),
        ("../x.flac", "../x.flac", "../x-converted.flac"),
        ("/x/Y.FLAC", "/x/Y.FLAC", "/x/Y-converted.flac"),
    ],
)
def test_the_command_survives_the_shell(path, source, target, tmp_path):
    """As many words as it has, each as it is; no name is an option or a protocol to ffmpeg."""
    words = shlex.split(conversion(type(tmp_path)(path)))

    target = target or source.replace(".m4a", ".flac")
    assert words == ["ffmpeg", "-i", source, "-vn", target]


def test_a_folder_and_a_pipe_are_no_files(tmp_path):
    """Reading a pipe would wait for ever."""
    (tmp_path / "a.wav").mkdir()
    os.mkfifo(tmp_path / "b.wav")

    for name in ("a.wav", "b.wav"):
        with pytest.raises(AudioError, match=r"no file: a folder, a pipe or a device"):
            probe(tmp_path / name)


def test_what_is_not_there_is_the_disk_s_error(tmp_path):
    """Not libsndfile's, which says 'System error'."""
    for read in (probe, open_sound):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "a.wav")


def test_a_header_without_samples_is_refused(recording, tmp_path):
    """Whether the header knows that it is one or not."""
    path = recording("a.wav")
    spoilt(path, path.read_bytes()[:44])
    empty = write(tmp_path / "b.wav", np.zeros(0), SR)

    with pytest.raises(AudioError, match=r"truncated"):
        probe(path)
    with pytest.raises(AudioError, match=r"too short: 0.00 s"):
        probe(empty)


def test_a_recorder_that_never_came_back_to_the_header_is_forgiven(recording):
    """It leaves 0 or 2^32 - 1 as the size; the samples are there."""
    path = recording("a.wav")
    content = bytearray(path.read_bytes())
    for size in (bytes(4), b"\xff" * 4):
        content[4:8] = size
        spoilt(path, content)

        assert probe(path).duration_s == 4.0


def test_a_file_that_does_not_know_its_length_is_refused(recording):
    """FLAC from a pipe; libsndfile's answer would take petabytes of memory."""
    path = recording("a.flac")
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the number of samples: 36 bits from here in the STREAMINFO block
    content[22:26] = bytes(4)
    spoilt(path, content)

    with pytest.raises(AudioError, match=r"does not say how long it is; .*ffmpeg"):
        probe(path)


def test_a_file_shorter_than_half_a_second_is_refused(recording):
    """Before it is decoded."""
    with pytest.raises(AudioError, match=r"too short: 0.40 s"):
        probe(recording("a.wav", duration_s=0.4))
