"""The split: which side each track is on, no group on two.

A *side* is ``train``, ``validation`` or ``test``. A *group* is what must not be torn apart:
an artist, a performer, an album, a source recording.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrenet.corpus.folds import assign_folds, few_groups, fold_sides, has_official_folds
from genrenet.corpus.imbalance import Imbalance, dominated, measure
from genrenet.corpus.placing import place_groups, refuse_single_groups
from genrenet.corpus.published import listed_sides
from genrenet.corpus.sides import SIDES, demanded
from genrenet.corpus.standing import Standing, standing
from genrenet.corpus.tracks import read_table, write_table
from genrenet.errors import DataError, ParamsError
from genrenet.sections.corpus import Split

SPLITS = Path("data/splits.parquet")
SPLITS_SCHEMA = pa.schema(
    [
        ("track_id", pa.string()),
        ("genre", pa.string()),
        ("group", pa.string()),
        ("group_known", pa.bool_()),
        ("split", pa.string()),
    ]
)
SETTINGS = b"genrenet.split"
"""Key of the table's metadata: the settings that decided the places."""


@dataclass(frozen=True)
class Placement:
    """A split, how good it is and what it could not honour.

    Attributes
    ----------
    table : pd.DataFrame
        Columns of ``SPLITS_SCHEMA``, sorted by ``track_id``.
    warnings : tuple of str
        What a reader of the scores should know.
    imbalance : Imbalance
        Counts by genre and side, and how far they are from the wanted shares; of official sides,
        from the sides' shares on the whole.
    groups : dict
        How many groups ``kept`` their place, were ``placed`` and had to be ``moved``.
    """

    table: pd.DataFrame
    warnings: tuple[str, ...]
    imbalance: Imbalance
    groups: dict[str, int]


def split_tracks(
    tracks: pd.DataFrame, settings: Split, *, placed: pd.DataFrame | None = None
) -> Placement:
    """Place every track on a side.

    Parameters
    ----------
    tracks : pd.DataFrame
        The usable rows of the catalog, groups that duplicates connect already joined.
    settings : Split
        Policy, shares and seed.
    placed : pd.DataFrame, optional
        The former split, made under the same settings: its groups keep their sides. Official
        sides are taken as they are.

    Raises
    ------
    DataError
        A genre cannot be trained and tested honestly, or official sides are missing.
    ParamsError
        The policy tears groups apart: only a study may.
    """
    _refuse_naive(settings)
    _refuse_one_genre(tracks)
    tracks = tracks.sort_values("track_id", ignore_index=True)
    official, stand = _is_official(tracks, settings), standing(tracks, placed)
    sides, warnings = _sides(tracks, settings, stand)
    table = tracks.assign(split=sides)[SPLITS_SCHEMA.names].dropna(subset="split")
    imbalance = measure(table, None if official else settings.shares)
    warnings += [*_check_sides(imbalance.counts, settings), *dominated(table)]
    if not official:
        warnings += [*stand.warnings, *imbalance.warnings(_why_far(stand))]
    groups = _counts(table, stand, official=official)
    return Placement(table.reset_index(drop=True), tuple(warnings), imbalance, groups)


def write_splits(table: pd.DataFrame, settings: Split, path: Path = SPLITS) -> None:
    """Write the split table, with the settings that decided its places."""
    about = {SETTINGS: json.dumps(settings.identity, sort_keys=True).encode()}
    write_table(table, path, SPLITS_SCHEMA.with_metadata(about))


def former_splits(settings: Split, path: Path = SPLITS) -> pd.DataFrame | None:
    """The split table whose places are to be kept; None where there is none.

    There is none where nothing readable is at ``path``, or what other settings have decided.
    """
    try:
        metadata = pq.read_schema(path).metadata or {}
        if json.loads(metadata.get(SETTINGS, b"null")) != settings.identity:
            return None
        return read_table(path, SPLITS_SCHEMA)
    except (OSError, ValueError, DataError):
        return None


def _refuse_naive(settings: Split) -> None:
    if settings.policy in ("track", "window"):
        raise ParamsError(
            f"split.policy is '{settings.policy}', which puts parts of one group on two sides and "
            "so breaches the audit. What it costs is shown by the study: python -m flows.leakage. "
            "For a model, set split.policy: group."
        )


def _refuse_one_genre(tracks: pd.DataFrame) -> None:
    if tracks["genre"].nunique() < 2:
        left = ", ".join(tracks["genre"].unique()) or "none"
        raise DataError(
            f"of the genres in the catalog, {left} has usable tracks; a classifier needs two. "
            "See reports/quarantine.csv."
        )


def _is_official(tracks: pd.DataFrame, settings: Split) -> bool:
    """Whether others decided the sides."""
    has_folds = settings.policy == "folds" and has_official_folds(tracks)
    return settings.policy == "lists" or has_folds


def _sides(
    tracks: pd.DataFrame, settings: Split, stand: Standing
) -> tuple[list[str | None] | pd.Series, list[str]]:
    """The side of each track, and what to say of it."""
    if settings.policy == "lists":
        return listed_sides(tracks, Path(settings.lists))
    made = settings.policy == "folds" and not has_official_folds(tracks)
    warnings = few_groups(tracks, settings) if made else []
    if settings.policy == "folds" and (stand.places.empty or not made):
        return fold_sides(assign_folds(tracks, settings), settings), warnings
    refuse_single_groups(tracks)
    places = place_groups(tracks, demanded(settings), seed=settings.seed, kept=stand.places)
    return tracks["group"].map(places).map(dict(enumerate(SIDES))), warnings


def _check_sides(counts: pd.DataFrame, settings: Split) -> list[str]:
    """Refuse what cannot be learned, or tested; warn of what cannot be validated.

    Lists and folds are taken as they are: a genre that they do not test is told, not refused.
    """
    lacking = {side: ", ".join(counts.index[counts[side] == 0]) for side in SIDES}
    given = settings.policy != "group"
    why = f"the {settings.policy} have none" if given else "all its groups are tied to other sides"
    for side in ("train",) if given else ("train", "test"):
        if lacking[side]:
            raise DataError(
                f"no {side} track is left for {lacking[side]}: {why}. {_way_out(settings)}"
            )
    if not counts["test"].any():
        raise DataError(f"no genre has a test track: {why}. {_way_out(settings)}")
    warnings = []
    if lacking["test"]:
        warnings.append(f"no test track for {lacking['test']}: {why}; they are not judged")
    if lacking["validation"]:
        few = why if given else f"fewer than 3 groups, or {why}"
        warnings.append(f"no validation track for {lacking['validation']}: {few}")
    return warnings


def _way_out(settings: Split) -> str:
    """What to do where a genre has no track to learn from, or none to test."""
    if settings.policy != "group":
        return "Give it one there, leave the genre out, or set split.policy: group."
    return (
        "Add recordings of other groups, change split.seed, place all groups anew (python -m "
        "flows.split --anew), or leave the genre out."
    )


def _why_far(stand: Standing) -> str:
    if stand.places.empty:
        return "groups are not torn apart, and these are few or large"
    return (
        "groups keep their places, and new ones do not make up for it; python -m flows.split "
        "--anew places all again"
    )


def _counts(table: pd.DataFrame, stand: Standing, *, official: bool) -> dict[str, int]:
    """How many groups kept their place, were placed and had to be moved."""
    names = pd.Index(table["group"].unique())
    moved = 0 if official else len(stand.moved)
    kept = 0 if official else int(names.isin(stand.places.index).sum()) - moved
    return {"kept": kept, "placed": len(names) - kept - moved, "moved": moved}
