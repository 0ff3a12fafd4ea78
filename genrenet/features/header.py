"""The header: what a file says of itself, and whether it can be believed.

Files are opened with libsndfile alone, since other decoders accept damaged audio and mix
channels down at other levels. What a file holds decides, not its suffix.
"""

import shlex
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import soundfile as sf

from genrenet.corpus.recordings import CLOSED
from genrenet.errors import AudioError
from genrenet.features.lengths import is_cut
from genrenet.features.signatures import HEAD, Kind, kind_of, tag_bytes
from genrenet.sections.features import MIN_DURATION_S

UNKNOWN_FRAMES = 2**62  # a FLAC file from a pipe does not know its length; libsndfile says 2^63-1
NOT_RECOGNISED, NO_REGULAR_FILE = 1, 7  # libsndfile's codes; 7 is what mpg123's give-up becomes
MP3_LEAD = 32 * 1_152  # samples; an MP3 frame borrows up to 511 bytes of those before: 22 at 8 kb/s


class Sound(sf.SoundFile):
    """A recording that is read forward from where it was last sought.

    ``soundfile`` seeks after every read, and each seek makes the MP3 decoder forget the frames
    from which the next one borrows: pieces of a file would not be the file. Measured: errors of
    0.002 of full scale after a read, of 0.2 after a seek; none here.
    """

    def seekable(self) -> bool:
        """No, says this to ``soundfile.read``, which then leaves the decoder where it is."""
        return False

    def seek(self, frames: int, whence: int = sf.SEEK_SET) -> int:
        """Go to a frame; in an MP3 file by decoding what leads to it."""
        if whence == sf.SEEK_SET and frames == 0 and not super().seekable():
            return 0  # a coding that only runs forward, just opened
        if whence != sf.SEEK_SET or self.format != "MP3":
            return int(super().seek(frames, whence))
        lead = min(frames, MP3_LEAD)
        super().seek(frames - lead)
        self.read(lead, dtype="float32")
        return frames


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
    OSError
        It is not there, or may not be read.
    """
    _refuse_other_than_files(path)
    with path.open("rb") as file:
        if kind := _kind(file):
            raise AudioError(_refusal(path, kind))
        if is_cut(file):
            raise AudioError("truncated: the file ends before its header says")
    with open_sound(path) as sound:
        info = AudioInfo(
            duration_s=sound.frames / sound.samplerate,
            sr=sound.samplerate,
            channels=sound.channels,
            format=f"{sound.format} {sound.subtype}",
        )
    if info.duration_s < MIN_DURATION_S:
        raise AudioError(f"too short: {info.duration_s:.2f} s, at least {MIN_DURATION_S} s needed")
    return info


def open_sound(path: Path) -> Sound:
    """Open a recording for reading, or say why it cannot be.

    Raises
    ------
    AudioError
        It is no audio that libsndfile knows, or does not say how long it is.
    OSError
        It is not there, or may not be read.
    """
    try:
        file = Sound(path)
    except sf.LibsndfileError as error:
        raise AudioError(_reason(path, error)) from error
    except TypeError as error:  # soundfile wants to be told how headerless samples are to be read
        raise AudioError(f"unreadable: {path.suffix} files have no header") from error
    if file.frames > UNKNOWN_FRAMES:
        file.close()
        raise AudioError(
            f"its header does not say how long it is; write it anew: {conversion(path)}"
        )
    return file


def conversion(path: Path) -> str:
    """The command, ready for a shell, that makes a FLAC file of the sound in a file.

    ``-vn`` leaves pictures and video out. The new file lies beside the old one.
    """
    target = path.with_suffix(".flac")
    if target.name.lower() == path.name.lower():  # also where a disk does not tell case
        target = path.with_name(f"{path.stem}-converted.flac")
    return f"ffmpeg -i {_argument(path)} -vn {_argument(target)}"


def _argument(path: Path) -> str:
    """A path that is neither an option (``-x``) nor a protocol (``live: x``) to ffmpeg."""
    text = str(path)
    return shlex.quote(text if text.startswith(("/", "./", "../")) else f"./{text}")


def _refuse_other_than_files(path: Path) -> None:
    """Refuse folders, pipes, whose reading would never end, and files of no bytes."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise AudioError("no file: a folder, a pipe or a device has its name")
    if about.st_size == 0:
        raise AudioError("the file has zero bytes")


def _kind(file: BinaryIO) -> Kind | None:
    """What the file is that libsndfile does not read; an ID3 tag before it is passed over."""
    head = file.read(HEAD)
    if tag := tag_bytes(head):
        file.seek(tag)
        head = file.read(HEAD)
    return kind_of(head)


def _refusal(path: Path, kind: Kind) -> str:
    """Why a file that is known and not read is refused, and what to do."""
    if not kind.is_sound:
        return f"no sound: {path.suffix} by its name, but it is {kind.name}"
    named = path.suffix.lower()
    belongs = named in kind.suffixes
    what = (
        f"{kind.name} is" if belongs else f"{named} by its name, but {kind.name} inside, which is"
    )
    return f"{what} not read; convert it: {conversion(path)}"


def _reason(path: Path, error: sf.LibsndfileError) -> str:
    """Why libsndfile does not open a file; what the disk says is raised as what it is.

    Raises
    ------
    OSError
        The file is not there, or may not be read.
    """
    with path.open("rb") as file:  # libsndfile hides the disk's errors
        kind = _kind(file)
    if kind:
        return _refusal(path, kind)
    if error.code == NO_REGULAR_FILE:
        return "unreadable: taken for MP3, but no MP3 is in its first 64 KiB"
    if path.suffix.lower() in CLOSED:
        return f"{path.suffix} is not read; convert it: {conversion(path)}"
    said = f"unreadable: libsndfile says '{error.error_string}'"
    known = "" if error.code == NOT_RECOGNISED else f"; if it plays, convert it: {conversion(path)}"
    return said + known
