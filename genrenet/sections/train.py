"""How networks learn and are judged, and what becomes of them."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from genrenet.sections.augment import SpecAugment
from genrenet.settings import Positive, Seed, Settings, Share


def _each_once(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) != len(seeds):
        raise ValueError(f"seeds is {list(seeds)}: each seed once")
    return seeds


Seeds = Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(_each_once)]

_NO_SCALING = {
    ("mfcc", "unit"): "cepstra have no floor to scale from",
    ("stft", "unit"): "bins reach above the log-mel's maximum, which would be 1",
    ("chroma", "clip"): "pitch classes are no levels, they lie between 0 and 1",
}


class Train(Settings):
    """The network and how it learns."""

    feature: Literal["mel", "mfcc", "chroma", "stft"] = "mel"
    scaling: Literal["standard", "clip", "unit"] = "standard"
    floor_db: Annotated[float, Field(lt=0)] = -80.0
    channels: tuple[Positive, ...] = (16, 32, 64, 128)
    dropout: Share = 0.3
    epochs: Positive = 9
    windows_per_track: Positive | None = 4
    batch_size: Positive = 32
    balance: Literal["none", "weights", "oversample", "undersample"] = "none"
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    warmup: Share = 0.1
    patience: Positive = 6
    spec_augment: SpecAugment = SpecAugment()
    seeds: Seeds = (0, 1)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if reason := _NO_SCALING.get((self.feature, self.scaling)):
            raise ValueError(
                f"scaling is '{self.scaling}' and feature is '{self.feature}': {reason}; "
                "use scaling: standard"
            )
        return self


class Evaluate(Settings):
    """How the report is made."""

    top_k: Annotated[int, Field(ge=2)] = 2
    bootstrap: Annotated[int, Field(ge=100)] = 2_000
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    seed: Seed = 0


class Studies(Settings):
    """Experiments beside the main line: the price of a leak, cross-validation, label doubts."""

    seeds: Seeds = (0, 1, 2)
    epochs: Positive = 15


class Register(Settings):
    """The name under which MLflow keeps the model."""

    name: Annotated[str, Field(pattern=r"^[^/:\s][^/:]*$")] = "genrenet"


class Promote(Settings):
    """What a challenger has to show to become the champion."""

    margin: Share = 0.01
    min_groups: Positive = 5
    max_latency_s: Annotated[float, Field(gt=0)] = 2.0
