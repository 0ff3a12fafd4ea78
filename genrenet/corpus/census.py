"""The census: what a corpus consists of, one row a usable track, and how it is counted.

``genre`` is a category whose order is that of every table and picture: the genre of most tracks
first. Beyond ``MOST_GENRES`` the small ones are counted as one, the last.
"""

import pandas as pd

from genrenet.corpus.duplicates import joined
from genrenet.corpus.properties import file_properties
from genrenet.corpus.sides import SIDES

MOST_GENRES = 40  # lines of a table or a picture that can be taken in
CHANNELS = {1: "mono", 2: "stereo"}
MEASURES = {
    "audio_s": "duration (s)",
    "kbps": "bit rate (kbit/s)",
    "level_db": "level (dB of full scale)",
    "noise_floor_db": "noise floor (dB of full scale)",
}
"""What is measured of a recording, whatever is played in it, and how it is called."""


def census(
    catalog: pd.DataFrame, clips: pd.DataFrame, pairs: pd.DataFrame, splits: pd.DataFrame
) -> pd.DataFrame:
    """One row a track, with all that the tables say of it.

    Parameters
    ----------
    catalog : pd.DataFrame
        The tracks that have features.
    clips, pairs, splits : pd.DataFrame
        What the audio says of each, who is whose duplicate, who is on which side.

    Returns
    -------
    pd.DataFrame
        By ``track_id``: ``genre`` (see the module), ``group`` (after duplicates are joined),
        ``group_known``, ``side`` (null: on none), ``carrier`` (in words: format, rate, channels),
        and the ``MEASURES``.
    """
    tracks = joined(catalog.sort_values("track_id", ignore_index=True), pairs)
    sides = splits[["track_id", "split"]].rename(columns={"split": "side"})
    tracks = tracks.drop(columns="split").merge(sides, "left", "track_id")
    files = file_properties(tracks, clips)
    return tracks.assign(
        genre=_in_order(tracks["genre"]),
        group_known=tracks["group_known"].astype(bool),
        carrier=_carriers(tracks),
        audio_s=files["duration_s"],
        kbps=files["bit_rate"] * 1e-3,
        level_db=files["level_db"],
        noise_floor_db=files["noise_floor_db"],
    )[["track_id", "genre", "group", "group_known", "side", "carrier", *MEASURES]]


def by_genre(tracks: pd.DataFrame) -> pd.DataFrame:
    """Each genre's ``n_tracks``, ``audio_s``, ``n_groups``, and the share of its largest group."""
    genres = tracks.groupby("genre", observed=True)
    rows = genres.agg(
        n_tracks=("track_id", "size"), audio_s=("audio_s", "sum"), n_groups=("group", "nunique")
    )
    return rows.assign(largest=group_sizes(tracks).groupby("genre", observed=True).first())


def group_sizes(tracks: pd.DataFrame) -> pd.Series:
    """Share of each group in its genre, by genre and group, the largest first."""
    sizes = tracks.groupby(["genre", "group"], observed=True).size()
    shares = sizes / sizes.groupby("genre", observed=True).transform("sum")
    rows = shares.rename("share").reset_index()
    rows = rows.sort_values(["genre", "share", "group"], ascending=[True, False, True])
    return rows.set_index(["genre", "group"])["share"]


def largest_groups(tracks: pd.DataFrame, n_most: int) -> pd.DataFrame:
    """The known groups of most tracks: ``n_tracks``, ``audio_s``, ``n_genres``, one ``genre``."""
    known = tracks[tracks["group_known"]]
    rows = known.groupby("group").agg(
        n_tracks=("track_id", "size"),
        audio_s=("audio_s", "sum"),
        n_genres=("genre", "nunique"),
        genre=("genre", "first"),
    )
    return rows.sort_values(["n_tracks", "group"], ascending=[False, True]).head(n_most)


def most_common(names: pd.Series, n_most: int, *, rest: str) -> pd.Series:
    """The names as a category, the most common first; beyond ``n_most`` all are ``rest``.

    Parameters
    ----------
    names : pd.Series of str
        Any.
    n_most : int
        Categories, ``rest`` included.
    rest : str
        What the rest is called; ``{}`` becomes their number.
    """
    counts = names.value_counts().rename_axis("name").reset_index()
    order = counts.sort_values(["count", "name"], ascending=[False, True])["name"].tolist()
    if len(order) <= n_most:
        return names.astype(pd.CategoricalDtype(order, ordered=True))
    kept = order[: n_most - 1]
    last = rest.format(len(order) - len(kept))
    kind = pd.CategoricalDtype([*kept, last], ordered=True)
    return names.where(names.isin(kept), last).astype(kind)


def by_side(tracks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Number of tracks and of groups by genre (row) and side (column)."""
    placed = tracks.dropna(subset="side").groupby(["genre", "side"], observed=True)
    tables = (placed.size(), placed["group"].nunique())
    n_tracks, n_groups = (
        table.unstack(fill_value=0).reindex(columns=list(SIDES), fill_value=0) for table in tables
    )
    return n_tracks, n_groups


def reasons(quarantine: pd.DataFrame) -> pd.DataFrame:
    """What ails quarantined tracks: ``reason``, without its figures, ``n_tracks`` and one id."""
    kinds = quarantine["reason"].str.split("[:;]", n=1, regex=True).str[0]
    rows = quarantine.assign(reason=kinds).groupby("reason")["track_id"].agg(["size", "min"])
    rows = rows.reset_index().set_axis(["reason", "n_tracks", "track_id"], axis=1)
    return rows.sort_values(["n_tracks", "reason"], ascending=[False, True], ignore_index=True)


def _in_order(genres: pd.Series) -> pd.Series:
    return most_common(genres, MOST_GENRES, rest="{} other genres")


def _carriers(tracks: pd.DataFrame) -> pd.Series:
    """Format, rate and channels in words: once for each that occurs, there may be a million."""
    how = ["format", "sr", "channels"]
    kinds = tracks[how].drop_duplicates()
    words = [_in_words(*kind) for kind in kinds.itertuples(index=False)]
    return tracks[how].merge(kinds.assign(carrier=words), "left", how)["carrier"]


def _in_words(coding: str, sr: float, channels: int) -> str:
    name = coding.removesuffix(" MPEG_LAYER_III").replace("_", " ")
    return f"{name}, {sr / 1_000:g} kHz, {CHANNELS.get(channels, f'{channels:.0f} channels')}"


def hours(audio_s: float) -> str:
    """Seconds as hours, as exactly as is of use."""
    n_hours = audio_s / 3_600
    if n_hours < 1:
        return f"{n_hours:.2g}"
    return f"{n_hours:.2f}" if n_hours < 100 else f"{n_hours:,.0f}"
