"""The signature: what a file's first bytes say that it is, whatever its name says.

Only what libsndfile does not read is listed here; sound and video come with the suffixes under
which they belong, all else has none. Sources: the formats' specifications and file(1)'s magic.
"""

from dataclasses import dataclass

HEAD = 512  # bytes that tell: an MPEG transport stream repeats its sign every 188


@dataclass(frozen=True)
class Kind:
    """What a file is: a name for messages, and the suffixes of sound and video (else none)."""

    name: str
    suffixes: frozenset[str] = frozenset()

    @property
    def is_sound(self) -> bool:
        """Whether ffmpeg makes a recording of it."""
        return bool(self.suffixes)


def _sound(name: str, suffixes: str) -> Kind:
    return Kind(name, frozenset(suffixes.split()))


MPEG4 = _sound("MPEG-4 (M4A, MP4, MOV)", ".m4a .m4b .m4r .m4p .mp4 .m4v .mov .3gp .alac .aac")
AAC = _sound("AAC", ".aac")
TRANSPORT = _sound("an MPEG transport stream", ".ts .mts .m2ts .mpg .mpeg")
PICTURE = Kind("a HEIC or AVIF picture")
PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"avif")

SIGNATURES: tuple[tuple[int, bytes, Kind], ...] = (
    (0, bytes.fromhex("3026b2758e66cf11"), _sound("Windows Media (WMA, WMV)", ".wma .wmv .asf")),
    (0, bytes.fromhex("1a45dfa3"), _sound("Matroska (MKV, WebM)", ".mkv .mka .webm")),
    (8, b"AVI ", _sound("an AVI video", ".avi")),
    (0, b"FLV\x01", _sound("a Flash video", ".flv")),
    (0, b"\x00\x00\x01\xba", _sound("an MPEG video", ".mpg .mpeg .vob")),
    (0, b".RMF", _sound("RealMedia", ".rm .ra")),
    (0, b".ra\xfd", _sound("RealAudio", ".ra")),
    (0, b"#!AMR", _sound("AMR", ".amr")),
    (0, b"MAC ", _sound("Monkey's Audio", ".ape")),
    (0, b"wvpk", _sound("WavPack", ".wv")),
    (0, b"TTA1", _sound("True Audio", ".tta")),
    (0, b"MPCK", _sound("Musepack", ".mpc")),
    (0, b"MP+", _sound("Musepack", ".mpc")),
    (0, b"DSD ", _sound("DSD", ".dsf")),
    (0, b"FRM8", _sound("DSD", ".dff")),
    (0, b"\x0b\x77", _sound("Dolby Digital", ".ac3 .eac3")),
    (0, b"\x7f\xfe\x80\x01", _sound("DTS", ".dts")),
    (28, b"\x80theora", _sound("an Ogg Theora video", ".ogv")),
    (28, b"Speex   ", _sound("Speex", ".spx")),
    (0, b"MThd", Kind("a MIDI file, which holds notes and no sound")),
    (0, b"\xff\xd8\xff", Kind("a JPEG picture")),
    (0, b"\x89PNG", Kind("a PNG picture")),
    (0, b"GIF8", Kind("a GIF picture")),
    (8, b"WEBP", Kind("a WebP picture")),
    (0, b"%PDF", Kind("a PDF document")),
    (0, b"PK\x03\x04", Kind("a ZIP archive; unpack it")),
    (0, b"Rar!", Kind("a RAR archive; unpack it")),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("a 7-Zip archive; unpack it")),
    (0, b"\x1f\x8b", Kind("compressed by gzip; unpack it")),
    (0, b"\x00\x05\x16\x07", Kind("what macOS keeps beside a file (._ file)")),
    (0, b"version https://git-lfs", Kind("a Git LFS pointer; 'git lfs pull' brings the file")),
)
PAGES = (b"<!doctype html", b"<html", b"<?xml")
MP4_ATOMS = (b"moov", b"mdat", b"wide", b"skip")  # QuickTime before MPEG-4 had no ftyp


def kind_of(head: bytes) -> Kind | None:
    """What the first bytes belong to, None for what libsndfile may read or nobody knows.

    Parameters
    ----------
    head : bytes
        The first ``HEAD`` bytes, without an ID3 tag.
    """
    for offset, signature, kind in SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return kind
    if head.lstrip().lower().startswith(PAGES):
        return Kind("a web page, perhaps in place of a failed download")
    return _framed(head)


def _framed(head: bytes) -> Kind | None:
    """Containers and streams whose sign is not a plain run of bytes."""
    if head[4:8] == b"ftyp":
        return PICTURE if head[8:12] in PICTURE_BRANDS else MPEG4
    if head[4:8] in MP4_ATOMS:
        return MPEG4
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xF6 == 0xF0:  # MP3 has a layer here
        return AAC
    return TRANSPORT if head[:1] == head[188:189] == head[376:377] == b"G" else None


def tag_bytes(head: bytes) -> int:
    """Length of the ID3v2 tag that a file begins with, in bytes; 0 where there is none."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F  # "syncsafe": seven bits a byte
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer
