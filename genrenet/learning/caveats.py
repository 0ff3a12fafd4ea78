"""Caveats: what may mislead a model of a corpus, or whoever reads its score, in Markdown."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from genrenet.corpus.audit import LEVELS
from genrenet.corpus.census import by_side
from genrenet.corpus.duplicates import KINDS
from genrenet.corpus.properties import PROPERTIES
from genrenet.corpus.sides import SIDES
from genrenet.markdown import MOST_LINES, more, plain, table

LONGEST_WARNING = 400  # letters


def duplicates(pairs: pd.DataFrame) -> list[str]:
    """How many pairs there are of each kind, and which have two labels.

    Parameters
    ----------
    pairs : pd.DataFrame
        As `genrenet.corpus.duplicates.labelled` gives them.
    """
    if not len(pairs):
        return ["None was found: no recording is there twice."]
    counts = pairs["kind"].value_counts().sort_index()
    rows = [(KINDS[kind], f"{n:,}") for kind, n in counts.items()]
    return [*table(["what two tracks have in common", "pairs"], rows), "", *_conflicts(pairs)]


def split(tracks: pd.DataFrame, audit: Mapping[str, Any]) -> list[str]:
    """What stands on which side, and what the certificate is worth.

    Parameters
    ----------
    tracks : pd.DataFrame
        The census.
    audit : mapping
        What ``reports/audit.json`` holds.
    """
    n_tracks, n_groups = by_side(tracks)
    rows = [
        (plain(genre), *(_counted(n_tracks.loc[genre, s], n_groups.loc[genre, s]) for s in SIDES))
        for genre in n_tracks.index
    ]
    groups = tracks.groupby("side")["group"].nunique()
    total = ("all", *(_counted(n_tracks[side].sum(), groups.get(side, 0)) for side in SIDES))
    least, most = n_tracks["train"].min(), n_tracks["train"].max()
    warnings = [f"- {plain(warning, LONGEST_WARNING)}" for warning in audit["warnings"]]
    return [
        LEVELS[audit["level"]],
        "",
        f"Certificate: level `{audit['level']}`, split `{audit['digest']}`. Of the genre with most "
        f"train tracks there are {most / max(least, 1):.1f} times as many as of that with fewest.",
        "",
        *table(["tracks (groups)", *SIDES], [*rows, total]),
        *(["", *warnings[:MOST_LINES]] if warnings else []),
    ]


def shortcuts(audit: Mapping[str, Any]) -> list[str]:
    """What a model may know without having heard the music, or other music.

    Parameters
    ----------
    audit : mapping
        What ``reports/audit.json`` holds.
    """
    groups = audit["confounds"]
    one, several = groups["n_of_one_genre"], groups["n_of_several"]
    few = ", ".join(map(plain, groups["few_groups"][:MOST_LINES]))
    return [
        _of_files(audit["shortcut"])
        if audit["shortcut"]
        else "There is one group, of which nothing could be held out to measure what files tell.",
        "",
        f"Of {one + several:,} groups of two tracks or more, {one:,} are heard in one genre only: "
        "who recognises such a group knows its genre."
        + (f" Fewer than three groups have: {few}." if few else ""),
        "",
        "How to read this: `audit.md`.",
    ]


def _conflicts(pairs: pd.DataFrame) -> list[str]:
    conflicts = pairs[pairs["conflict"]]
    if not len(conflicts):
        return ["No sound has two genres."]
    columns = ["track_id", "genre", "other_id", "other_genre"]
    rows = [[plain(cell) for cell in row] for row in conflicts[columns].to_numpy()[:MOST_LINES]]
    return [
        f"**{len(conflicts):,} of them have two genres: one label of each pair is wrong, or both "
        "are right and no model can tell.**",
        "",
        *table(["track", "genre", "the same as", "genre"], rows, n_texts=4),
        *more(len(conflicts), "pairs"),
    ]


def _of_files(found: Mapping[str, Any]) -> str:
    ranked = sorted(found["alone"].items(), key=lambda one: -one[1])  # JSON has them by name
    best = [f"; {PROPERTIES[name]} by itself {share:.1%}" for name, share in ranked[:1]]
    return (
        f"Files alone, unheard ({', '.join(PROPERTIES.values())}), give "
        f"**{found['accuracy']:.1%}** of the tracks their genre "
        f"({found['accuracy_low']:.1%} to {found['accuracy_high']:.1%} over groups). "
        f"Always answering the most common genre gives {found['majority']:.1%}"
        f"{''.join(best)}."
    )


def _counted(n_tracks: int, n_groups: int) -> str:
    return f"{n_tracks:,} ({n_groups:,})" if n_tracks else "–"
