"""A corpus as it comes: recordings of every kind, and beside them what only looks like one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile as sf

from tests.signals import noise

SR = 16_000
GOOD = [  # format, coding, rate in Hz, channels
    *(("WAV", "PCM_16", sr, 1) for sr in (8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000)),
    *(("WAV", "PCM_16", 16_000, channels) for channels in range(2, 9)),
    *(("FLAC", "PCM_16", sr, 2) for sr in (8_000, 44_100, 192_000)),
    *(("FLAC", "PCM_24", 48_000, channels) for channels in (1, 6, 8)),
    *(("MP3", "MPEG_LAYER_III", sr, 2) for sr in (8_000, 22_050, 44_100, 48_000)),
    *(("OGG", "VORBIS", sr, channels) for sr, channels in ((8_000, 1), (44_100, 2), (96_000, 6))),
    *(("OGG", "OPUS", sr, channels) for sr, channels in ((8_000, 1), (16_000, 2), (48_000, 6))),
    *(("WAV", coding, 44_100, 2) for coding in ("PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
    *(("AIFF", coding, 44_100, 2) for coding in ("PCM_16", "PCM_24", "FLOAT")),
    *(("CAF", "PCM_24", 48_000, 2), ("CAF", "ALAC_16", 44_100, 2), ("AU", "PCM_16", 44_100, 1)),
    *(("W64", "FLOAT", 96_000, 2), ("RF64", "PCM_24", 48_000, 4)),
]


def write_good(folder: Path, number: int, *, duration_s: float = 1.5) -> str:
    """Write a recording of the numbered kind and return its name."""
    kind, coding, sr, n_channels = GOOD[number % len(GOOD)]
    y = noise(sr=sr, duration_s=duration_s, seed=number)
    samples = np.column_stack([y * (channel + 1) / n_channels for channel in range(n_channels)])
    suffix = "opus" if coding == "OPUS" else kind.lower()
    name = f"good {number} {coding} {sr} {n_channels}.{suffix}"
    sf.write(folder / name, samples, sr, format=kind, subtype=coding)
    return name


def _sound(path: Path, y: np.ndarray, kind: str = "WAV", coding: str | None = "FLOAT") -> None:
    sf.write(path, y, SR, format=kind, subtype=coding)


def _cut(kind: str, coding: str | None = None) -> Callable[[Path], None]:
    """A file of which the second half is missing."""

    def make(path: Path) -> None:
        _sound(path, noise(sr=SR, duration_s=4), kind, coding)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return make


def _bytes(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def _with(value: float) -> Callable[[Path], None]:
    """A second of noise in which one sample has the value."""

    def make(path: Path) -> None:
        y = noise(sr=SR, duration_s=1)
        y[999] = value
        _sound(path, y)

    return make


def _lasting(n_samples: int, amplitude: float = 0.1) -> Callable[[Path], None]:
    return lambda path: _sound(path, np.full(n_samples, amplitude))


MP4 = b"\0\0\0\x20ftypM4A \0\0\2\0isomiso2" + bytes(2_000)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(256)) * 300
WMA = bytes.fromhex("3026b2758e66cf11") + bytes(2_000)
GARBAGE = np.random.default_rng(0).bytes(200_000)

BAD: list[tuple[str, Callable[[Path], None], str]] = [  # name, how it is made, what is said of it
    ("cut.wav", _cut("WAV"), "truncated: the file ends before its header says"),
    ("cut.aiff", _cut("AIFF", "PCM_16"), "truncated: the file ends before its header says"),
    ("cut.caf", _cut("CAF", "PCM_16"), "truncated: the file ends before its header says"),
    ("cut.w64", _cut("W64"), "truncated: the file ends before its header says"),
    ("cut.rf64", _cut("RF64"), "truncated: the file ends before its header says"),
    ("cut.au", _cut("AU"), "truncated: the file ends before its header says"),
    ("cut.ogg", _cut("OGG"), "truncated: the file ends before its header says"),
    ("cut.opus", _cut("OGG", "OPUS"), "truncated: the file ends before its header says"),
    ("cut.mp3", _cut("MP3"), "truncated: the header promises 4.0 s, 1."),
    ("cut.flac", _cut("FLAC", "PCM_16"), "damaged: libsndfile says 'Error : flac decoder lost"),
    ("garbage.wav", _bytes(GARBAGE), "unreadable: libsndfile says 'Format not recognised.'"),
    ("garbage.flac", _bytes(GARBAGE), "unreadable: libsndfile says 'Format not recognised.'"),
    ("garbage.mp3", _bytes(GARBAGE), "unreadable: taken for MP3, but no MP3 is in its first"),
    ("zero.wav", _bytes(b""), "the file has zero bytes"),
    ("zero.mp3", _bytes(b""), "the file has zero bytes"),
    ("song.m4a", _bytes(MP4), "MPEG-4 (M4A, MP4, MOV) is not read; convert it: ffmpeg -i"),
    ("m4a.mp3", _bytes(MP4), ".mp3 by its name, but MPEG-4 (M4A, MP4, MOV) inside, which is not"),
    ("song.wma", _bytes(WMA), "Windows Media (WMA, WMV) is not read; convert it: ffmpeg -i"),
    ("cover.wav", _bytes(JPEG), "no sound: .wav by its name, but it is a JPEG picture"),
    ("cover.mp3", _bytes(JPEG), "no sound: .mp3 by its name, but it is a JPEG picture"),
    ("nan.wav", _with(np.nan), "holds values that are not finite"),
    ("inf.wav", _with(np.inf), "holds values that are not finite"),
    ("one.wav", _lasting(1), "too short: 0.00 s, at least 0.5 s needed"),
    ("short.wav", _lasting(SR // 4), "too short: 0.25 s, at least 0.5 s needed"),
    ("silent.wav", _lasting(SR, 0.0), "silent: no sample above -80 dB of full scale"),
]
