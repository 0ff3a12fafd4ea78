"""Transforms: further changes of a rendered copy, and what is drawn for each.

Gain, equalizer, room, MP3 and background noise make a classifier robust to microphones, rooms and
codecs. What is drawn is JSON, ``{name: {parameter: value}}``, in the order in which the settings
name the transforms; it stands in the shard's rows, and :mod:`genrenet.features.render` makes the
audio from it.
"""

import importlib.util
import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from genrenet.errors import ParamsError
from genrenet.sections.augment import Augment
from genrenet.transforms import AnyTransform, BackgroundNoise, Equalizer, Gain, Mp3, Room

BANDS_HZ = ((42, 95), (91, 204), (196, 441), (421, 948), (909, 2045), (1957, 4404), (4216, 9486))
"""Where audiomentations' seven bands lie: a shelf, five peaks, a shelf."""
SHELF_Q, PEAK_Q = (0.1, 0.999), (0.5, 5.0)  # audiomentations' own

ROOM_HEIGHT_M, SOURCE_HEIGHT_M = (2.4, 4.0), (1.0, 2.0)  # rooms that people play in
FROM_WALL_M = 0.3

PACKAGES = {"mp3": "fast_mp3_augment", "room": "pyroomacoustics"}
MP3_RATES_HZ = {  # sampling rates by the highest bit rate that MP3 has for them
    8_000: 64,
    11_025: 64,
    12_000: 64,
    16_000: 160,
    22_050: 160,
    24_000: 160,
    32_000: 320,
    44_100: 320,
    48_000: 320,
}


def draw_transforms(transforms: Iterable[AnyTransform], *, seed: int) -> str | None:
    """Draw which transforms are made and how: JSON, None for none.

    Each has random numbers of its own, so that one more changes nothing of the others.
    """
    drawn = {}
    for transform in transforms:
        rng = np.random.default_rng([seed, *transform.name.encode()])
        if rng.random() < transform.probability:
            drawn[transform.name] = _draw(transform, rng)
    return json.dumps(drawn, ensure_ascii=False) if drawn else None


def ready(settings: Augment, sr: int) -> Augment:
    """The settings with the recordings that they name; what cannot be rendered here is refused.

    Raises
    ------
    ParamsError
        A package is missing, MP3 has no such sampling rate or bit rate, or a folder of noises
        cannot be used.
    """
    if not settings.transforms:
        return settings  # a rerun that finds every shard in place imports no decoder
    from genrenet.features.noises import located

    for transform in settings.transforms:
        package = PACKAGES.get(transform.name)
        if package is not None and importlib.util.find_spec(package) is None:
            raise ParamsError(
                f"augment.transforms has '{transform.name}', which needs the package {package}. "
                "Install it: pip install 'genrenet[robustness]'."
            )
        if isinstance(transform, Mp3):
            _refuse_rates(transform, sr)
    return located(settings)


def _refuse_rates(mp3: Mp3, sr: int) -> None:
    if sr not in MP3_RATES_HZ:
        raise ParamsError(
            f"augment.transforms has 'mp3', and features.sr is {sr} Hz: MP3 has the rates "
            f"{', '.join(map(str, MP3_RATES_HZ))}. Choose one of them, or leave out mp3."
        )
    if max(mp3.bitrates) > MP3_RATES_HZ[sr]:
        raise ParamsError(
            f"augment.transforms: kbps of 'mp3' reaches {max(mp3.bitrates)}, and MP3 at "
            f"features.sr = {sr} Hz ends at {MP3_RATES_HZ[sr]} kbit/s. Lower its upper end."
        )


def _draw(transform: AnyTransform, rng: np.random.Generator) -> dict[str, Any]:
    """The parameters of one transform, as they are recorded and rendered."""
    if isinstance(transform, Gain):
        return {"gain_db": _uniform(rng, transform.gain_db)}
    if isinstance(transform, Equalizer):
        return _draw_bands(transform, rng)
    if isinstance(transform, Room):
        return _draw_room(transform, rng)
    if isinstance(transform, Mp3):
        return {"kbps": int(rng.choice(transform.bitrates))}
    return _draw_noise(transform, rng)


def _draw_bands(equalizer: Equalizer, rng: np.random.Generator) -> dict[str, Any]:
    centres = [math.exp(rng.uniform(math.log(low), math.log(high))) for low, high in BANDS_HZ]
    steepness = [SHELF_Q, *[PEAK_Q] * (len(BANDS_HZ) - 2), SHELF_Q]
    return {
        "center_hz": [round(hz, 1) for hz in centres],
        "gain_db": [_uniform(rng, equalizer.gain_db) for _ in BANDS_HZ],
        "q": [_uniform(rng, span) for span in steepness],
    }


def _draw_room(room: Room, rng: np.random.Generator) -> dict[str, Any]:
    """A room, and a place in it where source and microphone are as far apart as drawn."""
    size = [_uniform(rng, room.size_m), _uniform(rng, room.size_m), _uniform(rng, ROOM_HEIGHT_M)]
    distance = min(_uniform(rng, room.distance_m), round(min(size[:2]) - 2 * FROM_WALL_M - 0.01, 4))
    azimuth = _uniform(rng, (-math.pi, math.pi))
    offset = np.array([-distance * math.sin(azimuth), distance * math.cos(azimuth)])  # as there
    low = FROM_WALL_M + np.maximum(0, -offset)
    high = np.array(size[:2]) - FROM_WALL_M - np.maximum(0, offset)
    x, y = rng.uniform(low, high)
    return {
        "size_m": size,
        "absorption": _uniform(rng, room.absorption),
        "source_m": [round(float(x), 4), round(float(y), 4), _uniform(rng, SOURCE_HEIGHT_M)],
        "distance_m": distance,
        "azimuth": azimuth,
    }


def _draw_noise(noise: BackgroundNoise, rng: np.random.Generator) -> dict[str, Any]:
    if not noise.hashes:
        raise ParamsError(f"no recordings were found in '{noise.folder}'; see ready().")
    return {"file": str(rng.choice(sorted(noise.hashes))), "snr_db": _uniform(rng, noise.snr_db)}


def _uniform(rng: np.random.Generator, span: tuple[float, float]) -> float:
    return round(float(rng.uniform(*span)), 4)
