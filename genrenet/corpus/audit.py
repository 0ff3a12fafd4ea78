"""The leak audit: proves from tables alone that what belongs together stands on one side.

It knows nothing of how the split was made. A breach is an error that names the pairs; what
passes gets a certificate: how much the groups are worth, and the digest of the split.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from genrenet.corpus.crossings import KINDS, find_crossings, number_of_recordings, pairs_within
from genrenet.corpus.sides import SIDES
from genrenet.errors import DataError
from genrenet.sections.corpus import Corpus
from genrenet.settings import digest

AUDIT, AUDIT_PAGE = Path("reports/audit.json"), Path("reports/audit.md")
SHOWN = 5  # pairs of each kind in a message

LEVELS = {
    "performer": "No performer is heard on two sides of the split.",
    "album": "No album is heard on two sides of the split; a performer may be.",
    "recording": "No recording is heard on two sides of the split; a performer or album may be.",
    "unknown": (
        "**Nobody knows which recordings belong together**, so only the track itself was kept on "
        "one side. Artists or albums that stand on both sides make the figures too good."
    ),
}
"""What each level of a certificate promises."""

NO_PAIRS = pd.DataFrame({"track_id": [], "other_id": []}, dtype=str)


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
    proved : dict
        How many ``tracks``, ``groups``, ``recordings`` and ``duplicates`` (pairs) were found to
        stand on one side each.
    """

    level: str
    digest: str
    counts: dict[str, dict[str, int]]
    groups: dict[str, int]
    proved: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """As a JSON value."""
        return dict(vars(self))


class LeakError(DataError):
    """Tracks that belong together stand on different sides.

    Attributes
    ----------
    crossings : pd.DataFrame
        All of them, as :func:`genrenet.corpus.crossings.find_crossings` gives them.
    """

    def __init__(self, crossings: pd.DataFrame) -> None:
        kinds = crossings.groupby("kind", sort=False)
        found = "\n".join(f"  {_told(str(kind), some)}" for kind, some in kinds)
        super().__init__(
            f"leak: what belongs together stands on different sides of the split:\n{found}\n"
            "Scores from this split would be too good to be true. Give what belongs together one "
            "group, or put it on one side, or leave one of each pair out."
        )
        self.crossings = crossings


def _told(kind: str, crossings: pd.DataFrame) -> str:
    pairs = [
        f"{f'{row.unit}: ' if kind == 'group' else ''}"
        f"{row.track_id} in {row.split}, {row.other_id} in {row.other_split}"
        for row in crossings.head(SHOWN).itertuples()
    ]
    more = ["…"] if len(crossings) > SHOWN else []
    return "\n    ".join([f"{len(crossings)} {KINDS[kind]}:", *pairs, *more])


def split_digest(splits: pd.DataFrame) -> str:
    """Digest of a split; the same for the same sides, whatever the rows' order."""
    rows = splits.sort_values("track_id")[["track_id", "genre", "group", "split"]]
    return digest(rows.to_numpy().tolist())


def audit(
    splits: pd.DataFrame, level: str = Corpus().group_level, *, pairs: pd.DataFrame = NO_PAIRS
) -> Certificate:
    """Prove that the sides share nothing, or name what they share.

    Parameters
    ----------
    splits : pd.DataFrame
        ``track_id, genre, group, group_known, split``, and what else is known of the recordings,
        as :func:`genrenet.corpus.crossings.find_crossings` takes it.
    level : str
        What a known group is; a claim that the certificate takes over only as far as it is known.
    pairs : pd.DataFrame
        Duplicates: ``track_id, other_id``.

    Raises
    ------
    LeakError
        Tracks that belong together stand on different sides.
    """
    crossings = find_crossings(splits, pairs)
    if len(crossings):
        raise LeakError(crossings)
    counts = pd.crosstab(splits["split"], splits["genre"])
    return Certificate(
        level=_level(splits, level),
        digest=split_digest(splits),
        counts={side: counts.loc[side].to_dict() for side in _in_order(counts.index)},
        groups=splits.groupby("split")["group"].nunique().to_dict(),
        proved={
            "tracks": len(splits),
            "groups": splits["group"].nunique(),
            "recordings": number_of_recordings(splits),
            "duplicates": len(pairs_within(splits["track_id"], pairs)[0]),
        },
    )


def read_audit(splits: pd.DataFrame, path: Path = AUDIT) -> dict[str, Any]:
    """What the audit wrote of ``splits``.

    Raises
    ------
    DataError
        It wrote of another split.
    """
    about: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if about["digest"] != split_digest(splits):
        raise DataError(f"{path} vouches for another split than the present one. Run 'dvc repro'.")
    return about


def _in_order(sides: pd.Index) -> list[str]:
    """Our sides as a model sees them; others, folds for one, in the order of their names."""
    return [*(side for side in SIDES if side in sides), *sorted(set(sides) - set(SIDES))]


def _level(splits: pd.DataFrame, level: str) -> str:
    """The least that holds for every group; one that nobody named is a recording, or its track."""
    unknown = splits[~splits["group_known"].astype(bool)]
    if unknown.empty:
        return level
    return "unknown" if (unknown["group"] == unknown["track_id"]).any() else "recording"
