"""The page on label doubts: which tracks to hear again, why, and how far to trust the list."""

from collections.abc import Mapping

import pandas as pd

from genrenet.markdown import plain, table

LEAST_LEAD = 0.1  # over the commonest genre's share: below it answers say little of a label
MOST_ROWS = 20  # of pairs of genres, and of groups


def doubts_page(
    doubts: pd.DataFrame,
    groups: pd.DataFrame,
    tracks: pd.DataFrame,
    pictures: Mapping[str, str],
    *,
    file: str,
) -> str:
    """The page in Markdown.

    Parameters
    ----------
    doubts, groups : pd.DataFrame
        What `genrenet.learning.second_hearing` lists: tracks, and groups as a whole.
    tracks : pd.DataFrame
        All tracks that were judged: ``genre`` and ``prediction``.
    pictures : mapping of str to str
        Track id and where its timeline is, from the page; the page lists these tracks.
    file : str
        The name of the whole list.
    """
    shown = doubts[doubts["track_id"].isin(pictures)]
    n_torn, n_more = int((doubts["twin"] != "").sum()), len(doubts) - len(shown)
    lines = [
        "# Label doubts",
        "",
        f"**{len(doubts):,} of {len(tracks):,} labels are worth a second hearing**, the most "
        "doubtful first"
        + (f"; {n_torn:,} of them because a duplicate has another label." if n_torn else "."),
        "",
        *_trust(tracks),
        *(_list(shown, pictures) if len(shown) else []),
        *([f"{n_more:,} more are in `{file}`.", ""] if n_more else []),
        *(_confusions(doubts) if len(doubts) else []),
        *(_groups(groups) if len(groups) else []),
        "## How they were found",
        "",
        "By models that heard neither the track nor anything of its group: the mean of what the "
        "network and the classical baseline of its fold say. They mishear an unknown artist as a "
        "whole, so the group's other tracks speak as well, as far as their labels fit their own "
        "sound and as far as the groups of this corpus are of one genre. In doubt is a track that "
        "is now as surely of another genre as that genre's own tracks are (confident learning, "
        "Northcutt et al. 2021).",
        "",
        "## What to do",
        "",
        f"Listen. Copy `{file}`, strike the lines whose label was right (the column `genre` is "
        "the likelier one, which will hold), name the copy in `corpus.labels` or add its lines to "
        "the table there, and run `dvc repro`: no recording is analysed again.",
        "",
    ]
    return "\n".join(lines)


def _trust(tracks: pd.DataFrame) -> list[str]:
    """How good the judges are."""
    right = float((tracks["genre"] == tracks["prediction"]).mean())
    commonest = float(tracks["genre"].value_counts(normalize=True).max())
    lines = [
        f"By sound alone the judges agree with {right:.1%} of all labels; always answering the "
        f"commonest genre would agree with {commonest:.1%}.",
        "",
    ]
    if right < commonest + LEAST_LEAD:
        lines += ["**That is too little to go by: most of this list may be wrong.**", ""]
    return lines


def _list(doubts: pd.DataFrame, pictures: Mapping[str, str]) -> list[str]:
    header = ["", "track", "given", "likelier", "by its sound", "in its group", "heard"]
    rows = [
        [
            f"{place}",
            plain(row.track_id)
            + (f"<br>the same recording as {plain(row.twin)}" if row.twin else ""),
            plain(row.given),
            f"**{plain(row.genre)}**",
            f"{row.p_given:.2f} : **{row.p_genre:.2f}**",
            f"{row.n_given} : **{row.n_genre}**",
            f"[timeline]({pictures[row.track_id]})",
        ]
        for place, row in enumerate(doubts.itertuples(), start=1)
    ]
    return [
        "Given : likelier are the probabilities by the sound alone, and how many other tracks of "
        "the group have these labels.",
        "",
        *table(header, rows, n_texts=len(header)),
        "",
    ]


def _confusions(doubts: pd.DataFrame) -> list[str]:
    """Which genre is in doubt for which."""
    counts = doubts.value_counts(["given", "genre"]).head(MOST_ROWS)
    rows = [
        [plain(given), plain(genre), f"{n}"]
        for (given, genre), n in zip(counts.index, counts.tolist(), strict=True)
    ]
    return ["## Which for which", "", *table(["given", "likelier", "tracks"], rows, n_texts=2), ""]


def _groups(groups: pd.DataFrame) -> list[str]:
    """Whole groups, of which the list of tracks does not tell."""
    rows = [
        [
            plain(row.group),
            f"{row.n_tracks}",
            plain(row.given),
            f"**{plain(row.genre)}**",
            f"{row.p_given:.2f} : **{row.p_genre:.2f}**",
        ]
        for row in groups.head(MOST_ROWS).itertuples()
    ]
    header = ["group", "tracks", "given", "likelier", "by its sound"]
    return [
        "## Whole groups",
        "",
        f"{len(groups):,} groups whose labels agree sound like another genre. They are labelled "
        "wrongly throughout, or, more often, the models do not know this way of playing. Their "
        "tracks are not in the list; hear one of each.",
        "",
        *table(header, rows, n_texts=len(header)),
        "",
    ]
