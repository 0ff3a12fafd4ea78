"""Every setting of the pipeline: ``params.yaml``, read once, into frozen models.

One section is one stage. ``compute`` says how the work is spread and never what comes out,
so no stage depends on it.
"""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from genrenet.errors import ParamsError
from genrenet.settings import Positive, Seed, Settings, Share
from genrenet.transforms import TRANSFORMS, AnyTransform, BackgroundNoise

MIN_DURATION_S = 0.5
"""Shorter recordings hold no rhythm and too few frames; they are quarantined."""
LEAST_SEMITONES, LEAST_STRETCH = 0.5, 0.05
"""A drawn change is never smaller: a copy that sounds the same teaches nothing."""


CHROMA_HZ, MIN_CHROMA_BINS = (55.0, 3_500.0), 16
"""Where pitches are sought, and the FFT bins that it takes there; to 5,000 Hz changes nothing."""


def _each_once(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) != len(seeds):
        raise ValueError(f"seeds is {list(seeds)}: each seed once")
    return seeds


Seeds = Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(_each_once)]


class Corpus(Settings):
    """Which recordings, in which layout."""

    path: str = "demo/audio"
    layout: Literal["auto", "folders", "albums", "manifest", "tags", "mirdata", "gtzan"] = "auto"
    manifest: str = "manifest.csv"
    columns: dict[str, str] = Field(default_factory=dict)
    loader: str | None = None
    rename: dict[str, str] = Field(default_factory=dict)
    labels: str = "demo/labels.csv"
    group_level: Literal["performer", "album", "recording"] = "performer"
    max_bad_share: Share = 0.05

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.layout == "mirdata") != (self.loader is not None):
            raise ValueError(
                f"layout is '{self.layout}' and loader is {self.loader!r}: the loader is the name "
                "of mirdata's data set, as in {layout: mirdata, loader: gtzan_genre}"
            )
        if self.layout == "albums" and self.group_level == "performer":
            raise ValueError(
                "layout is 'albums' and group_level is 'performer': an album's folder does not "
                "say who plays; set group_level: album"
            )
        if self.layout == "tags" and self.group_level == "recording":
            raise ValueError(
                "layout is 'tags' and group_level is 'recording': tags name performers and "
                "albums; set group_level to one of these"
            )
        return self


class Demo(Settings):
    """The corpus that the program makes for itself."""

    artists_per_style: Annotated[int, Field(ge=3, le=40)] = 12
    tracks_per_artist: Annotated[int, Field(ge=2, le=40)] = 2
    seed: Seed = 0


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


class Duplicates(Settings):
    """Who is the same recording."""

    min_overlap_s: Annotated[float, Field(ge=3, le=60)] = 5.0
    max_bit_error: Annotated[float, Field(gt=0, lt=0.5)] = 0.3


class Split(Settings):
    """Who is on which side."""

    policy: Literal["group", "folds", "lists", "track", "window"] = "group"
    validation: Annotated[float, Field(gt=0, lt=0.5)] = 0.2
    test: Annotated[float, Field(gt=0, lt=0.5)] = 0.25
    n_folds: Annotated[int, Field(ge=3, le=100)] = 5
    test_fold: int | None = None
    lists: str = "demo/lists"
    seed: Seed = 0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.policy != "folds" and self.test_fold is not None:
            raise ValueError(
                f"policy is '{self.policy}' and test_fold is {self.test_fold}: only policy: folds "
                "has folds; set it, or test_fold: null"
            )
        return self

    @property
    def shares(self) -> tuple[float, float, float]:
        """Wanted shares of each genre's tracks in train, validation and test."""
        if self.policy == "folds":
            return 1 - 2 / self.n_folds, 1 / self.n_folds, 1 / self.n_folds
        return 1 - self.validation - self.test, self.validation, self.test

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the places of groups; under other values they are placed anew."""
        deciding = {
            "folds": {"n_folds", "test_fold", "seed"},
            "lists": {"lists"},
        }.get(self.policy, {"validation", "test", "seed"})
        return self.model_dump(mode="json", include={"policy", *deciding})


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
    max_latency_s: Annotated[float, Field(gt=0)] = 2.0


class Compute(Settings):
    """Where the work runs. It changes no output."""

    executor: Literal["auto", "ray", "serial"] = "auto"
    n_workers: Positive | None = None
    n_threads: Positive | None = None
    threads_per_seed: Positive = 1
    environment: tuple[str, ...] = (
        "AWS_*",
        "AZURE_*",
        "GOOGLE_*",
        "MLFLOW_TRACKING_*",
        "SSL_CERT_*",
        "*_CA_BUNDLE",
        "*_PROXY",
        "*_proxy",
    )


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
