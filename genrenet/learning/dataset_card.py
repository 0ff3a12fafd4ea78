"""The dataset card: what a corpus holds, what was left out, and what could mislead a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from genrenet.corpus.census import (
    MEASURES,
    by_genre,
    hours,
    largest_groups,
    most_common,
    reasons,
)
from genrenet.learning import caveats
from genrenet.markdown import MOST_LINES, more, plain, table

QUANTILES = {"least": 0.0, "5 %": 0.05, "median": 0.5, "95 %": 0.95, "most": 1.0}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the card tells.

    Attributes
    ----------
    name : str
        What the corpus is called.
    tracks : pd.DataFrame
        The census.
    n_genres : int
        How many there are: the census counts small ones as one where there are very many.
    quarantine : pd.DataFrame
        ``track_id, reason``.
    duplicates : pd.DataFrame
        Pairs with their genres, as `genrenet.corpus.duplicates.labelled` gives them.
    audit : mapping
        What the split's audit found, as in ``reports/audit.json``.
    """

    name: str
    tracks: pd.DataFrame
    n_genres: int
    quarantine: pd.DataFrame
    duplicates: pd.DataFrame
    audit: Mapping[str, Any]


def dataset_card(facts: Facts, pictures: Mapping[str, str], gallery: Mapping[str, str]) -> str:
    """The card in Markdown.

    Parameters
    ----------
    facts : Facts
        What it tells.
    pictures : mapping of str to str
        The pictures that there are, in Markdown, by name.
    gallery : mapping of str to str
        The spectrograms of each genre, in Markdown.
    """
    shown = {name: ["", picture] for name, picture in pictures.items()}
    parts = [
        [f"# Dataset card: {plain(facts.name)}", "", *_summary(facts)],
        ["## Genres", "", *_genres(facts.tracks), *shown.get("genres", [])],
        ["## Groups", "", *_groups(facts.tracks), *shown.get("groups", [])],
        ["## Files", "", *_files(facts.tracks), *shown.get("carriers", [])],
        [*_properties(facts.tracks), *shown.get("properties", [])],
        ["## What cannot be used", "", *_quarantine(facts)],
        ["## Duplicates", "", *caveats.duplicates(facts.duplicates)],
        ["## Split", "", *caveats.split(facts.tracks, facts.audit), *shown.get("split", [])],
        ["## What gives a genre away", "", *caveats.shortcuts(facts.audit)],
        ["## What it sounds like", "", *_gallery(gallery)],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _summary(facts: Facts) -> list[str]:
    tracks = facts.tracks
    known = tracks.loc[tracks["group_known"], "group"].nunique()
    rows = [
        ("tracks", f"{len(tracks):,}"),
        ("hours", hours(tracks["audio_s"].sum())),
        ("genres", f"{facts.n_genres:,}"),
        ("known groups", f"{known:,}"),
        ("tracks in no known group", f"{(~tracks['group_known']).sum():,}"),
        ("tracks that cannot be used", f"{len(facts.quarantine):,}"),
        ("pairs of duplicates", f"{len(facts.duplicates):,}"),
        ("certificate of the split", f"level `{facts.audit['level']}`"),
    ]
    return table(["", ""], rows)


def _genres(tracks: pd.DataFrame) -> list[str]:
    rows = [
        (
            plain(row.Index),
            f"{row.n_tracks:,}",
            f"{row.n_tracks / len(tracks):.1%}",
            hours(row.audio_s),
            f"{row.n_groups:,}",
            f"{row.largest:.0%}",
        )
        for row in by_genre(tracks).itertuples()
    ]
    return table(["genre", "tracks", "share", "hours", "groups", "largest group's share"], rows)


def _groups(tracks: pd.DataFrame) -> list[str]:
    """What must stay on one side, and how large it is."""
    unknown = tracks[~tracks["group_known"]]
    told = ["Recordings that must stay on one side of the split, duplicates joined."]
    if len(unknown):
        told.append(
            f"Of {len(unknown):,} of {len(tracks):,} tracks nobody has said whose they are: each "
            "stands for itself, or for its recording."
        )
    rows = [
        (
            plain(row.Index),
            plain(row.genre) if row.n_genres == 1 else f"{row.n_genres} genres",
            f"{row.n_tracks:,}",
            hours(row.audio_s),
        )
        for row in largest_groups(tracks, MOST_LINES).itertuples()
    ]
    header = ["largest known groups", "genre", "tracks", "hours"]
    return [" ".join(told), *(["", *table(header, rows, n_texts=2)] if rows else [])]


def _files(tracks: pd.DataFrame) -> list[str]:
    kinds = most_common(tracks["carrier"], MOST_LINES, rest="{} others")
    counts = kinds.value_counts(sort=False)
    rows = [(str(name), f"{n:,}", f"{n / len(tracks):.1%}") for name, n in counts.items()]
    return table(["format, rate, channels", "tracks", "share"], rows)


def _properties(tracks: pd.DataFrame) -> list[str]:
    told = "What differs from genre to genre here, a model may learn in place of the music."
    spread = tracks[list(MEASURES)].quantile(list(QUANTILES.values()))
    rows = [
        (label, *("–" if pd.isna(value) else f"{value:,.1f}" for value in spread[name]))
        for name, label in MEASURES.items()
    ]
    return [told, "", *table(["", *QUANTILES], rows)]


def _quarantine(facts: Facts) -> list[str]:
    n_bad = len(facts.quarantine)
    if not n_bad:
        return ["Nothing: every recording was read to its end."]
    share = n_bad / (n_bad + len(facts.tracks))
    kinds = reasons(facts.quarantine)
    rows = [
        (plain(row.reason), plain(row.track_id), f"{row.n_tracks:,}")
        for row in kinds.head(MOST_LINES).itertuples()
    ]
    return [
        f"{n_bad:,} recordings, {share:.1%} of the corpus. Each with its reason: `quarantine.csv`.",
        "",
        *table(["reason", "for example", "tracks"], rows, n_texts=2),
        *more(len(kinds), "reasons"),
    ]


def _gallery(gallery: Mapping[str, str]) -> list[str]:
    told = (
        "Two tracks of each genre, of two groups where there are, as log-mel spectrograms; beside "
        "each the altered copies that training sees."
    )
    return [told, *(f"\n### {plain(genre)}\n\n{picture}" for genre, picture in gallery.items())]
