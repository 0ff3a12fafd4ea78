"""The imbalance: how far each genre's shares of the sides are from the wanted ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from genrenet.corpus.sides import SIDES

FAR = 0.1  # 10 points: a genre that should be tested on 25 % of its tracks is on 15 % or 35 %
MOST = 0.5  # of a genre's tracks in one group: what is learned of the genre is that group
SHOWN = 5  # genres in a warning


@dataclass(frozen=True)
class Imbalance:
    """Counts of a split, and how well it is stratified.

    Attributes
    ----------
    counts : pd.DataFrame
        Tracks of each genre (rows) on each side.
    wanted : dict
        Share of each side; official sides want what they have on the whole.
    """

    counts: pd.DataFrame
    wanted: dict[str, float]

    @property
    def deviations(self) -> pd.DataFrame:
        """Share minus wanted share of each genre (rows) on each side."""
        shares = self.counts.div(self.counts.sum(axis=1), axis=0)
        return shares - pd.Series(self.wanted)

    @property
    def rms(self) -> float:
        """Root of the mean squared deviation: 0 for a perfectly stratified split."""
        return float(np.sqrt((self.deviations.to_numpy() ** 2).mean()))

    @property
    def far(self) -> dict[str, str]:
        """Genres whose shares are far from the wanted ones, and the side that misses most."""
        worst = self.deviations.abs().idxmax(axis=1)
        return {
            genre: f"{genre} ({self._share(genre, side):.0%} in {side} instead of "
            f"{self.wanted[side]:.0%})"
            for genre, side in worst.items()
            if abs(self.deviations.loc[genre, side]) > FAR
        }

    def warnings(self, why: str) -> list[str]:
        """What to say of genres that are far from the wanted shares; ``why`` ends the sentence."""
        if not self.far:
            return []
        return [f"far from the wanted shares: {_shortened(list(self.far.values()))}: {why}"]

    def to_json(self) -> dict[str, Any]:
        """As a JSON value: floats have 6 places."""
        largest = self.deviations.abs().max(axis=1).round(6)
        return {
            "counts": self.counts.to_dict("index"),
            "wanted": {side: round(share, 6) for side, share in self.wanted.items()},
            "rms": round(self.rms, 6),
            "largest": largest.to_dict(),
        }

    def _share(self, genre: str, side: str) -> float:
        return float(self.counts.loc[genre, side] / self.counts.loc[genre].sum())


def measure(table: pd.DataFrame, wanted: tuple[float, ...] | None) -> Imbalance:
    """Measure a split.

    Parameters
    ----------
    table : pd.DataFrame
        ``genre, split``.
    wanted : tuple of float or None
        Share of each of ``SIDES``; None for what the sides have on the whole.
    """
    counts = pd.crosstab(table["genre"], table["split"]).reindex(columns=SIDES, fill_value=0)
    overall = counts.sum() / counts.to_numpy().sum()
    shares = overall if wanted is None else pd.Series(wanted, index=SIDES)
    return Imbalance(counts.rename_axis(None).rename_axis(None, axis=1), shares.to_dict())


def dominated(table: pd.DataFrame) -> list[str]:
    """What to say of genres most of whose tracks are one group's.

    Parameters
    ----------
    table : pd.DataFrame
        ``genre, group``.
    """
    n = table.groupby(["genre", "group"]).size()
    shares = (n / n.groupby("genre").transform("sum"))[lambda share: share > MOST]
    if shares.empty:
        return []
    named = [f"{genre} ({group}: {share:.0%})" for (genre, group), share in shares.items()]
    return [
        f"one group holds most of a genre: {_shortened(named)}. Wherever it stands, the score of "
        "that genre says little; add recordings of other groups"
    ]


def _shortened(named: list[str]) -> str:
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more
