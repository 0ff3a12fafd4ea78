"""The leak audit: proves from the tables alone that no group stands on two sides.

It knows nothing of how the split was made. A breach is an error that names the groups; what
passes gets a certificate: how much the groups are worth, and the digest of the split.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from genrenet.corpus.splits import SIDES
from genrenet.errors import DataError
from genrenet.params import Corpus
from genrenet.settings import digest


@dataclass(frozen=True)
class Certificate:
    """What the audit vouches for.

    Attributes
    ----------
    level : {'performer', 'album', 'recording', 'unknown'}
        What a group is at least: ``recording`` where nothing is known of some segments but the
        recording that they are from, ``unknown`` where any whole track has no known group, so
        that nothing but the track itself is kept apart.
    digest : str
        Of the audited split: track ids, groups and sides.
    counts : dict
        Side, genre and number of tracks.
    groups : dict
        Side and number of groups.
    """

    level: str
    digest: str
    counts: dict[str, dict[str, int]]
    groups: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """As a JSON value."""
        return dict(vars(self))


def split_digest(splits: pd.DataFrame) -> str:
    """Digest of a split; the same for the same sides, whatever the rows' order."""
    rows = splits.sort_values("track_id")[["track_id", "genre", "group", "split"]]
    return digest(rows.to_numpy().tolist())


def audit(splits: pd.DataFrame, level: str = Corpus().group_level) -> Certificate:
    """Prove that the sides share nothing, or name what they share.

    Parameters
    ----------
    splits : pd.DataFrame
        ``track_id, genre, group, group_known, split``.
    level : str
        What a known group is; a claim that the certificate takes over only as far as it is known.

    Raises
    ------
    DataError
        A track or a group stands on two sides.
    """
    for unit in ("track_id", "group"):
        sides = splits.groupby(unit)["split"].unique()
        torn = sides[sides.map(len) > 1]
        if len(torn):
            named = "; ".join(
                f"{name} in {' and '.join(sorted(at))}" for name, at in torn[:5].items()
            )
            raise DataError(
                f"leak: {len(torn)} {unit.removesuffix('_id')}s stand on more than one side: "
                f"{named}. Scores from this split would be too good to be true; mend the groups "
                "or the split."
            )
    counts = pd.crosstab(splits["split"], splits["genre"])
    return Certificate(
        level=_level(splits, level),
        digest=split_digest(splits),
        counts={side: counts.loc[side].to_dict() for side in SIDES if side in counts.index},
        groups=splits.groupby("split")["group"].nunique().to_dict(),
    )


def _level(splits: pd.DataFrame, level: str) -> str:
    """The least that holds for every group; one that nobody named is a recording, or its track."""
    unknown = splits[~splits["group_known"].astype(bool)]
    if unknown.empty:
        return level
    return "unknown" if (unknown["group"] == unknown["track_id"]).any() else "recording"
