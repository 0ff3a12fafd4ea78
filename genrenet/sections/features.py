"""From a file to rows: what decides every value of the shards."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genrenet.settings import Positive, Settings

MIN_DURATION_S = 0.5
"""Shorter recordings hold no rhythm and too few frames; they are quarantined."""
CHROMA_HZ, MIN_CHROMA_BINS = (55.0, 3_500.0), 16
"""Where pitches are sought, and the FFT bins that it takes there; to 5,000 Hz changes nothing."""


class Preprocessing(Settings):
    """From a file to rows: the one specification, the same in training and in prediction.

    Times are in seconds on the recording, frequencies in Hz, levels in dB.
    """

    sr: Annotated[int, Field(ge=4_000, le=192_000)] = 22_050
    head_skip_s: Annotated[float, Field(ge=0)] = 0.0
    trim_db: Annotated[float, Field(gt=0)] | None = 60.0
    max_duration_s: Annotated[float, Field(ge=MIN_DURATION_S)] | None = None
    n_fft: Annotated[int, Field(ge=64, le=65_536)] = 2_048
    hop_length: Positive = 512
    n_mels: Annotated[int, Field(ge=8, le=512)] = 64
    fmin: Annotated[float, Field(ge=0)] = 20.0
    fmax: Annotated[float, Field(gt=0)] | None = None
    mel_scale: Literal["slaney", "htk"] = "slaney"
    n_mfcc: Annotated[int, Field(ge=2)] = 20
    n_chroma: Literal[12, 24, 53] | None = None
    chroma_from: Literal["c", "tonic"] = "c"
    stft: bool = False
    window_s: Annotated[float, Field(gt=0)] = 3.0
    overlap_s: Annotated[float, Field(ge=0)] = 1.5
    dtype: Literal["float16", "float32"] = "float16"
    revision: Literal[3] = 3  # of the algorithm: raised whenever its output changes

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.overlap_s >= self.window_s:
            raise ValueError(
                f"overlap_s is {self.overlap_s} s and window_s is {self.window_s} s: "
                "the overlap must be shorter than the window"
            )
        if self.window_s * self.sr < self.n_fft:
            raise ValueError(
                f"window_s is {self.window_s} s = {self.window_s * self.sr:.0f} samples, shorter "
                f"than one FFT of n_fft = {self.n_fft} samples: lengthen window_s or reduce n_fft"
            )
        if self.hop_length > self.n_fft:
            raise ValueError(
                f"hop_length is {self.hop_length} and n_fft is {self.n_fft}: "
                "a hop above n_fft skips audio; reduce hop_length"
            )
        if self.step_frames < 1:
            raise ValueError(
                f"window_s {self.window_s} and overlap_s {self.overlap_s} are less than one hop "
                "apart: reduce overlap_s or hop_length"
            )
        if self.top_hz > self.sr / 2:
            raise ValueError(
                f"fmax is {self.top_hz} Hz, over the Nyquist frequency {self.sr / 2} Hz "
                f"of sr = {self.sr}: lower fmax or raise sr"
            )
        if self.fmin >= self.top_hz:
            raise ValueError(f"fmin is {self.fmin} Hz, not below fmax = {self.top_hz} Hz")
        if self.chroma_from == "tonic" and self.n_chroma is None:
            raise ValueError(
                "chroma_from is 'tonic' and n_chroma is null: give n_chroma 12, 24 or 53"
            )
        lowest, highest = CHROMA_HZ[0], min(CHROMA_HZ[1], self.sr / 2)
        if self.n_chroma and (highest - lowest) * self.n_fft / self.sr < MIN_CHROMA_BINS + 1:
            raise ValueError(
                f"n_fft is {self.n_fft} at sr = {self.sr}: bins of {self.sr / self.n_fft:.0f} Hz "
                "tell no pitches, and n_chroma asks for them: raise n_fft"
            )
        if self.n_mfcc > self.n_mels:
            raise ValueError(
                f"n_mfcc is {self.n_mfcc}, more than n_mels = {self.n_mels}: "
                "a cosine transform gives at most as many coefficients as bands"
            )
        return self

    @property
    def top_hz(self) -> float:
        """Upper edge of the mel bands: ``fmax``, else the Nyquist frequency."""
        return self.sr / 2 if self.fmax is None else self.fmax

    @property
    def window_frames(self) -> int:
        """Frames in a window."""
        return max(1, round(self.window_s * self.sr / self.hop_length))

    @property
    def step_frames(self) -> int:
        """Frames between the starts of neighbouring windows."""
        return self.window_frames - round(self.overlap_s * self.sr / self.hop_length)

    @property
    def bins(self) -> dict[str, int]:
        """The features that are extracted, and the size of each one's frequency axis."""
        bins = {"mel": self.n_mels, "mfcc": self.n_mfcc}
        if self.n_chroma is not None:
            bins["chroma"] = self.n_chroma
        if self.stft:
            bins["stft"] = 1 + self.n_fft // 2
        return bins


class Features(Preprocessing):
    """The specification, and into how many files its rows go."""

    n_shards: Annotated[int, Field(ge=1, le=100_000)] = 4

    @property
    def specification(self) -> Preprocessing:
        """What decides the rows' values; ``n_shards`` does not."""
        return Preprocessing(**self.model_dump(exclude={"n_shards"}))
