"""Audio: the used part of a recording as mono float32 at its own rate, piece by piece.

A file is decoded once, from the first sample that is used, and never held whole: pieces are at
most 40 s long. Amplitudes are relative to full scale (1.0).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from genrenet.errors import AudioError
from genrenet.features.header import open_sound
from genrenet.sections.features import MIN_DURATION_S, Preprocessing

PIECE_S = 40.0  # the usual 30-s clip is one piece, which is a few per cent faster than two
SILENCE = 1e-4  # peak amplitude, -80 dB of full scale: below the noise of any recording chain
LOUDEST = 1e15  # beyond it energies overflow; no recording comes near
TRIM_FRAME, TRIM_HOP = 2_048, 512  # samples; as librosa.effects.trim
QUIET_SHARE = 0.05  # of a clip: what is heard in it between the notes
LEAST_POWER = 1e-12  # -120 dB of full scale, the floor of levels: digital silence
TOLERANCE_S = 0.5  # headers of MP3 files are off by a few frames; a cut file lacks far more


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The used part of a recording.

    Attributes
    ----------
    sr : int
        Its sampling rate, in Hz.
    begin_s : float
        Where it begins in the file, in s.
    pieces : iterator of (np.ndarray [shape=(n_samples,), dtype=float32], bool)
        Consecutive pieces, and whether each is the last. Reading them may raise ``AudioError``.
    """

    sr: int
    begin_s: float
    pieces: Iterator[tuple[np.ndarray, bool]]


def open_recording(
    path: Path, spec: Preprocessing, *, start_s: float = 0.0, end_s: float | None = None
) -> Recording:
    """Open a recording, or one segment of it, at the first sample that is used.

    Raises
    ------
    AudioError
        The file cannot be read or too little of it is left; while the pieces are read: it is
        damaged or truncated.
    """
    file = open_sound(path)
    sr = file.samplerate
    begin = round((start_s + spec.head_skip_s) * sr)
    end = file.frames if end_s is None else min(file.frames, round(end_s * sr))
    if spec.max_duration_s is not None:
        end = min(end, begin + round(spec.max_duration_s * sr))
    if (end - begin) / sr < MIN_DURATION_S:
        file.close()
        raise AudioError(
            f"too short: {max(0, end - begin) / sr:.2f} s are left after the head skip, "
            f"at least {MIN_DURATION_S} s needed"
        )
    return Recording(sr=sr, begin_s=begin / sr, pieces=_decoded(file, begin, end))


def whole(y: np.ndarray, sr: int, spec: Preprocessing) -> Recording:
    """The used part of a mono signal that is in memory, as a recording of one piece."""
    begin = round(spec.head_skip_s * sr)
    used = np.asarray(y, np.float32)[begin:]
    if spec.max_duration_s is not None:
        used = used[: round(spec.max_duration_s * sr)]
    return Recording(sr=sr, begin_s=begin / sr, pieces=iter([(used, True)]))


def mix_down(samples: np.ndarray) -> np.ndarray:
    """Mean over channels: [shape=(n_samples, n_channels)] to [shape=(n_samples,)], float32.

    Strided sums are ten times faster than ``np.mean`` over an axis of two. 16-bit samples come as
    integers, which libsndfile hands over faster; scaling by a power of two gives the same bits.
    """
    n_channels = samples.shape[1]
    full_scale = 2**15 if samples.dtype == np.int16 else 1
    scale = np.float32(1 / (n_channels * full_scale))
    if n_channels == 1:
        return np.asarray(np.multiply(samples[:, 0], scale, dtype=np.float32))
    if samples.dtype == np.int16:
        samples = samples.astype(np.float32)
    y = samples[:, 0] + samples[:, 1]
    for channel in range(2, n_channels):
        y += samples[:, channel]
    y *= scale
    return np.asarray(y)


class Loudness:
    """Where a recording is loud enough to be used: fed with its pieces, asked at its end.

    Frames and threshold are those of ``librosa.effects.trim``.

    Parameters
    ----------
    trim_db : float or None
        What lies this far under the loudest frame is cut from both ends; None: nothing.
    """

    def __init__(self, trim_db: float | None) -> None:
        self.trim_db = trim_db
        self.n_samples, self.peak = 0, np.float32(0)
        self._energies: list[np.ndarray] = []

    def push(self, piece: np.ndarray) -> None:
        """Hear the next piece; all but the last are multiples of 512 samples long.

        Raises
        ------
        AudioError
            The piece holds what is no sound.
        """
        self.n_samples += len(piece)
        if len(piece):
            self.peak = np.max([self.peak, piece.max(), -piece.min()])
        if not np.isfinite(self.peak):
            raise AudioError("holds values that are not finite (NaN or infinite)")
        if self.peak > LOUDEST:
            raise AudioError(f"holds samples of {self.peak:.0e} times full scale: that is no sound")
        self._energies.append(_energy(piece))

    def bounds(self, sr: int) -> tuple[int, int]:
        """First sample that is used, and the one after the last.

        Raises
        ------
        AudioError
            The recording is silent or too short.
        """
        n, least = self.n_samples, round(MIN_DURATION_S * sr)
        if self.peak < SILENCE:
            raise AudioError("silent: no sample above -80 dB of full scale")
        if n < least:
            raise AudioError(f"too short: {n / sr:.2f} s, at least {MIN_DURATION_S} s needed")
        if self.trim_db is None:
            return 0, n
        n_hops = TRIM_FRAME // TRIM_HOP
        energy = np.pad(np.concatenate(self._energies), n_hops // 2)
        power = np.convolve(energy, np.ones(n_hops), "valid")[: 1 + n // TRIM_HOP]
        loud = np.flatnonzero(power > power.max() * 10 ** (-self.trim_db / 10))
        first, last = int(loud[0] * TRIM_HOP), int(min(n, (loud[-1] + 1) * TRIM_HOP))
        if last - first < least:  # a bark in five seconds of silence keeps some of the silence
            first = min(first, n - least)
            last = first + least
        return first, last

    def levels(self, first: int, last: int) -> tuple[float, float]:
        """Level and noise floor from sample ``first`` to before ``last``, in dB of full scale.

        Root mean squares: of all, and the one than which a twentieth of it, in steps of 512
        samples, is quieter.
        """
        begin, end = first // TRIM_HOP, max(first // TRIM_HOP + 1, last // TRIM_HOP)
        power = np.concatenate(self._energies)[begin:end] / TRIM_HOP
        return _decibels(power.mean()), _decibels(np.quantile(power, QUIET_SHARE))


def _decibels(power: float) -> float:
    return float(10 * np.log10(max(power, LEAST_POWER)))


def _energy(piece: np.ndarray) -> np.ndarray:
    """Sum of squares of each 512 samples, the last ones filled up with silence."""
    n_whole = len(piece) // TRIM_HOP * TRIM_HOP
    hops = piece[:n_whole].reshape(-1, TRIM_HOP)
    rest = piece[n_whole:].astype(np.float64)
    energy = np.vecdot(hops, hops).astype(np.float64)
    return np.append(energy, rest @ rest) if len(rest) else energy


def _decoded(file: sf.SoundFile, begin: int, end: int) -> Iterator[tuple[np.ndarray, bool]]:
    """Mono pieces of equal length, all but the last a multiple of 512 samples."""
    sr = file.samplerate
    n_pieces = -(-(end - begin) // int(PIECE_S * sr))
    length = -(-(end - begin) // (n_pieces * TRIM_HOP)) * TRIM_HOP
    # integers are faster for PCM WAV alone; elsewhere they would be a detour
    dtype = "int16" if (file.format, file.subtype) == ("WAV", "PCM_16") else "float32"
    decoded = 0
    with file:
        try:
            file.seek(begin)
            while decoded < end - begin:
                wanted = min(length, end - begin - decoded)
                samples = file.read(wanted, dtype=dtype, always_2d=True)
                decoded += len(samples)
                ends = len(samples) < wanted or decoded == end - begin
                if ends and (end - begin - decoded) / sr > TOLERANCE_S:
                    raise AudioError(
                        f"truncated: the header promises {(end - begin) / sr:.1f} s, "
                        f"{decoded / sr:.1f} s could be decoded"
                    )
                yield mix_down(samples), ends
                if ends:
                    return
        except sf.LibsndfileError as error:
            raise AudioError(f"damaged: libsndfile says '{error.error_string}'") from error
