"""Duplicates: tracks that hold the same recording, and the groups that they join."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from genrenet.corpus.overlaps import Overlap
from genrenet.corpus.prints import Prints
from genrenet.corpus.spans import pairs_of_one_file

DUPLICATES = Path("data/duplicates.parquet")
DUPLICATES_SCHEMA = pa.schema(
    [
        ("track_id", pa.string()),  # the lesser of the two ids
        ("other_id", pa.string()),
        ("kind", pa.string()),  # as in KINDS
        ("start_s", pa.float64()),  # where the common part begins in the file of the one
        ("other_start_s", pa.float64()),  # and of the other; null where there is none
        ("overlap_s", pa.float64()),  # how long it is
        ("bit_error", pa.float32()),  # share of the fingerprints' bits that differ in it
    ]
)
KINDS = {
    "content": "the same bytes",
    "span": "overlapping parts of one file",
    "audio": "the same sound in another file",
    "file": "other parts of one file, in different groups",
}
"""What a pair has in common; only the parts of the last kind sound different."""


def found(tracks: pd.DataFrame, prints: Prints, overlaps: Iterable[Overlap]) -> pd.DataFrame:
    """Every pair of duplicates, once.

    Parameters
    ----------
    tracks : pd.DataFrame
        The usable rows of the catalog.
    prints : Prints
        The tracks' fingerprints.
    overlaps : iterable of Overlap
        What was found in them.

    Returns
    -------
    pd.DataFrame
        Columns of ``DUPLICATES_SCHEMA``, sorted by the ids. Of what is several kinds the first
        one in ``KINDS`` is told.
    """
    pairs = pd.concat([pairs_of_one_file(tracks), _by_sound(prints, overlaps)])
    rank = pairs["kind"].map({kind: n for n, kind in enumerate(KINDS)})
    ordered = pairs.assign(rank=rank).sort_values(["track_id", "other_id", "rank"])
    once = ordered.drop_duplicates(["track_id", "other_id"])
    return once[DUPLICATES_SCHEMA.names].reset_index(drop=True)


def labelled(pairs: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """The pairs with both genres, and whether these are in conflict: one sound has one genre.

    Parameters
    ----------
    pairs : pd.DataFrame
        Columns of ``DUPLICATES_SCHEMA``.
    tracks : pd.DataFrame
        With ``track_id`` and ``genre``.
    """
    genre = tracks.set_index("track_id")["genre"]
    one, other = pairs["track_id"].map(genre), pairs["other_id"].map(genre)
    conflict = (one != other) & (pairs["kind"] != "file")
    return pairs.assign(genre=one, other_genre=other, conflict=conflict)


def joined(tracks: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The tracks with groups that duplicates join.

    Parameters
    ----------
    tracks : pd.DataFrame
        With ``track_id`` and ``group``.
    pairs : pd.DataFrame
        With ``track_id`` and ``other_id``. What is not among the tracks still connects others.

    Returns
    -------
    pd.DataFrame
        The same rows; groups that pairs connect have the name of the least of them.
    """
    names, group = np.unique(tracks["group"].to_numpy(object), return_inverse=True)
    ids = pd.Index(tracks["track_id"])
    absent = pd.concat([pairs["track_id"], pairs["other_id"]]).drop_duplicates()
    absent = absent[~absent.isin(ids)]
    n_nodes = len(names) + len(absent)
    node = pd.Series([*group, *range(len(names), n_nodes)], index=[*ids, *absent], dtype=np.int64)
    ends = [node[pairs[name]].to_numpy() for name in ("track_id", "other_id")]
    links = coo_array((np.ones(len(pairs)), ends), shape=(n_nodes, n_nodes))
    n_joined, component = connected_components(links, directed=False)
    least = np.full(n_joined, n_nodes)
    np.minimum.at(least, component, np.arange(n_nodes))  # names are sorted, and come first
    return tracks.assign(group=names[least[component[group]]])


def _by_sound(prints: Prints, overlaps: Iterable[Overlap]) -> pd.DataFrame:
    rows = [
        {
            "track_id": prints.track_ids[overlap.track],
            "other_id": prints.track_ids[overlap.other],
            "kind": "audio",
            "start_s": prints.begin_s[overlap.track] + overlap.begin * prints.frame_s,
            "other_start_s": prints.begin_s[overlap.other] + overlap.other_begin * prints.frame_s,
            "overlap_s": prints.duration_s(overlap.n_words),
            "bit_error": overlap.bit_error,
        }
        for overlap in overlaps
    ]
    return pd.DataFrame(rows, columns=DUPLICATES_SCHEMA.names)
