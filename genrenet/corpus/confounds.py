"""Confounds: how far genre and group are one, so that who plays tells what is played."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

FEW = 3  # groups: fewer cannot stand on all three sides


@dataclass(frozen=True)
class Confounds:
    """How far genre and group coincide.

    Attributes
    ----------
    n_groups : dict of str to int
        Groups in each genre.
    largest_share : dict of str to float
        Share of each genre's tracks that its largest group has.
    few_groups : list of str
        Genres of fewer than three groups.
    n_of_one_genre, n_of_several : int
        Groups of two tracks or more that are heard in one genre only, and in several.
    """

    n_groups: dict[str, int]
    largest_share: dict[str, float]
    few_groups: list[str]
    n_of_one_genre: int
    n_of_several: int

    def to_json(self) -> dict[str, Any]:
        """As a JSON value: floats have 6 places."""
        shares = {genre: round(share, 6) for genre, share in self.largest_share.items()}
        return {**vars(self), "largest_share": shares}


def find_confounds(splits: pd.DataFrame) -> Confounds:
    """Count groups and genres.

    Parameters
    ----------
    splits : pd.DataFrame
        ``genre, group``, one row a track.
    """
    sizes = splits.groupby(["genre", "group"]).size()
    genres, groups = sizes.groupby("genre"), sizes.groupby("group")
    n_groups = genres.size()
    n_genres = groups.size()[groups.sum() > 1]
    return Confounds(
        n_groups=n_groups.to_dict(),
        largest_share=(genres.max() / genres.sum()).to_dict(),
        few_groups=list(n_groups.index[n_groups < FEW]),
        n_of_one_genre=int((n_genres == 1).sum()),
        n_of_several=int((n_genres > 1).sum()),
    )
