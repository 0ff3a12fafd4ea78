"""The provenance: which tracks a model has seen, and for what; only some of them it may."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from genrenet.errors import DataError

PURPOSES = {
    "weights": "train",
    "normalisation": "train",
    "balancing": "train",
    "early_stopping": "validation",
    "calibration": "validation",
}
"""What a model sees tracks for, and the side that they have to be on."""
DIGEST = "split_digest"
SHOWN = 5  # track ids in a message


def check_provenance(provenance: Mapping[str, Any], splits: pd.DataFrame, digest: str) -> None:
    """Refuse a model that saw what it may not have seen.

    Parameters
    ----------
    provenance : mapping
        A bundle's ``provenance.json``: the digest of the split that it was trained under, and the
        ids of the tracks by purpose.
    splits : pd.DataFrame
        The split that it is to be judged by: ``track_id, split``.
    digest : str
        That split's digest.

    Raises
    ------
    DataError
        A purpose is missing or unknown, a track of it is not on its side, or the model was trained
        under another split. All that is wrong is told.
    """
    said = set(provenance) - {DIGEST}
    wrong = [
        *(f"it does not say what {purpose} saw" for purpose in PURPOSES if purpose not in said),
        *(f"'{purpose}' is no purpose that is known" for purpose in sorted(said - set(PURPOSES))),
        *_strangers(provenance, splits),
    ]
    if wrong:
        raise DataError(
            f"leak: the model's provenance does not hold: {'; '.join(wrong)}. "
            "Train again: dvc repro train."
        )
    if provenance.get(DIGEST) != digest:
        raise DataError(
            f"the model was trained under the split {provenance.get(DIGEST)}, the present one "
            f"is {digest}. Train again: dvc repro train."
        )


def seen_tracks(provenance: Mapping[str, Any]) -> set[str]:
    """Ids of the tracks that a model has seen, for whatever purpose."""
    return {i for purpose, ids in provenance.items() if purpose != DIGEST for i in ids}


def unseen(splits: pd.DataFrame, seen: Collection[str]) -> pd.DataFrame:
    """The test tracks of groups of which no track was seen.

    Parameters
    ----------
    splits : pd.DataFrame
        ``track_id, genre, group, split``; groups that duplicates connect are joined.
    seen : collection of str
        Ids of tracks; what is not in the split says nothing.

    Returns
    -------
    pd.DataFrame
        ``track_id, genre, group``.
    """
    known = splits.loc[splits["track_id"].isin(seen), "group"]
    held_out = splits[(splits["split"] == "test") & ~splits["group"].isin(known)]
    return held_out[["track_id", "genre", "group"]].reset_index(drop=True)


def check_copies(track_ids: Collection[str], train: Collection[str], where: object) -> None:
    """Refuse augmented copies of tracks that are not learned from.

    Parameters
    ----------
    track_ids : collection of str
        Tracks that have copies.
    train : collection of str
        The train side.
    where : object
        The folder of the copies, for the message.

    Raises
    ------
    DataError
        A copy's original is not on the train side.
    """
    leaked = sorted(set(track_ids).difference(train))
    if leaked:
        raise DataError(
            f"leak: {where} holds copies of {len(leaked)} tracks that are not on the train "
            f"side: {', '.join(leaked[:SHOWN])}. Run 'dvc repro', which makes the copies anew."
        )


def _strangers(provenance: Mapping[str, Any], splits: pd.DataFrame) -> Iterator[str]:
    """Purposes that saw other tracks than those of their side."""
    for purpose, side in PURPOSES.items():
        there = splits.loc[splits["split"] == side, "track_id"]
        strangers = sorted(set(provenance.get(purpose, ())).difference(there))
        if strangers:
            yield (
                f"its {purpose} saw {len(strangers)} tracks that are not on the {side} side: "
                f"{', '.join(strangers[:SHOWN])}"
            )
