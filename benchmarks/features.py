"""Features from a signal: the log-mel itself, windows of it, and windows of an altered copy."""

from functools import partial
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile as sf

from benchmarks import usual
from benchmarks.clips import music
from benchmarks.rows import Contest, Row, WrongAnswerError, agree
from genrenet.features.augment import Draw, draw
from genrenet.features.preprocessing import Windows, extract_copies, from_signal, window_starts
from genrenet.features.spectra import frames
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing

COMPARABLE = Preprocessing(n_mels=128, hop_length=512)
"""What most of the literature uses: 2,048 samples, hop 512, 128 bands, 22,050 Hz."""
EVERY_CHANGE = Augment(method="warp", copies=1, probability=0.999)
SAME_DB, DEPTH_DB = 1e-3, 70.0
"""Ours and librosa's levels are this close down to so far under the clip's loudest. The transform
is in float32: 80 dB down, in a band beside loud ones, 1.1e-3 dB was seen."""


def rows(folder: Path) -> list[Row]:
    """The rows of this module, each at comparable and at the default settings."""
    found = []
    for end, spec in (("", COMPARABLE), ("_default", Preprocessing())):
        augment = Row(
            name=f"augment{end}",
            ours="pitch, tempo and noise by warp, in windows",
            theirs="librosa's shifters, then each window",
            unit="30-s copy",
            target=25,
            prepare=partial(_augment, folder, spec),
        )
        windows = Row(
            name=f"windows{end}",
            ours="log-mel and MFCC in windows",
            theirs="librosa for each window",
            unit="30-s clip",
            target=20,
            prepare=partial(_windows, spec),
        )
        mel = Row(
            name=f"mel{end}",
            ours="log-mel and MFCC of a clip, float32",
            theirs="librosa, log-mel alone",
            unit="30-s clip",
            target=2.5,
            prepare=partial(_mel, spec),
        )
        found += [augment, windows, mel]
    once = Row(
        name="windows_once",
        ours="log-mel and MFCC in windows",
        theirs="librosa for each window, MFCC from the log-mel",
        unit="30-s clip",
        target=None,
        prepare=partial(_windows, COMPARABLE, once=True),
    )
    return [*found, once]


def _mel(spec: Preprocessing) -> Contest:
    y, spec = music(0, sr=spec.sr), _exact(spec)  # both answer in float32

    def ours() -> np.ndarray:
        return frames(y, spec).features["mel"]

    def theirs() -> np.ndarray:
        return np.asarray(librosa.power_to_db(_librosa_mel(y, spec)))

    def check() -> None:
        ours(), theirs()
        agree("the log-mels", furthest_db(ours(), librosa_db(y, spec)), at_most=SAME_DB)

    return Contest(ours=ours, theirs=theirs, check=check, n_rounds=31)


def _windows(spec: Preprocessing, *, once: bool = False) -> Contest:
    y = music(1, sr=spec.sr)

    def ours(spec: Preprocessing = spec) -> Windows:
        return from_signal(y, spec.sr, spec)

    def theirs() -> list[usual.Features]:
        return usual.windows(y, spec, once=once)

    def check() -> None:
        ours(), theirs()
        whole = librosa_db(y, spec)
        found = ours(_exact(spec)).features["mel"]
        for window, start in zip(found, window_starts(len(whole), spec), strict=True):
            expected = whole[start : start + spec.window_frames]
            agree("the windows", furthest_db(window, expected), at_most=SAME_DB)

    return Contest(ours=ours, theirs=theirs, check=check, n_rounds=15)


def _augment(folder: Path, spec: Preprocessing) -> Contest:
    path = folder / "mono.wav"
    sf.write(path, music(2, sr=spec.sr), spec.sr)
    what = draw(EVERY_CHANGE, path.name, 1)

    def ours() -> list[tuple[Draw, Windows]]:
        return extract_copies(path, spec, EVERY_CHANGE, path.name)

    def theirs() -> list[usual.Features]:
        y, _ = librosa.load(path, sr=None)
        return usual.windows(usual.altered(y, spec.sr, what), spec)

    def check() -> None:
        [(drawn, windows)] = ours()
        if None in (what.pitch_semitones, what.stretch_rate, what.snr_db) or drawn != what:
            raise WrongAnswerError(f"pitch, tempo and noise were to be changed, not {drawn}")
        agree("the numbers of windows", abs(len(windows) - len(theirs())), at_most=1)
        check_warp(folder, spec)

    return Contest(ours=ours, theirs=theirs, check=check)


def check_warp(folder: Path, spec: Preprocessing) -> None:
    """Refuse a warped copy that is further from the truth than librosa's rendered one.

    The truth is music without drums, played anew at the other pitch and tempo.
    """
    settings = EVERY_CHANGE.model_copy(update={"snr_db": (90.0, 90.0)})  # as good as none
    piece: dict[str, Any] = {"sr": spec.sr, "duration_s": 12.0, "drums": False}
    y, path = music(3, **piece), folder / "strings.wav"
    sf.write(path, y, spec.sr, subtype="FLOAT")
    [(what, warped)] = extract_copies(path, spec, settings, path.name)
    played = music(3, semitones=what.pitch_semitones or 0, rate=what.stretch_rate or 1, **piece)
    truth, rendered = (
        from_signal(x, spec.sr, spec).features["mel"]
        for x in (played, usual.altered(y, spec.sr, what))
    )
    ours, theirs = (distance_db(x, truth) for x in (warped.features["mel"], rendered))
    agree(f"warp and truth (librosa: {theirs:.2f} dB)", ours, at_most=theirs)


def distance_db(one: np.ndarray, other: np.ndarray) -> float:
    """Log-spectral distance: mean over frames of the root mean square over bands, 80 dB deep."""
    n = min(len(one), len(other))
    levels = [np.maximum(x[:n].astype(np.float32), x[:n].max() - 80.0) for x in (one, other)]
    return float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2, axis=-1)).mean())


def _librosa_mel(y: np.ndarray, spec: Preprocessing) -> np.ndarray:
    return np.asarray(
        librosa.feature.melspectrogram(
            y=y,
            sr=spec.sr,
            n_fft=spec.n_fft,
            hop_length=spec.hop_length,
            n_mels=spec.n_mels,
            fmin=spec.fmin,
            fmax=spec.top_hz,
        )
    )


def librosa_db(y: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """The whole clip's log-mel by librosa [shape=(n_frames, n_mels)], down to a floor."""
    return np.asarray(librosa.power_to_db(_librosa_mel(y, spec), top_db=DEPTH_DB)).T


def _exact(spec: Preprocessing) -> Preprocessing:
    """The specification without the rounding to float16."""
    return spec.model_copy(update={"dtype": "float32"})


def furthest_db(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference in dB, over the floor of theirs."""
    return float(np.abs(np.maximum(ours, theirs.min()) - theirs).max())
