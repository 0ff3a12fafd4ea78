"""Which recordings there are, which of them are one, and who is on which side."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from genrenet.settings import Seed, Settings, Share


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
