"""Crossings: what belongs together and stands on different sides, from tables alone.

Tracks belong together that have one id, one group or one recording, or that are duplicates. A
*recording* is a file, known by its path and by its content, or the ``parent`` that a table names.
It knows nothing of how a split was made, and asks no row by itself: a million take seconds.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

KINDS = {
    "track": "tracks on two sides at once",
    "group": "groups",
    "duplicate": "pairs of duplicates",
    "span": "recordings, by overlapping spans",
    "segment": "recordings, by different segments",
    "sibling": "recordings, by copies",
}
"""Kinds of crossings, and what is counted of each."""

COLUMNS = ("kind", "unit", "track_id", "split", "other_id", "other_split")
RECORDING = (("track_id", "parent"), ("path",), ("content_hash",))
GROUP = (("group",), ("catalog_group",))


def find_crossings(rows: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Everything that crosses, each torn unit once.

    Parameters
    ----------
    rows : pd.DataFrame
        ``track_id, group, group_known, split``, and what is known of ``catalog_group`` (before
        duplicates joined any), ``path``, ``content_hash``, ``parent`` (the id of what a track is a
        copy or a segment of), ``start_s`` and ``end_s``.
    pairs : pd.DataFrame
        Duplicates: ``track_id, other_id``. What is not among the rows still connects others.

    Returns
    -------
    pd.DataFrame
        ``kind, unit, track_id, split, other_id, other_split``: the unit and one pair of its tracks.
    """
    rows = rows.reset_index(drop=True)
    side = pd.factorize(rows["split"])[0]
    found = [
        _named("track", rows, *_torn(pd.factorize(rows["track_id"])[0], side)),
        _named("group", rows, *_torn(_numbered(_with_own_groups(rows), GROUP), side), unit="group"),
        _named("duplicate", rows, *_parted(rows["track_id"], pairs, side)),
        *_of_recordings(rows, side),
    ]
    return pd.concat(found, ignore_index=True)


def number_of_recordings(rows: pd.DataFrame) -> int:
    """How many recordings the tracks are from, as far as the table tells."""
    return len(np.unique(_numbered(rows, RECORDING)))


def pairs_within(ids: pd.Series, pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Places among ``ids`` of the pairs' tracks, where both are there; the first of equal ids."""
    first = pd.Index(ids[~ids.duplicated()])
    places = np.flatnonzero(~ids.duplicated())
    one, other = (first.get_indexer(pairs[name]) for name in ("track_id", "other_id"))
    both = (one >= 0) & (other >= 0)
    return places[one[both]], places[other[both]]


def _with_own_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """A track without a group is its own, also where its id happens to be a group's name."""
    known = rows["group_known"].to_numpy(bool)
    own = ~known & (rows["group"] == rows["track_id"]).to_numpy(bool)
    names = pd.factorize(rows["group"])[0]
    return rows.assign(group=rows["group"].mask(own & np.isin(names, names[known])))


def _numbered(rows: pd.DataFrame, columns: Sequence[Sequence[str]]) -> np.ndarray:
    """Number of what each row belongs to: rows are of one where any value of a column agrees.

    Columns in one tuple share their names, as ``parent`` names a ``track_id``.
    """
    ends, n_nodes = [], len(rows)
    for names in columns:
        for_each = [rows[name] for name in names if name in rows]
        if len(for_each) == len(names):
            codes, values = pd.factorize(pd.concat(for_each, ignore_index=True))
            row = np.tile(np.arange(len(rows)), len(names))
            ends.append(np.stack([row, codes + n_nodes])[:, codes >= 0])
            n_nodes += len(values)
    links = np.concatenate([np.empty((2, 0), int), *ends], axis=1)
    graph = coo_array((np.ones(links.shape[1], bool), links), shape=(n_nodes, n_nodes))
    number: np.ndarray = connected_components(graph, directed=False)[1][: len(rows)]
    return number


def _torn(unit: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each unit on two sides a pair of rows: its first, and the first on another side."""
    _, first, unit = np.unique(unit, return_index=True, return_inverse=True)
    away = np.flatnonzero(side != side[first[unit]])
    away = away[np.unique(unit[away], return_index=True)[1]]
    return first[unit[away]], away


def _parted(ids: pd.Series, pairs: pd.DataFrame, side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the pairs that are parted; of those that an absent track connects, one pair."""
    one, other = pairs_within(ids, pairs)
    parted = side[one] != side[other]
    one, other = one[parted], other[parted]
    cluster = _clusters(ids, pairs)
    first, away = _torn(cluster, side)
    known = ids.to_numpy(object)
    through = ~np.isin(cluster[first], cluster[one]) & (known[first] != known[away])
    return np.concatenate([one, first[through]]), np.concatenate([other, away[through]])


def _clusters(ids: pd.Series, pairs: pd.DataFrame) -> np.ndarray:
    """Number of each track's duplicates, whether or not these are among ``ids``."""
    codes, names = pd.factorize(pd.concat([ids, pairs["track_id"], pairs["other_id"]]))
    ends = codes[len(ids) :].reshape(2, -1)
    graph = coo_array((np.ones(len(pairs), bool), ends), shape=(len(names), len(names)))
    number: np.ndarray = connected_components(graph, directed=False)[1][codes[: len(ids)]]
    return number


def _of_recordings(rows: pd.DataFrame, side: np.ndarray) -> list[pd.DataFrame]:
    """Recordings on two sides: their spans overlap, or do not, or nobody has said."""
    recording = _numbered(rows, RECORDING)
    one, other = _torn(recording, side)
    start_s, end_s = (_times(rows, name) for name in ("start_s", "end_s"))
    spanned = np.isin(recording, recording[~np.isnan(start_s) | ~np.isnan(end_s)])
    spans = pd.DataFrame(
        {
            "recording": recording,
            "side": side,
            "start_s": np.nan_to_num(start_s, nan=0.0),
            "end_s": np.nan_to_num(end_s, nan=np.inf),
        }
    )
    over, under = _overlapping(spans[spanned & np.isin(recording, recording[one])])
    apart = ~np.isin(recording[one], recording[over])
    segments, siblings = apart & spanned[one], apart & ~spanned[one]
    return [
        _named("span", rows, over, under),
        _named("segment", rows, one[segments], other[segments]),
        _named("sibling", rows, one[siblings], other[siblings]),
    ]


def _times(rows: pd.DataFrame, name: str) -> np.ndarray:
    """A column of seconds; not a number where nobody has said."""
    times = rows[name] if name in rows else pd.Series(np.nan, rows.index)
    return np.asarray(times, dtype=float)


def _overlapping(spans: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Of each recording one pair of rows on different sides that overlap, if there is one.

    In the order of their starts, the spans of a recording fall into runs of one side. If two of
    different sides overlap, the first span after the earlier one's run overlaps that one too. So
    it is enough to compare each run's first span with how far the run before it reached.
    """
    spans = spans.sort_values(["recording", "start_s"], kind="stable")
    run = spans[["recording", "side"]].diff().ne(0).any(axis=1).cumsum()
    reach = spans.groupby(run)["end_s"].cummax()
    row = pd.Series(spans.index, index=spans.index)
    holder = row.where(spans["end_s"] == reach).ffill()
    before = spans.shift()
    met = (spans["recording"] == before["recording"]) & (spans["side"] != before["side"])
    met &= spans["start_s"] < reach.shift()
    met &= ~spans["recording"].where(met).duplicated()
    return holder.shift()[met].to_numpy(int), row[met].to_numpy(int)


def _named(
    kind: str, rows: pd.DataFrame, one: np.ndarray, other: np.ndarray, *, unit: str = "track_id"
) -> pd.DataFrame:
    """Pairs of rows as a table of crossings."""
    wanted = [(unit, one), ("track_id", one), ("split", one), ("track_id", other), ("split", other)]
    values = (rows[name].iloc[at].to_numpy(object) for name, at in wanted)
    return pd.DataFrame(dict(zip(COLUMNS, (kind, *values), strict=True)), dtype=object)
