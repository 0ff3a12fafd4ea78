"""The fold: one of several parts of the corpus, each of which is tested once.

Official folds, a column of the manifest, are taken as they are. Where there are none, the program
makes them, numbered from 1, stratified by genre and with no group in two.
"""

import pandas as pd

from genrenet.corpus.placing import place_groups, refuse_single_groups
from genrenet.corpus.stratification import Demand
from genrenet.errors import DataError
from genrenet.sections.corpus import Split

SHOWN = 3  # groups in an error: enough to find the others


def has_official_folds(tracks: pd.DataFrame) -> bool:
    """Whether the corpus brings folds of its own."""
    return bool(tracks["fold"].notna().any())


def assign_folds(tracks: pd.DataFrame, settings: Split) -> pd.Series:
    """The fold of each track.

    Parameters
    ----------
    tracks : pd.DataFrame
        ``track_id, genre, group, fold``, groups that duplicates connect already joined.
    settings : Split
        Number of folds and seed, where the program makes them.

    Returns
    -------
    pd.Series
        Whole numbers, with the index of ``tracks``.

    Raises
    ------
    DataError
        Official folds are missing for part of the tracks or tear a group, or a genre has one group.
    """
    if has_official_folds(tracks):
        return _official(tracks)
    refuse_single_groups(tracks)
    n = settings.n_folds
    demand = Demand(shares=(1 / n,) * n, dues=(1.0,) * n)
    return tracks["group"].map(place_groups(tracks, demand, seed=settings.seed) + 1)


def fold_sides(folds: pd.Series, settings: Split) -> pd.Series:
    """The side of each track: ``test_fold`` is tested, the next one (cyclic) validates.

    Raises
    ------
    DataError
        There is no such fold, or there are fewer than three.
    """
    known = sorted(folds.unique())
    tested = known[0] if settings.test_fold is None else settings.test_fold
    if tested not in known or len(known) < 3:
        raise DataError(
            f"split.test_fold is {tested}; the folds are {', '.join(map(str, known))}. One of at "
            "least three is needed: one to test, one to validate, the rest to learn from."
        )
    validated = known[(known.index(tested) + 1) % len(known)]
    return folds.map({tested: "test", validated: "validation"}).fillna("train")


def few_groups(tracks: pd.DataFrame, settings: Split) -> list[str]:
    """What to say of genres that have fewer groups than there are folds."""
    n_groups = tracks.groupby("genre")["group"].nunique()
    few = n_groups[n_groups < settings.n_folds]
    if few.empty:
        return []
    named = ", ".join(f"{genre} ({n})" for genre, n in few.items())
    return [
        f"fewer groups than split.n_folds = {settings.n_folds}: {named}. In the folds that have "
        "none of them these genres are not tested; set split.n_folds lower, or add recordings of "
        "other groups"
    ]


def _official(tracks: pd.DataFrame) -> pd.Series:
    if n_missing := int(tracks["fold"].isna().sum()):
        raise DataError(
            f"{n_missing} of {len(tracks)} tracks have no fold, such as "
            f"{tracks.loc[tracks['fold'].isna(), 'track_id'].iloc[0]}. Complete the manifest's "
            "column fold, or leave it out and let split.policy: folds make them."
        )
    folds = tracks["fold"].astype(int)
    pairs = pd.DataFrame({"group": tracks["group"], "fold": folds}).drop_duplicates()
    torn = pairs[pairs["group"].duplicated(keep=False)].groupby("group")["fold"].apply(sorted)
    if len(torn):
        named = "; ".join(
            f"{group} in {' and '.join(map(str, at))}" for group, at in torn[:SHOWN].items()
        )
        raise DataError(
            f"{len(torn)} groups stand in more than one fold: {named}. The same artist, album or "
            "recording would be learned and tested: mend the manifest's column fold or group, or "
            "set split.policy: group."
        )
    return folds
