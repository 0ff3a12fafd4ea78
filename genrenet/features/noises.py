"""Background noises: the recordings in a folder that are mixed under the music.

Their names and contents belong to what decides the copies; where the folder lies does not.
"""

import hashlib
from pathlib import Path

from genrenet.errors import AudioError, ParamsError
from genrenet.features.header import probe
from genrenet.sections.augment import Augment
from genrenet.transforms import BackgroundNoise

SUFFIXES = frozenset(".wav .flac .mp3 .ogg .aif .aiff".split())
"""What both libsndfile and audiomentations take for sound."""


def located(settings: Augment) -> Augment:
    """The settings, with every folder of noises as an absolute path and its recordings' hashes.

    Raises
    ------
    ParamsError
        A folder is missing or holds no recording, or one of them cannot be read.
    """
    transforms = [
        _found(transform) if isinstance(transform, BackgroundNoise) else transform
        for transform in settings.transforms
    ]
    return settings.model_copy(update={"transforms": tuple(transforms)})


def noise_folder(settings: Augment) -> Path | None:
    """Where the background noises lie; None where there are none."""
    for transform in settings.transforms:
        if isinstance(transform, BackgroundNoise):
            return Path(transform.folder)
    return None


def _found(noise: BackgroundNoise) -> BackgroundNoise:
    folder = Path(noise.folder).expanduser().absolute()
    if not folder.is_dir():
        raise ParamsError(
            f"augment.transforms: no folder is at '{folder}', where 'background_noise' is to find "
            "recordings. Give the folder's path, relative to the project or absolute."
        )
    paths = [path for path in sorted(folder.rglob("*")) if _is_recording(path, folder)]
    if not paths:
        raise ParamsError(
            f"augment.transforms: '{folder}' holds no recording for 'background_noise'. Expected "
            f"one of {' '.join(sorted(SUFFIXES))}."
        )
    return noise.found(folder, {p.relative_to(folder).as_posix(): _hash(p) for p in paths})


def _is_recording(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix.lower() in SUFFIXES and path.is_file() and not hidden


def _hash(path: Path) -> str:
    """Hash of a recording's bytes."""
    try:
        probe(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except (AudioError, OSError) as error:
        raise ParamsError(
            f"augment.transforms: '{path}' cannot be used as 'background_noise': {error}. Take it "
            "out of the folder."
        ) from error
