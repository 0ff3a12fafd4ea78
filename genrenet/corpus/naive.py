"""The naive split: sides that tear groups apart, for showing what it costs. No model keeps one."""

import numpy as np
import pandas as pd

from genrenet.corpus.placing import keyed_digests, place_groups
from genrenet.corpus.sides import SIDES, demanded
from genrenet.sections.corpus import Split


def track_sides(tracks: pd.DataFrame, settings: Split) -> pd.Series:
    """The side of each track when groups are ignored, stratified by genre.

    Parameters
    ----------
    tracks : pd.DataFrame
        ``track_id, genre``.
    settings : Split
        Shares and seed.

    Returns
    -------
    pd.Series
        With the index of ``tracks``.
    """
    alone = tracks[["genre"]].assign(group=tracks["track_id"])
    places = place_groups(alone, demanded(settings), seed=settings.seed)
    return alone["group"].map(places).map(dict(enumerate(SIDES)))


def window_sides(windows: pd.DataFrame, settings: Split) -> pd.Series:
    """The side of each window when every track's windows are divided.

    A track's windows are drawn in an order that seed, id and start decide; each side gets its
    share of them, and what is over goes to a side by lot.

    Parameters
    ----------
    windows : pd.DataFrame
        ``track_id, start_s``, one row a window.
    settings : Split
        Shares and seed.

    Returns
    -------
    pd.Series
        With the index of ``windows``.
    """
    track, ids = pd.factorize(windows["track_id"])
    names = pd.Index(windows["track_id"] + "@" + windows["start_s"].map(repr))
    drawn = np.lexsort((keyed_digests(names, settings.seed), track))
    n = np.bincount(track)
    rank = np.empty(len(track))
    rank[drawn] = np.arange(len(track)) - np.repeat(np.cumsum(n) - n, n)
    lots = keyed_digests(ids, settings.seed) / 2**64
    edges = np.cumsum(settings.shares)[:-1]
    side = np.searchsorted(edges, (rank + lots[track]) / n[track], side="right")
    return pd.Series(np.array(SIDES)[side], index=windows.index)
