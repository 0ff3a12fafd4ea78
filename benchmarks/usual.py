"""The usual way: the loop over clips and windows that tutorials and papers have, with librosa.

Each window is cut from the samples and analysed by itself, copies are rendered, and a file a clip
is saved as JSON or NumPy. Settings are those of the specification that it stands beside.
"""

import json
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
from librosa.effects import pitch_shift, time_stretch

from genrenet.features.augment import Draw
from genrenet.sections.features import Preprocessing

Features = dict[str, np.ndarray]


def windows(y: np.ndarray, spec: Preprocessing, *, once: bool = False) -> list[Features]:
    """Log-mel and MFCC of each window of ``y``, mono at ``spec.sr``.

    ``once``: the MFCC are made from the log-mel, which few do, instead of from the samples.
    """
    length, overlap = round(spec.window_s * spec.sr), round(spec.overlap_s * spec.sr)
    starts = range(0, len(y) - length + 1, length - overlap)
    return [features(y[start : start + length], spec, once=once) for start in starts]


def features(y: np.ndarray, spec: Preprocessing, *, once: bool = False) -> Features:
    """Log-mel and MFCC of a signal; time is axis 1, as librosa has it."""
    grid = {"n_fft": spec.n_fft, "hop_length": spec.hop_length}
    bands = {"n_mels": spec.n_mels, "fmin": spec.fmin, "fmax": spec.top_hz}
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=spec.sr, **grid, **bands))
    if once:
        return {"mel": mel, "mfcc": librosa.feature.mfcc(S=mel, n_mfcc=spec.n_mfcc)}
    mfcc = librosa.feature.mfcc(y=y, sr=spec.sr, n_mfcc=spec.n_mfcc, **grid, **bands)
    return {"mel": mel, "mfcc": mfcc}


def altered(y: np.ndarray, sr: int, what: Draw) -> np.ndarray:
    """A copy, as librosa renders it: pitch, tempo, noise."""
    if what.pitch_semitones is not None:
        y = pitch_shift(y, sr=sr, n_steps=what.pitch_semitones)
    if what.stretch_rate is not None:
        y = time_stretch(y, rate=what.stretch_rate)
    if what.snr_db is not None:
        rms = np.sqrt(np.mean(y**2)) * 10 ** (-what.snr_db / 20)
        y = y + rms * np.random.default_rng(0).standard_normal(len(y), dtype=np.float32)
    return y


def versions(path: Path, spec: Preprocessing, draws: list[Draw]) -> list[list[Features]]:
    """Windows of a file and of its copies."""
    y, _ = librosa.load(path, sr=spec.sr)
    signals = [y, *(altered(y, spec.sr, what) for what in draws)]
    return [windows(signal, spec) for signal in signals]


def save_json(found: list[list[Features]], path: Path) -> None:
    """Numbers as text, as in the tutorials that many data sets of genres were made by."""
    rows = [{name: x.tolist() for name, x in window.items()} for clip in found for window in clip]
    path.write_text(json.dumps(rows), "utf-8")


def save_npy(found: list[list[Features]], path: Path) -> None:
    """One array a feature and clip."""
    for name in ("mel", "mfcc"):
        np.save(
            path.with_suffix(f".{name}.npy"),
            np.stack([window[name] for clip in found for window in clip]),
        )


Save = Callable[[list[list[Features]], Path], None]
