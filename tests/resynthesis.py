"""Music that is known at every pitch and tempo: what a shifter should have made of it.

A piece is a list of notes, chords and clicks. Played again two semitones higher, or 10 % faster,
it is the truth against which a shifted or stretched recording of it is held.
"""

from collections.abc import Callable
from dataclasses import dataclass

import librosa
import numpy as np
import soxr

from genrenet.features.augment import Draw
from genrenet.features.render import render
from genrenet.features.spectra import Spectra
from genrenet.features.warp import analysis_hop, analysis_rate
from genrenet.sections.features import Preprocessing

ATTACK_S, CLICK_S = 0.005, 0.002
EVENTS_A_SECOND = 2.0  # of the tempo that is not changed
FLOOR_DB = -80.0  # below the piece's maximum: what the network hears (train.floor_db)
OVERTONES = 6
RELEASE_S = 0.02


@dataclass(frozen=True)
class Analysis:
    """What is seen of a signal, or of a copy that never was one.

    Attributes
    ----------
    mel : np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        Power in dB.
    stft : np.ndarray [shape=(n_frames, 1 + n_fft // 2), dtype=float32]
        Power in dB.
    """

    mel: np.ndarray
    stft: np.ndarray


Way = Callable[[np.ndarray, Draw, Preprocessing], Analysis]
"""A way of altering: a signal at ``spec.sr`` and what is drawn to what is seen of the copy."""


def melody(
    *, semitones: float = 0.0, rate: float = 1.0, seed: int = 0, sr: int, duration_s: float = 6.0
) -> np.ndarray:
    """A piece of notes, chords and clicks [shape=(round(duration_s / rate * sr),), dtype=float32].

    Parameters
    ----------
    semitones : float
        By which all notes are higher; clicks have no pitch.
    rate : float
        Tempo: all begins and lasts 1 / ``rate`` of its time; clicks have no length.
    seed : int
        Decides the piece.
    sr : int
        Sampling rate, in Hz.
    duration_s : float
        Length at ``rate`` 1.
    """
    rng = np.random.default_rng(seed)
    y = np.zeros(round(duration_s / rate * sr))
    for begin_s in np.arange(0.1, duration_s - 0.5, 1 / EVENTS_A_SECOND):
        root_hz = 110 * 2 ** (rng.integers(24) / 12 + semitones / 12)
        steps = [(0,), (0, 4, 7), (0, 3, 7), (0, 7)][rng.integers(4)]
        sound = sum(note(root_hz * 2 ** (s / 12), rate, sr) for s in steps) / len(steps)
        _mix(y, sound, begin_s / rate, sr)
        if rng.random() < 0.7:
            _mix(y, click(sr), (begin_s + 0.25) / rate, sr)
    return y.astype(np.float32)


def note(hz: float, rate: float, sr: int, *, duration_s: float = 0.9) -> np.ndarray:
    """A tone with overtones that fades within ``duration_s / rate`` s."""
    t = np.arange(round(duration_s / rate * sr)) / sr
    whole = [k for k in range(1, OVERTONES + 1) if k * hz < 0.45 * sr]  # none is folded back
    sound = sum(np.sin(2 * np.pi * k * hz * t) / k for k in whole)
    edges = np.minimum(1, t / ATTACK_S) * np.minimum(1, (t[-1] - t) / RELEASE_S)
    return np.asarray(0.3 * sound * np.exp(-3 * t * rate) * edges)


def click(sr: int) -> np.ndarray:
    """A burst of noise of 2 ms."""
    return 0.4 * np.random.default_rng(7).standard_normal(round(CLICK_S * sr))


def tone(hz: float, *, sr: int, duration_s: float = 4.0) -> np.ndarray:
    """A steady sine [shape=(n_samples,), dtype=float32]."""
    t = np.arange(round(duration_s * sr)) / sr
    return (0.5 * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def analyse(y: np.ndarray, spec: Preprocessing) -> Analysis:
    """What librosa sees of a signal at ``spec.sr``."""
    power = np.abs(librosa.stft(y, n_fft=spec.n_fft, hop_length=spec.hop_length)) ** 2
    mel = librosa.feature.melspectrogram(
        S=power, sr=spec.sr, n_mels=spec.n_mels, fmin=spec.fmin, fmax=spec.fmax
    )
    decibels = [librosa.power_to_db(s, amin=1e-10, top_db=None).T for s in (mel, power)]
    return Analysis(*decibels)


def by_rendering(y: np.ndarray, what: Draw, spec: Preprocessing) -> Analysis:
    """Altered audio, analysed."""
    return analyse(render(y, spec.sr, what, seed=1), spec)


def by_warping(y: np.ndarray, what: Draw, spec: Preprocessing) -> Analysis:
    """The analysis, altered; ``spec`` has ``stft`` and is of float32."""
    rate = analysis_rate(what, spec.sr)
    spectra = Spectra(spec, hop=analysis_hop(what, spec))
    spectra.push(y if rate == spec.sr else soxr.resample(y, spec.sr, rate, quality="HQ"))
    features = spectra.finish().features
    return Analysis(features["mel"], features["stft"])


def by_librosa(y: np.ndarray, what: Draw, spec: Preprocessing) -> Analysis:
    """The usual way: a phase vocoder, for pitch followed by a resampling."""
    if what.pitch_semitones is not None:
        y = librosa.effects.pitch_shift(y, sr=spec.sr, n_steps=what.pitch_semitones)
    if what.stretch_rate is not None:
        y = librosa.effects.time_stretch(y, rate=what.stretch_rate)
    return analyse(y, spec)


def log_spectral_distance(a_db: np.ndarray, b_db: np.ndarray) -> float:
    """Root mean square difference in dB of two log-mels, over what is louder than the floor."""
    n_frames = min(len(a_db), len(b_db))
    floor = max(a_db.max(), b_db.max()) + FLOOR_DB
    difference = np.maximum(a_db[:n_frames], floor) - np.maximum(b_db[:n_frames], floor)
    return float(np.sqrt(np.mean(difference**2)))


def tone_cents(stft_db: np.ndarray, spec: Preprocessing, expected_hz: float) -> float:
    """How far a steady tone is above ``expected_hz``, in cents.

    A parabola through the strongest bin and its neighbours, in dB, places a tone under a Hann
    window within 0.02 bins: 1 cent at 440 Hz and the default ``n_fft``.
    """
    inner = stft_db[len(stft_db) // 4 : 3 * len(stft_db) // 4].mean(axis=0)
    k = int(inner.argmax())
    left, top, right = inner[k - 1 : k + 2]
    offset = 0.5 * (left - right) / (left - 2 * top + right)
    return float(1_200 * np.log2((k + offset) * spec.sr / spec.n_fft / expected_hz))


def _mix(y: np.ndarray, sound: np.ndarray, begin_s: float, sr: int) -> None:
    begin = round(begin_s * sr)
    heard = sound[: max(0, len(y) - begin)]
    y[begin : begin + len(heard)] += heard
