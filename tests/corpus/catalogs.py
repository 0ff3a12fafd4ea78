"""Catalogs made up for tests: tracks of genres and groups, without audio."""

import pandas as pd
from hypothesis import strategies as st

from genrenet.corpus.splits import split_tracks
from genrenet.sections.corpus import Split


def catalog(**groups):
    """Tracks of genres, each given as the sizes of its groups."""
    rows = [
        {
            "track_id": f"{genre}/{group}/{n}",
            "path": f"{genre}/{group}/{n}.wav",
            "genre": genre,
            "group": f"{genre}-{group}",
            "group_known": True,
            "fold": None,
            "split": None,
        }
        for genre, sizes in groups.items()
        for group, size in enumerate(sizes)
        for n in range(size)
    ]
    return pd.DataFrame(rows)


def sides(tracks, *, placed=None, **changes):
    """Track id and side."""
    table = split_tracks(tracks, Split(**changes), placed=placed).table
    return dict(zip(table["track_id"], table["split"], strict=True))


def _with_guests(tracks, guests):
    """The same tracks, some of them by a group of another genre."""
    hosts = sorted(set(tracks["group"]))
    renamed = {hosts[guest % len(hosts)]: hosts[host % len(hosts)] for guest, host in guests}
    return tracks.assign(group=tracks["group"].replace(renamed))


sizes = st.lists(st.integers(1, 12), min_size=3, max_size=12)
corpora = st.lists(sizes, min_size=2, max_size=6).map(
    lambda genres: catalog(**{f"genre{n}": groups for n, groups in enumerate(genres)})
)
"""Every genre has three groups or more, each of which plays one genre."""
mixed_corpora = st.builds(
    _with_guests,
    corpora,
    st.lists(st.tuples(st.integers(0, 71), st.integers(0, 71)), max_size=8),
)
"""Some groups play several genres, and some genres have fewer than three groups."""
