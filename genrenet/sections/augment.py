"""Altered copies of train tracks, and masks on their windows."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from genrenet.settings import Seed, Settings
from genrenet.transforms import AnyTransform, BackgroundNoise

LEAST_SEMITONES, LEAST_STRETCH = 0.5, 0.05
"""A drawn change is never smaller: a copy that sounds the same teaches nothing."""


class Augment(Settings):
    """Altered copies of train tracks."""

    method: Literal["warp", "render"] = "warp"
    copies: Annotated[int, Field(ge=0, le=100)] = 1
    pitch_semitones: Annotated[float, Field(ge=0, le=12)] = 2.0
    stretch: Annotated[float, Field(ge=0, lt=0.5)] = 0.15
    snr_db: tuple[float, float] = (10.0, 30.0)
    probability: Annotated[float, Field(gt=0, le=1)] = 0.7
    transforms: tuple[Annotated[AnyTransform, Field(discriminator="name")], ...] = ()
    seed: Seed = 0

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.snr_db[0] > self.snr_db[1]:
            raise ValueError(f"snr_db is {list(self.snr_db)}: give [lowest, highest]")
        if 0 < self.pitch_semitones < LEAST_SEMITONES:
            raise ValueError(
                f"pitch_semitones is {self.pitch_semitones}: a shift under {LEAST_SEMITONES} is "
                "never drawn; give 0 for none, or more"
            )
        if 0 < self.stretch < LEAST_STRETCH:
            raise ValueError(
                f"stretch is {self.stretch}: a change under {LEAST_STRETCH} is never drawn; "
                "give 0 for none, or more"
            )
        names = [transform.name for transform in self.transforms]
        if names and self.method == "warp":
            raise ValueError(
                f"method is 'warp' and transforms has {', '.join(names)}: these alter audio, and "
                "warp makes none; set method: render, or transforms: []"
            )
        if len(set(names)) != len(names):
            raise ValueError(f"transforms has {', '.join(names)}: each of them once")
        return self

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the copies: every value, and for noise its recordings, not their place."""
        values = self.model_dump(mode="json")
        for transform, dumped in zip(self.transforms, values["transforms"], strict=True):
            if isinstance(transform, BackgroundNoise):
                dumped["folder"] = transform.hashes
        return values


class SpecAugment(Settings):
    """Masks on the training windows: at most this many bins and frames, each once."""

    frequency_bins: Annotated[int, Field(ge=0)] = 0
    time_frames: Annotated[int, Field(ge=0)] = 0
