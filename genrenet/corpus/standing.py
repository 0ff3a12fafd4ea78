"""The standing place: a group that has a side keeps it, so that scores stay comparable.

Where groups that stand on two sides have become one, by a duplicate or a correction, the whole
goes to the side where most of its tracks are, train if there are as many.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from genrenet.corpus.sides import SIDES

SHOWN = 3  # moved groups in a warning


@dataclass(frozen=True)
class Standing:
    """Which groups have a place.

    Attributes
    ----------
    places : pd.Series
        Number of the side in ``SIDES``, by group.
    moved : dict
        Groups of which some tracks change sides, and how many do.
    """

    places: pd.Series
    moved: dict[str, int]

    @property
    def warnings(self) -> list[str]:
        """What to say of groups that could not keep their places."""
        if not self.moved:
            return []
        named = [f"{group} ({n} tracks)" for group, n in list(self.moved.items())[:SHOWN]]
        more = ", …" if len(self.moved) > SHOWN else ""
        return [
            f"{len(self.moved)} groups stood on two sides, since duplicates or corrections have "
            f"joined them, and moved to where most of their tracks were: {', '.join(named)}{more}. "
            "Scores from before are not quite comparable"
        ]


def standing(tracks: pd.DataFrame, placed: pd.DataFrame | None) -> Standing:
    """The places that groups have from the former split.

    Parameters
    ----------
    tracks : pd.DataFrame
        ``track_id, group``.
    placed : pd.DataFrame or None
        The former split: ``track_id, split``.
    """
    if placed is None:
        return Standing(pd.Series(dtype=int), {})
    former = tracks["track_id"].map(placed.set_index("track_id")["split"])
    side = former.map({side: n for n, side in enumerate(SIDES)})
    known = side.notna().to_numpy()
    group, names = pd.factorize(tracks["group"][known], sort=True)
    n = np.zeros((len(names), len(SIDES)), int)
    np.add.at(n, (group, side[known].astype(int)), 1)
    leaving = n.sum(axis=1) - n.max(axis=1)
    moved = {names[i]: int(leaving[i]) for i in np.flatnonzero(leaving)}
    return Standing(pd.Series(n.argmax(axis=1), index=names), moved)
