"""The transforms: further changes of a rendered copy, and between which limits they are drawn."""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from genrenet.settings import Settings


def _ordered(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] > span[1]:
        raise ValueError(f"{list(span)} has its ends the wrong way round; give [lowest, highest]")
    return span


def _within(least: float, most: float) -> AfterValidator:
    """Refuse a span that leaves these limits."""

    def check(span: tuple[float, float]) -> tuple[float, float]:
        if span[0] < least or span[1] > most:
            raise ValueError(f"{list(span)} is not within {least} and {most}")
        return span

    return AfterValidator(check)


Span = Annotated[tuple[float, float], AfterValidator(_ordered)]


class Transform(Settings):
    """A further change of a rendered copy, and how probable it is."""

    probability: Annotated[float, Field(gt=0, le=1)] = 0.5


class Gain(Transform):
    """Louder or softer, in dB: a recording level."""

    name: Literal["gain"] = "gain"
    gain_db: Annotated[Span, _within(-60, 60)] = (-6.0, 6.0)


class Equalizer(Transform):
    """Seven bands, each raised or lowered, in dB: another microphone or loudspeaker."""

    name: Literal["equalizer"] = "equalizer"
    gain_db: Annotated[Span, _within(-30, 30)] = (-6.0, 6.0)


class Room(Transform):
    """A room this long and wide, its walls so absorbent, the microphone this far away."""

    name: Literal["room"] = "room"
    size_m: Annotated[Span, _within(2, 20)] = (3.0, 8.0)
    absorption: Annotated[Span, _within(0.1, 0.99)] = (0.2, 0.6)  # 0.1: bare walls
    distance_m: Annotated[Span, _within(0.1, 20)] = (0.3, 2.0)


class Mp3(Transform):
    """Compressed to a bit rate, in kbit/s, and decoded."""

    name: Literal["mp3"] = "mp3"
    kbps: Annotated[Span, _within(8, 320)] = (32.0, 128.0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.bitrates:
            raise ValueError(
                f"kbps is {list(self.kbps)}, and MP3 has no bit rate between: it has "
                f"{', '.join(map(str, MP3_KBPS))}"
            )
        return self

    @property
    def bitrates(self) -> list[int]:
        """The bit rates of MP3 that lie within ``kbps``."""
        return [rate for rate in MP3_KBPS if self.kbps[0] <= rate <= self.kbps[1]]


class BackgroundNoise(Transform):
    """A part of one of the recordings in a folder, this far below the music, in dB."""

    name: Literal["background_noise"] = "background_noise"
    folder: Annotated[str, Field(min_length=1)]
    snr_db: Annotated[Span, _within(-30, 60)] = (3.0, 20.0)
    _hashes: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def hashes(self) -> dict[str, str]:
        """The folder's recordings, relative to it, with their contents' hashes, once found."""
        return self._hashes

    def found(self, folder: Path, hashes: dict[str, str]) -> Self:
        """The same with ``folder`` as every worker sees it, and what lies there."""
        noise = self.model_copy(update={"folder": str(folder)})
        noise._hashes = dict(hashes)
        return noise


MP3_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
AnyTransform = Gain | Equalizer | Room | Mp3 | BackgroundNoise
TRANSFORMS: dict[str, type[Transform]] = {
    model.model_fields["name"].default: model for model in get_args(AnyTransform)
}
"""The transforms, by the names that ``augment.transforms`` gives them."""
