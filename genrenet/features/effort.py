"""Effort: what shards cost in core-seconds and in bytes, told before any file is opened.

Estimates, right within a factor of two: they decide where the work runs and what is advised,
never what comes out. The costs were measured on one core of the machine of
``docs/performance.md``, in core-seconds for a second of 44.1-kHz stereo, at the default
settings.
"""

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass

from genrenet.features.plans import Source
from genrenet.sections.augment import Augment
from genrenet.sections.features import Features, Preprocessing

TRACK_S = 0.002  # a track's fixed cost: open, hash, begin the streams, rows
DECODE_S = {"OPUS": 1 / 150, "VORBIS": 1 / 550, "FLAC": 1 / 900, "MPEG": 1 / 1_400}
PCM_S = 1 / 5_000  # WAV, AIFF and what else is stored as it is
ANALYSIS_S = 1 / 2_000  # resample, transform, bands, windows, write
COPY_S = {"warp": 1 / 1_400, "render": 1 / 160}  # a copy: altered, analysed, written
MEASURED_AT = Preprocessing()
LZ4_REACH = 65_536  # bytes; windows that repeat what lies further back are not made smaller

BEST_BYTES, MOST_BYTES, LEAST_BYTES = 192e6, 512e6, 16e6
"""Of a shard: 128-256 MB read fastest. What is far from that is worth a warning."""
BEST_S, MOST_S, LEAST_S = 300.0, 1_800.0, 10.0
"""Of a shard's work: what a killed worker loses at most, and what is worth sending to one."""
FEW, FEWEST = 16, 4
"""So few shards are never too small, and fewer are not advised: they keep the cores busy."""


@functools.cache
def decode_s(kind: str, sr: int, channels: int) -> float:
    """Core-seconds that decoding a second of sound takes.

    Parameters
    ----------
    kind : str
        The catalog's ``format``, such as 'MP3 MPEG_LAYER_III'.
    sr, channels : int
        Rate in Hz, and number of channels.
    """
    stereo_s = next((s for name, s in DECODE_S.items() if name in kind), PCM_S)
    return stereo_s * sr * channels / 88_200


def work_s(sources: Iterable[Source], spec: Preprocessing, augment: Augment | None) -> float:
    """Core-seconds that extracting tracks takes: the originals, or their ``augment`` copies."""
    each = version_s(spec, augment)
    return sum(TRACK_S + _used_s(s, spec) * (s.decode_s + each) for s in sources)


def _used_s(source: Source, spec: Preprocessing) -> float:
    """Sound that is read of a track, in s, silence at its ends included."""
    most = math.inf if spec.max_duration_s is None else spec.max_duration_s
    return max(0.0, min(source.audio_s - spec.head_skip_s, most))


def version_s(spec: Preprocessing, augment: Augment | None) -> float:
    """Core-seconds for a second of sound once it is decoded, all its copies together."""
    if augment is None:
        return ANALYSIS_S * _points(spec) / _points(MEASURED_AT)
    return augment.copies * COPY_S[augment.method] * _points(spec) / _points(MEASURED_AT)


def _points(spec: Preprocessing) -> float:
    """Points that are transformed for a second of sound."""
    return spec.n_fft * spec.sr / spec.hop_length


def bytes_per_s(spec: Preprocessing) -> float:
    """Bytes in a shard for a second of sound: lz4 leaves of overlapping windows what is new."""
    frame_bytes = {n: size * (2 if spec.dtype == "float16" else 4) for n, size in spec.bins.items()}
    step, window = spec.step_frames, spec.window_frames
    kept = {n: step if step * size < LZ4_REACH else window for n, size in frame_bytes.items()}
    windows_per_s = spec.sr / (spec.hop_length * step)
    return windows_per_s * sum(kept[name] * size for name, size in frame_bytes.items())


@dataclass(frozen=True, kw_only=True)
class Load:
    """A stage's shards together: how many, their bytes, and the core-seconds that they take."""

    n_shards: int
    n_bytes: float
    work_s: float

    @property
    def better(self) -> int | None:
        """Another number of shards, where this one is far from right; else None."""
        size, worth = self.n_bytes / self.n_shards, self.work_s / self.n_shards
        large = size > MOST_BYTES or worth > MOST_S
        small = self.n_shards > FEW and size < LEAST_BYTES and worth < LEAST_S
        if not large and not small:
            return None
        return max(FEWEST, math.ceil(max(self.n_bytes / BEST_BYTES, self.work_s / BEST_S)))

    @property
    def advice(self) -> str | None:
        """The same as a sentence for the user."""
        if self.better is None:
            return None
        return (
            f"features.n_shards: {self.n_shards} makes shards of "
            f"{_about(self.n_bytes / self.n_shards / 1e6)} MB, each "
            f"{_about(self.work_s / self.n_shards)} core-seconds of work; 128-256 MB and less "
            f"than some minutes are best. Better: n_shards: {self.better}"
        )


def heavier_stage(
    sources: Iterable[Source], features: Features, augment: Augment, *, train_share: float
) -> Load:
    """The load of ``features``, or of ``augment`` where the copies weigh more."""
    tracks, spec = list(sources), features.specification
    n_bytes = bytes_per_s(spec) * sum(_used_s(source, spec) for source in tracks)
    return Load(
        n_shards=features.n_shards,
        n_bytes=n_bytes * max(1.0, augment.copies * train_share),
        work_s=max(work_s(tracks, spec, None), train_share * work_s(tracks, spec, augment)),
    )


def _about(value: float) -> str:
    if value < 0.1:
        return "under 0.1"
    return f"about {value:,.0f}" if value >= 10 else f"about {value:.1f}"
