"""Every setting of the pipeline: ``params.yaml``, read once, into frozen models.

One section is one stage. ``compute`` says how the work is spread and never what comes out,
so no stage depends on it.
"""

import difflib
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from genrenet.errors import ParamsError
from genrenet.sections.augment import Augment
from genrenet.sections.compute import Compute
from genrenet.sections.corpus import Corpus, Demo, Duplicates, Split
from genrenet.sections.features import Features
from genrenet.sections.train import Evaluate, Promote, Register, Studies, Train
from genrenet.settings import Settings
from genrenet.transforms import TRANSFORMS


class Params(Settings):
    """All sections of ``params.yaml``; each has defaults, so each may be left out."""

    corpus: Corpus = Corpus()
    demo: Demo = Demo()
    features: Features = Features()
    duplicates: Duplicates = Duplicates()
    split: Split = Split()
    augment: Augment = Augment()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    studies: Studies = Studies()
    register_: Annotated[Register, Field(alias="register")] = Register()
    promote: Promote = Promote()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.train.feature not in self.features.bins:
            how = {"chroma": "features.n_chroma: 12, 24 or 53", "stft": "features.stft: true"}
            raise ValueError(
                f"train.feature is '{self.train.feature}', which is not extracted: set "
                f"{how[self.train.feature]}"
            )
        blocks, frames = len(self.train.channels), self.features.window_frames
        n_bins, masks = self.features.bins[self.train.feature], self.train.spec_augment
        if masks.frequency_bins >= n_bins or masks.time_frames >= frames:
            raise ValueError(
                f"train.spec_augment masks up to {masks.frequency_bins} bins and "
                f"{masks.time_frames} frames, but a window is {frames} frames x {n_bins} bins: "
                "nothing would be left; mask less"
            )
        smallest = min(frames, n_bins)
        if smallest < 2**blocks:
            raise ValueError(
                f"train.channels has {blocks} blocks, each of which halves the input, but "
                f"a window is {frames} frames x {n_bins} bins: "
                "use fewer blocks, a longer window or more bins"
            )
        return self


def read_params(path: str | Path = "params.yaml") -> Params:
    """Read and validate the settings.

    Raises
    ------
    ParamsError
        The file is missing, is no YAML mapping, or holds something unknown or impossible; the
        message names the key, what came, and the nearest name that exists.
    """
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise ParamsError(
            f"{path}: cannot be read ({error.strerror}). Run from the project's folder."
        ) from error
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: is not valid YAML in UTF-8: {error}") from error
    return parse_params(text, path)


def parse_params(text: str, path: str | Path) -> Params:
    """Validate settings that are given as a text; ``path`` is what a refusal calls it.

    Raises
    ------
    ParamsError
        As ``read_params`` does.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ParamsError(f"{path}: is not valid YAML: {error}") from error
    if not isinstance(content, dict | None):
        raise ParamsError(f"{path}: expected sections such as 'features:', got {content!r}.")
    given = {name: section for name, section in (content or {}).items() if section is not None}
    try:
        return Params.model_validate(given)
    except ValidationError as error:
        raise ParamsError("\n".join(_sentence(path, e) for e in error.errors())) from error


def _sentence(path: str | Path, error: Any) -> str:
    """One pydantic error as a sentence that a user can act on."""
    place = [str(part) for part in error["loc"] if part not in ("function-after",)]
    name = ".".join(place)
    if error["type"] == "extra_forbidden":
        known = _known_keys(place[:-1])
        near = difflib.get_close_matches(place[-1], known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(sorted(known))}."
        return f"{path}: {name} is not a setting. {hint}"
    if error["type"] == "union_tag_invalid":
        near = difflib.get_close_matches(str(error["ctx"]["tag"]), TRANSFORMS, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(TRANSFORMS)}."
        return f"{path}: {name}: '{error['ctx']['tag']}' is not a transform. {hint}"
    if error["type"] in ("union_tag_not_found", "model_attributes_type"):
        return (
            f"{path}: {name} is {error['input']!r}: give each transform its name, as in "
            f"{{name: gain, gain_db: [-6, 6]}}; known: {', '.join(TRANSFORMS)}."
        )
    if error["type"] == "missing":
        return f"{path}: {name} is missing."
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{path}: {name + ': ' if name else ''}{what}."
    return f"{path}: {name} is {error['input']!r}: {what[0].lower()}{what[1:]}."


def _known_keys(place: list[str]) -> list[str]:
    model: Any = Params
    for part in place:
        if part in TRANSFORMS:
            model = TRANSFORMS[part]
        elif not part.isdigit():
            field = next(f for n, f in model.model_fields.items() if (f.alias or n) == part)
            model = field.annotation
    return [f.alias or n for n, f in model.model_fields.items()]
