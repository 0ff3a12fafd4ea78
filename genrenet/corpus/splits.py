"""The split: which side each track is on, no group on two.

A *side* is ``train``, ``validation`` or ``test``. A *group* is what must not be torn apart:
an artist, a performer, an album, a source recording.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa

from genrenet.corpus.layouts import SPELLINGS
from genrenet.corpus.names import composed
from genrenet.corpus.recordings import AUDIO, CLOSED
from genrenet.errors import DataError
from genrenet.params import Split

SPLITS = Path("data/splits.parquet")
SIDES = ("train", "validation", "test")
SPLITS_SCHEMA = pa.schema(
    [
        ("track_id", pa.string()),
        ("genre", pa.string()),
        ("group", pa.string()),
        ("group_known", pa.bool_()),
        ("split", pa.string()),
    ]
)


@dataclass(frozen=True)
class Placement:
    """A split and what it could not honour.

    Attributes
    ----------
    table : pd.DataFrame
        Columns of ``SPLITS_SCHEMA``, sorted by ``track_id``.
    warnings : tuple of str
        What a reader of the scores should know.
    """

    table: pd.DataFrame
    warnings: tuple[str, ...]


def split_tracks(tracks: pd.DataFrame, settings: Split) -> Placement:
    """Place every track on a side.

    Parameters
    ----------
    tracks : pd.DataFrame
        The usable rows of the catalog.
    settings : Split
        Policy, shares and seed.

    Raises
    ------
    DataError
        A genre cannot be trained and tested honestly, or official sides are missing.
    """
    tracks = tracks.sort_values("track_id", ignore_index=True)
    if tracks["genre"].nunique() < 2:
        left = ", ".join(tracks["genre"].unique()) or "none"
        raise DataError(
            f"of the genres in the catalog, {left} has usable tracks; a classifier needs two. "
            "See reports/quarantine.csv."
        )
    if settings.policy == "lists":
        sides, warnings = _listed_sides(tracks, Path(settings.lists))
    elif settings.test_fold is not None:
        sides, warnings = _fold_sides(tracks, settings.test_fold), []
    else:
        _refuse_single_groups(tracks)
        sides, warnings = _grouped_sides(tracks, settings), []
    table = tracks.assign(split=sides)[SPLITS_SCHEMA.names].dropna(subset="split")
    return Placement(table.reset_index(drop=True), (*warnings, *_check_sides(table, settings)))


def _refuse_single_groups(tracks: pd.DataFrame) -> None:
    n_groups = tracks.groupby("genre")["group"].nunique()
    single = list(n_groups[n_groups < 2].index)
    if single:
        raise DataError(
            f"{len(single)} genres have one group each: {', '.join(single)}. With one artist, "
            "album or recording a genre cannot be both learned and tested: add recordings of "
            "another group (3 for train, validation and test), or leave the genre out."
        )


def _grouped_sides(tracks: pd.DataFrame, settings: Split) -> list[str | None]:
    """Stratified sides: first every genre its due on each side, then the shares.

    Each group goes to the side that it brings closest to the wanted number of tracks of its
    genres; the seed orders groups that are equal in this.
    """
    counts = pd.crosstab(tracks["group"], tracks["genre"])
    order = np.random.default_rng(settings.seed).permutation(len(counts))
    counts = counts.iloc[order]
    shares = [1 - settings.validation - settings.test, settings.validation, settings.test]
    wanted = np.outer(shares, counts.sum())  # [side, genre]
    plan = _Plan(counts.to_numpy(), wanted)
    n_groups = (plan.counts > 0).sum(axis=0)
    for genre in np.argsort(n_groups, kind="stable"):  # the scarcest genre chooses first
        for side in (2, 0, 1)[: min(3, n_groups[genre])]:
            plan.secure(side, genre)
    plan.fill()
    placed = dict(zip(counts.index, plan.sides, strict=True))
    return [SIDES[placed[group]] for group in tracks["group"]]


class _Plan:
    """Groups on their way to sides: ``counts`` [group, genre] tracks, ``wanted`` [side, genre]."""

    def __init__(self, counts: np.ndarray, wanted: np.ndarray) -> None:
        self.counts, self.wanted = counts, wanted
        self.sides = np.full(len(counts), -1)
        self.have = np.zeros_like(wanted)

    def secure(self, side: int, genre: int) -> None:
        """Give ``side`` one group of ``genre`` if it has none: the one nearest to its share."""
        if self.have[side, genre]:
            return
        free = np.flatnonzero((self.sides < 0) & (self.counts[:, genre] > 0))
        if free.size:
            excess = np.abs(self.counts[free, genre] - self.wanted[side, genre])
            self._place(int(free[np.argmin(excess)]), side)

    def fill(self) -> None:
        """Place the rest, the largest first, each where the shares miss it most."""
        sizes, totals = self.counts.sum(axis=1), self.counts.sum(axis=0)
        for group in np.argsort(-sizes, kind="stable"):
            if self.sides[group] < 0:
                share = self.counts[group] / totals
                gain = (self.wanted - self.have) @ share  # least squares, each genre alike
                self._place(int(group), int(np.argmax(gain)))

    def _place(self, group: int, side: int) -> None:
        self.sides[group] = side
        self.have[side] += self.counts[group]


def _fold_sides(tracks: pd.DataFrame, test_fold: int) -> list[str | None]:
    """Official folds: ``test_fold`` is the test set, the next one (cyclic) validation."""
    if tracks["fold"].isna().any():
        raise DataError(
            f"split.test_fold is {test_fold}, but {tracks['fold'].isna().sum()} tracks have no "
            "fold. Give a manifest with a column fold, or set split.test_fold: null."
        )
    folds = sorted(tracks["fold"].astype(int).unique())
    if test_fold not in folds or len(folds) < 3:
        raise DataError(
            f"split.test_fold is {test_fold}; the manifest has the folds "
            f"{', '.join(map(str, folds))}. One of at least three is needed."
        )
    validation_fold = folds[(folds.index(test_fold) + 1) % len(folds)]
    side = {test_fold: "test", validation_fold: "validation"}
    return [side.get(int(fold), "train") for fold in tracks["fold"]]


def _listed_sides(tracks: pd.DataFrame, folder: Path) -> tuple[list[str | None], list[str]]:
    """Published sides: the manifest's column ``split``, else the text files in ``folder``."""
    if tracks["split"].notna().any():
        sides = [None if pd.isna(side) else side for side in tracks["split"]]
        unused, missing = sum(side is None for side in sides), 0
    else:
        lists = _read_lists(folder)
        paths, ids = tracks["path"].map(_stem), tracks["track_id"].map(_stem)
        sides = [lists.get(path) or lists.get(i) for path, i in zip(paths, ids, strict=True)]
        unused, missing = sides.count(None), len(set(lists).difference(paths, ids))
    if unused == len(sides):
        raise DataError(
            f"split.lists: no track of the corpus is on the lists in '{folder}'. They name "
            f"'{next(iter(lists))}', the corpus has '{tracks['path'].iloc[0]}': the paths, without "
            "their suffixes, must be equal, or the track ids."
        )
    warnings = [f"{unused} tracks are on no list and stay unused"] if unused else []
    used = tracks["genre"][[side is not None for side in sides]]
    if idle := sorted(set(tracks["genre"]) - set(used)):
        warnings.append(f"no track of {', '.join(idle)} is on a list: the model will not know them")
    if missing:
        warnings.append(f"{missing} listed tracks are not in the corpus")
    return sides, warnings


def _read_lists(folder: Path) -> dict[str, str]:
    """Path without suffix, and side; a file's name begins with the side's."""
    lists: dict[str, str] = {}
    for path in sorted(folder.glob("*.txt")):
        side = next(
            (s for name, s in SPELLINGS.items() if path.name.lower().startswith(name)), None
        )
        for line in _lines(path) if side else []:
            other = lists.setdefault(_stem(line), str(side))
            if other != side:
                raise DataError(
                    f"split.lists: {line} is on the lists of {other} and of {side}. "
                    "Strike it from one."
                )
    if not {"train", "test"} <= set(lists.values()):
        raise DataError(
            f"split.lists: '{folder}' needs train*.txt and test*.txt (and valid*.txt), with one "
            "relative path a line."
        )
    return lists


def _lines(path: Path) -> list[str]:
    """The lines of a list that hold something."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"split.lists: {path} is no text in UTF-8: {error}") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _stem(path: str) -> str:
    """A path without its suffix: lists say .wav or .au, copies are .flac or .mp3.

    Only a suffix of sound is one: ``blues.00029`` is whole.
    """
    whole = PurePosixPath(composed(path))
    return str(whole.with_suffix("") if whole.suffix.lower() in AUDIO | CLOSED else whole)


def _check_sides(table: pd.DataFrame, settings: Split) -> list[str]:
    """Refuse what cannot be learned, or tested; warn of what cannot be validated.

    Official sides are taken as they are: a genre that they do not test is told, not refused.
    """
    present = pd.crosstab(table["genre"], table["split"]).reindex(columns=SIDES, fill_value=0) > 0
    lacking = {side: ", ".join(present.index[~present[side]]) for side in SIDES}
    official = settings.policy == "lists" or settings.test_fold is not None
    why = (
        "the official sides have none"
        if official
        else "their groups are tied to other sides; add recordings of other groups, or change "
        "split.seed"
    )
    for side in ("train",) if official else ("train", "test"):
        if lacking[side]:
            raise DataError(
                f"no {side} track is left for {lacking[side]}: {why}. Or leave the genre out."
            )
    if not present["test"].any():
        raise DataError(f"no genre has a test track: {why}.")
    warnings = []
    if lacking["test"]:
        warnings.append(f"no test track for {lacking['test']}: they are not judged")
    if lacking["validation"]:
        why = "no official one" if official else "fewer than 3 groups"
        warnings.append(f"no validation track for {lacking['validation']}: {why}")
    return warnings
