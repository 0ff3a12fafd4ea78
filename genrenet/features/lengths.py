"""The length: whether a file is as long as its header says.

libsndfile reads a file that was cut without a word. FLAC and MP3 are not looked at here: their
decoders tell.
"""

import os
from typing import BinaryIO

OGG_TAIL = 65_536  # bytes; longer than the longest Ogg page, 65,307
W64 = b"riff\x2e\x91\xcf\x11"  # the first half of the GUID that stands for RIFF
UNTOLD = (0, 2**32 - 1, 2**64 - 1)  # what recorders write that never came back to the header


def is_cut(file: BinaryIO) -> bool:
    """Whether a WAV, RF64, W64, AIFF, AU, CAF or Ogg file ends before its header says."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(28)
    if head[:4] == b"OggS":
        file.seek(max(0, size - OGG_TAIL))
        return not _ends_ogg_stream(file.read())
    if head[:4] == b"caff":
        return size < _caf_size(file, size)
    return size + 1 < _declared_size(head)  # writers disagree on the pad byte of odd sizes


def _declared_size(head: bytes) -> int:
    """File size in bytes by the header, 0 where it says none."""
    kind, form = head[:4], head[8:12]
    if kind == b"RIFF" and form == b"WAVE":
        size, begin = int.from_bytes(head[4:8], "little"), 8
    elif kind == b"RF64" and head[12:16] == b"ds64":
        size, begin = int.from_bytes(head[20:28], "little"), 8
    elif head[:8] == W64:
        size, begin = int.from_bytes(head[16:24], "little"), 0
    elif kind == b"FORM" and form in (b"AIFF", b"AIFC"):
        size, begin = int.from_bytes(head[4:8], "big"), 8
    elif kind == b".snd":
        size, begin = int.from_bytes(form, "big"), int.from_bytes(head[4:8], "big")
    else:
        return 0
    return 0 if size in UNTOLD else size + begin


def _caf_size(file: BinaryIO, size: int) -> int:
    """End of the last chunk that begins in a Core Audio file; a length of -1 is to the end."""
    end = 8  # bytes of the file header
    while end + 12 <= size:
        file.seek(end)
        length = int.from_bytes(file.read(12)[4:], "big", signed=True)
        if length < 0:
            return size
        end += 12 + length
    return end


def _ends_ogg_stream(tail: bytes) -> bool:
    """Whether the last page of an Ogg file is whole and ends its stream (RFC 3533)."""
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < 27 or not page[5] & 4:  # bit 2: end of stream
        return False
    return len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])  # lengths of the segments
