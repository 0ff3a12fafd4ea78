"""Decoding: from a file to mono float32 at its own rate."""

from functools import partial
from pathlib import Path

import librosa
import numpy as np

from benchmarks.clips import write_clips
from benchmarks.rows import Contest, Row, agree
from genrenet.features.audio import open_recording
from genrenet.sections.features import Preprocessing

N_CLIPS = 8


def rows(folder: Path) -> list[Row]:
    """The rows of this module; clips are written to ``folder``."""
    return [
        Row(
            name=f"decode_{suffix[1:]}",
            ours="decode and mix down",
            theirs="librosa.load(sr=None)",
            unit="30-s stereo clip",
            target=target,
            prepare=partial(_contest, folder, suffix),
        )
        for suffix, target in ((".wav", 8), (".mp3", 1.6))
    ]


def decode(path: Path) -> np.ndarray:
    """A file as one mono signal."""
    pieces = [piece for piece, _ in open_recording(path, Preprocessing()).pieces]
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _contest(folder: Path, suffix: str) -> Contest:
    paths = write_clips(folder, N_CLIPS, suffix=suffix)

    def check() -> None:
        for path in paths:
            expected, _ = librosa.load(path, sr=None)
            agree("the signals", float(np.abs(decode(path) - expected).max()), at_most=0)

    return Contest(
        ours=lambda: [decode(path) for path in paths],
        theirs=lambda: [librosa.load(path, sr=None) for path in paths],
        check=check,
        n_ours=len(paths),
        n_theirs=len(paths),
    )
