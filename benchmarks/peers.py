"""Peers: extraction of the same files by lhotse and by pyAudioAnalysis.

They are not among genrenet's dependencies; ``make bench`` puts them into a folder of their own.
"""

import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import librosa
import numpy as np

from benchmarks.clips import write_clips
from benchmarks.features import COMPARABLE
from benchmarks.rows import Contest, Row, agree
from genrenet.errors import DataError
from genrenet.features.preprocessing import extract

FOLDER = Path(sys.prefix) / "peers"
N_CLIPS = 6
ALIKE = 0.02  # 1 - correlation: peers take other powers, logarithms and paddings


def rows(folder: Path) -> list[Row]:
    """The rows of this module; clips are written to ``folder``."""
    targets = {".wav": 3.5, ".mp3": 1.8}
    lhotse = [
        Row(
            name=f"lhotse_{suffix[1:]}",
            ours="file to log-mel and MFCC in windows",
            theirs="lhotse, its librosa extractor, log-mel alone",
            unit="30-s stereo clip",
            target=target,
            prepare=partial(_lhotse, folder, suffix),
        )
        for suffix, target in targets.items()
    ]
    analysis = Row(
        name="pyaudioanalysis_mp3",
        ours="file to log-mel and MFCC in windows",
        theirs="pyAudioAnalysis, short-term features",
        unit="30-s stereo clip",
        target=18,
        prepare=partial(_pyaudioanalysis, folder),
    )
    return [*lhotse, analysis]


def find_peers() -> None:
    """Make the peers importable.

    Raises
    ------
    DataError
        They are not installed.
    """
    if not (FOLDER / "lhotse").exists():
        raise DataError(f"{FOLDER}: no lhotse to compare with. Run 'make bench', which gets it.")
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))  # last: what is locked comes first
    warnings.filterwarnings("ignore", module="lhotse|torch|pyAudioAnalysis")


def _lhotse(folder: Path, suffix: str) -> Contest:
    find_peers()
    from lhotse import LibrosaFbank, LibrosaFbankConfig, Recording

    spec = COMPARABLE
    extractor = LibrosaFbank(
        LibrosaFbankConfig(
            sampling_rate=spec.sr,
            fft_size=spec.n_fft,
            hop_size=spec.hop_length,
            num_mel_bins=spec.n_mels,
            fmin=spec.fmin,
            fmax=spec.top_hz,
        )
    )

    def theirs(path: Path) -> np.ndarray:
        y = Recording.from_file(path).resample(spec.sr).load_audio()
        return np.asarray(extractor.extract(y.mean(axis=0), spec.sr))

    def check(path: Path) -> None:
        _check_alike(path, theirs(path))

    return _contest(write_clips(folder, N_CLIPS, suffix=suffix), theirs, check)


def _pyaudioanalysis(folder: Path) -> Contest:
    find_peers()
    from pyAudioAnalysis import ShortTermFeatures

    spec = COMPARABLE

    def theirs(path: Path) -> Any:
        # its own reader calls ffmpeg for MP3, which is slower and need not be there
        y, _ = librosa.load(path, sr=spec.sr)
        return ShortTermFeatures.feature_extraction(y, spec.sr, spec.n_fft, spec.hop_length)

    def check(path: Path) -> None:
        features, names = theirs(path)
        n_frames = 1 + round(30 * spec.sr) // spec.hop_length
        agree("the numbers of frames", abs(features.shape[1] - n_frames), at_most=5)
        agree("34 features and their changes", abs(len(names) - 68), at_most=0)

    return _contest(write_clips(folder, N_CLIPS, suffix=".mp3"), theirs, check, n_rounds=5)


def _contest(paths: list[Path], theirs: Any, check: Any, *, n_rounds: int = 9) -> Contest:
    return Contest(
        ours=lambda: [extract(path, COMPARABLE) for path in paths],
        theirs=lambda: [theirs(path) for path in paths],
        check=lambda: check(paths[0]),
        n_ours=len(paths),
        n_theirs=len(paths),
        n_rounds=n_rounds,
    )


def _check_alike(path: Path, theirs: np.ndarray) -> None:
    """Their log-mel [shape=(n_frames, n_mels)] rises and falls with ours."""
    windows = extract(path, COMPARABLE).features["mel"].astype(np.float32)
    first = windows[0][2:]  # their ends are mirrored, ours padded with silence
    likeness = np.corrcoef(first.ravel(), theirs[2 : 2 + len(first)].ravel())[0, 1]
    agree("the log-mels", 1 - float(likeness), at_most=ALIKE)
