"""Audio: from a file to a mono float32 signal at the specification's rate.

Amplitudes are relative to full scale (1.0).
"""

from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from genrenet.errors import AudioError
from genrenet.features.header import open_sound
from genrenet.params import MIN_DURATION_S, Preprocessing

SILENCE = 1e-4  # peak amplitude, -80 dB of full scale: below the noise of any recording chain
TRIM_FRAME, TRIM_HOP = 2_048, 512  # samples; as librosa.effects.trim
TOLERANCE_S = 0.5  # headers of MP3 files are off by a few frames; a cut file lacks far more


def load(
    path: Path, spec: Preprocessing, *, start_s: float = 0.0, end_s: float | None = None
) -> tuple[np.ndarray, float]:
    """Decode the used part of a recording once and prepare it.

    Returns
    -------
    y : np.ndarray [shape=(n_samples,), dtype=float32]
        Mono signal at ``spec.sr``.
    offset_s : float
        Where ``y`` begins in the file, in seconds.

    Raises
    ------
    AudioError
        The recording cannot be decoded whole, is silent, not finite or too short.
    """
    y, sr, begin_s = _decode(path, spec, start_s, end_s)
    y, lead_s = prepare(y, sr, spec)
    return y, begin_s + lead_s


def prepare(y: np.ndarray, sr: int, spec: Preprocessing) -> tuple[np.ndarray, float]:
    """Check, trim and resample a mono signal; the seconds trimmed from its start come with it."""
    if not np.isfinite(y).all():
        raise AudioError("holds values that are not finite (NaN or infinite)")
    if y.size == 0 or np.abs(y).max() < SILENCE:
        raise AudioError("silent: no sample above -80 dB of full scale")
    least = round(MIN_DURATION_S * sr)
    if y.size < least:
        raise AudioError(f"too short: {y.size / sr:.2f} s, at least {MIN_DURATION_S} s needed")
    first, last = (0, y.size) if spec.trim_db is None else trim_bounds(y, spec.trim_db)
    if last - first < least:  # a bark in five seconds of silence keeps some of the silence
        first = min(first, y.size - least)
        last = first + least
    return soxr.resample(y[first:last], sr, spec.sr, quality="HQ"), first / sr


def mix_down(samples: np.ndarray) -> np.ndarray:
    """Mean over channels: [shape=(n_samples, n_channels)] to [shape=(n_samples,)], float32.

    Strided sums are ten times faster than ``np.mean`` over an axis of two.
    """
    y = samples[:, 0].copy()
    for channel in range(1, samples.shape[1]):
        y += samples[:, channel]
    y *= np.float32(1 / samples.shape[1])
    return y


def trim_bounds(y: np.ndarray, trim_db: float) -> tuple[int, int]:
    """First and last sample of what is within ``trim_db`` of the loudest frame.

    Same frames and threshold as ``librosa.effects.trim``.
    """
    padded = np.pad(y, (TRIM_FRAME // 2, TRIM_FRAME // 2 + -y.size % TRIM_HOP))
    hops = padded.reshape(-1, TRIM_HOP)
    energy = np.einsum("ij,ij->i", hops, hops, dtype=np.float64)  # no float64 copy of the signal
    power = np.convolve(energy, np.ones(TRIM_FRAME // TRIM_HOP), "valid")[: 1 + y.size // TRIM_HOP]
    loud = np.flatnonzero(power > power.max() * 10 ** (-trim_db / 10))
    return int(loud[0] * TRIM_HOP), int(min(y.size, (loud[-1] + 1) * TRIM_HOP))


def _decode(
    path: Path, spec: Preprocessing, start_s: float, end_s: float | None
) -> tuple[np.ndarray, int, float]:
    """The used part of the file as mono float32, its rate, and where it begins, in s."""
    with open_sound(path) as file:
        sr = file.samplerate
        begin = round((start_s + spec.head_skip_s) * sr)
        end = file.frames if end_s is None else min(file.frames, round(end_s * sr))
        if spec.max_duration_s is not None:
            end = min(end, begin + round(spec.max_duration_s * sr))
        if (end - begin) / sr < MIN_DURATION_S:
            raise AudioError(
                f"too short: {max(0, end - begin) / sr:.2f} s are left after the head skip, "
                f"at least {MIN_DURATION_S} s needed"
            )
        try:
            file.seek(begin)
            samples = file.read(end - begin, dtype="float32", always_2d=True)
        except sf.LibsndfileError as error:
            raise AudioError(f"damaged: libsndfile says '{error.error_string}'") from error
    if (end - begin - len(samples)) / sr > TOLERANCE_S:
        raise AudioError(
            f"truncated: the header promises {(end - begin) / sr:.1f} s, "
            f"{len(samples) / sr:.1f} s could be decoded"
        )
    return mix_down(samples), sr, begin / sr
