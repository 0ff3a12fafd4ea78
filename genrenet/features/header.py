"""The header: what a file says of itself, and whether it can be believed.

Files are opened with libsndfile alone, since other decoders accept damaged audio and mix
channels down at other levels.
"""

from dataclasses import dataclass
from pathlib import Path

import soundfile as sf

from genrenet.errors import AudioError
from genrenet.params import MIN_DURATION_S

UNKNOWN_FRAMES = 2**62  # a FLAC file from a pipe does not know its length; libsndfile says 2^63-1


@dataclass(frozen=True, kw_only=True)
class AudioInfo:
    """What a file's header says: duration in s, rate in Hz, channels, format."""

    duration_s: float
    sr: int
    channels: int
    format: str


def probe(path: Path) -> AudioInfo:
    """Read a recording's header.

    Raises
    ------
    AudioError
        The file is empty, no audio that libsndfile knows, cut short or shorter than 0.5 s.
    """
    if path.suffix.lower() in {".m4a", ".aac", ".mp4", ".wma", ".mov", ".webm", ".mkv", ".avi"}:
        raise AudioError(
            f"{path.suffix} is not read; convert it: ffmpeg -i '{path.name}' '{path.stem}.flac'"
        )
    if path.stat().st_size == 0:
        raise AudioError("the file has zero bytes")
    with open_sound(path) as file:
        info = AudioInfo(
            duration_s=file.frames / file.samplerate,
            sr=file.samplerate,
            channels=file.channels,
            format=f"{file.format} {file.subtype}",
        )
    if _is_cut(path):
        raise AudioError("truncated: the file ends before its header says")
    if info.duration_s < MIN_DURATION_S:
        raise AudioError(f"too short: {info.duration_s:.2f} s, at least {MIN_DURATION_S} s needed")
    return info


def open_sound(path: Path) -> sf.SoundFile:
    """Open a recording for reading, or say why it cannot be."""
    try:
        file = sf.SoundFile(path)
    except sf.LibsndfileError as error:
        raise AudioError(f"unreadable: libsndfile says '{error.error_string}'") from error
    except TypeError as error:  # soundfile wants to be told how headerless samples are to be read
        raise AudioError(f"unreadable: {path.suffix} files have no header") from error
    if file.frames > UNKNOWN_FRAMES:
        raise AudioError(
            "its header does not say how long it is; write it anew: "
            f"ffmpeg -i '{path.name}' '{path.stem}-whole.flac'"
        )
    return file


def _is_cut(path: Path) -> bool:
    """Whether a file ends before its header says; libsndfile reads such files without a word."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"OggS":
            file.seek(max(0, size - 65_536))  # longer than the longest Ogg page, 65,307 bytes
            return not _ends_ogg_stream(file.read())
    return size + 1 < _declared_size(head)  # writers disagree on the pad byte of odd sizes


def _declared_size(head: bytes) -> int:
    """File size in bytes by the header of a WAV, AIFF or AU file, 0 where it says none."""
    kind, form = head[:4], head[8:12]
    if kind == b"RIFF" and form == b"WAVE":
        size, begin = int.from_bytes(head[4:8], "little"), 8
    elif kind == b"FORM" and form in (b"AIFF", b"AIFC"):
        size, begin = int.from_bytes(head[4:8], "big"), 8
    elif kind == b".snd":
        size, begin = int.from_bytes(form, "big"), int.from_bytes(head[4:8], "big")
    else:
        return 0
    # 0 and 2^32-1 are what recorders write that never came back to the header
    return 0 if size in (0, 0xFFFFFFFF) else size + begin


def _ends_ogg_stream(tail: bytes) -> bool:
    """Whether the last page of an Ogg file is whole and ends its stream (RFC 3533)."""
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < 27 or not page[5] & 4:  # bit 2: end of stream
        return False
    return len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])  # lengths of the segments
