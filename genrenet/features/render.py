"""Render: altered audio, by audiomentations.

Pitch and tempo are changed by the Signalsmith stretcher. It holds a tone to a fraction of a cent
while it stretches, and misses by up to 23 cents where it shifts; so a shift is a stretch that a
resampling makes up for, and a copy with both changes is stretched once.
"""

import json
import math
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from genrenet.features.augment import Draw

Change = Any
"""Callable, (samples, sample_rate) to samples; audiomentations has no types."""

LEAST_STRETCH_RATE = 0.55
"""Slower in one go, from 0.5, the stretcher shuffles phases by a random device: other bits."""

HIGHEST_BAND = 0.45  # of the sampling rate: an equalizer's band above it is left out
LEAST_MP3_S = 0.1  # fast_mp3_augment takes no less; the end of a long recording may be shorter
ROOM_ORDER = 3  # reflections by mirror images; later ones by ray tracing, which is cheaper
ROOM_SEED = 0  # of the rays: a room sounds the same in every piece of a recording


def render(
    y: np.ndarray, sr: int, what: Draw, *, seed: int, noises: Path | None = None
) -> np.ndarray:
    """Render a copy.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,), dtype=float32]
        Mono signal at ``sr`` Hz.
    sr : int
        Sampling rate.
    what : Draw
        The changes, made in the order pitch and tempo, white noise, transforms.
    seed : int
        Decides the noise, white and of the background.
    noises : Path or None
        The folder of the background noises.

    Returns
    -------
    np.ndarray [shape=(round(n_samples / stretch_rate),), dtype=float32]
    """
    if not len(y):
        return y
    with _seeded(seed):
        y = _stretched(y, sr, what)
        for transform in _chain(what, sr, noises):
            y = transform(samples=y, sample_rate=sr)
    return np.asarray(y, dtype=np.float32)


def _stretched(y: np.ndarray, sr: int, what: Draw) -> np.ndarray:
    """Pitch and tempo: stretch for both, then resample, which takes the pitch along."""
    rate, ratio = what.stretch_rate or 1.0, 2 ** ((what.pitch_semitones or 0.0) / 12)
    n_samples = round(len(y) / rate)
    if rate != ratio:
        factor = rate / ratio
        n_steps = max(1, math.ceil(math.log(factor) / math.log(LEAST_STRETCH_RATE)))
        step = factor ** (1 / n_steps)
        stretch = _library().TimeStretch(
            step, step, leave_length_unchanged=False, method="signalsmith_stretch", p=1
        )
        for _ in range(n_steps):
            y = stretch(samples=y, sample_rate=sr)
    if ratio != 1:
        y = soxr.resample(y, ratio * sr, sr, quality="HQ")
    return np.pad(y[:n_samples], (0, max(0, n_samples - len(y))))  # rounded twice: a sample off


def _chain(what: Draw, sr: int, noises: Path | None) -> list[Change]:
    """What makes the other changes, in order."""
    made: list[Change] = []
    if (snr := what.snr_db) is not None:
        made.append(_library().AddGaussianSNR(snr, snr, p=1))
    for name, values in json.loads(what.transforms or "{}").items():
        if name == "background_noise":
            made.append(_background_noise(values, noises or Path()))
        else:
            made.append(_MAKERS[name](values, sr))
    return made


def _gain(values: dict[str, Any], sr: int) -> Change:
    return _library().Gain(values["gain_db"], values["gain_db"], p=1)


def _equalizer(values: dict[str, Any], sr: int) -> Change:
    equalizer = _library().SevenBandParametricEQ(p=1)
    filters = [
        equalizer.low_shelf_filter,
        *equalizer.peaking_filters,
        equalizer.high_shelf_filter,
    ]
    bands = zip(filters, values["center_hz"], values["gain_db"], values["q"], strict=True)
    for band, center_hz, gain_db, q in bands:
        band.parameters = {
            "should_apply": center_hz < HIGHEST_BAND * sr,
            "center_freq": center_hz,
            "gain_db": gain_db,
            "q_factor": q,
        }
    equalizer.parameters = {"should_apply": True}
    equalizer.freeze_parameters()
    return equalizer


def _room(values: dict[str, Any], sr: int) -> Change:
    fixed = {
        "absorption_value": values["absorption"],
        "mic_distance": values["distance_m"],
        "mic_azimuth": values["azimuth"],
        "mic_elevation": 0.0,
    }
    for axis, size, place in zip("xyz", values["size_m"], values["source_m"], strict=True):
        fixed |= {f"size_{axis}": size, f"source_{axis}": place}
    room = _library().RoomSimulator(
        **{f"{end}_{name}": value for name, value in fixed.items() for end in ("min", "max")},
        use_ray_tracing=True,
        max_order=ROOM_ORDER,
        leave_length_unchanged=True,
        p=1,
    )

    def in_the_room(samples: np.ndarray, sample_rate: int) -> Any:
        import pyroomacoustics as pra

        n_threads = pra.constants.get("num_threads")
        pra.constants.set("num_threads", 1)  # the sums of several threads have other bits
        pra.random.seed(ROOM_SEED)
        try:
            return room(samples=samples, sample_rate=sample_rate)
        finally:
            pra.constants.set("num_threads", n_threads)

    return in_the_room


def _mp3(values: dict[str, Any], sr: int) -> Change:
    kbps = values["kbps"]
    mp3 = _library().Mp3Compression(kbps, kbps, backend="fast-mp3-augment", p=1)

    def compressed(samples: np.ndarray, sample_rate: int) -> Any:
        lacking = max(0, math.ceil(LEAST_MP3_S * sample_rate) - len(samples))
        y = mp3(samples=np.pad(samples, (0, lacking)), sample_rate=sample_rate)
        return y[: len(samples)]

    return compressed


def _background_noise(values: dict[str, Any], folder: Path) -> Change:
    snr = values["snr_db"]
    noise = _library().AddBackgroundNoise(folder / values["file"], snr, snr, p=1)

    def mixed(samples: np.ndarray, sample_rate: int) -> Any:
        with warnings.catch_warnings():  # audioread's imports; that a part of the noise is silent
            warnings.simplefilter("ignore")
            return noise(samples=samples, sample_rate=sample_rate)

    return mixed


_MAKERS = {"gain": _gain, "equalizer": _equalizer, "room": _room, "mp3": _mp3}


def _library() -> Any:
    """Audiomentations, which takes seconds to import."""
    with warnings.catch_warnings():  # its docstrings hold invalid escapes
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        import audiomentations
    return audiomentations


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Audiomentations draws from both global random states: set them, and put them back."""
    python, numpy = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
