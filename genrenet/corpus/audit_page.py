"""The audit's page: what was proved of a split, and what it cannot prove, for people."""

from collections.abc import Mapping
from typing import Any

from genrenet.corpus.audit import LEVELS
from genrenet.corpus.duplicates import KINDS
from genrenet.corpus.properties import PROPERTIES
from genrenet.markdown import MOST_LINES, more, plain, table

LONGEST_WARNING = 400  # letters
PROVED = {
    "tracks": "tracks",
    "groups": "groups",
    "recordings": "recordings: by path, content or parent, with their segments and copies",
    "duplicates": "pairs of duplicates",
}


def audit_page(about: Mapping[str, Any]) -> str:
    """The page in Markdown.

    Parameters
    ----------
    about : mapping
        What ``audit.json`` holds; of a table that was made elsewhere a part of it.
    """
    parts = [
        _verdict(about),
        _sides(about),
        _duplicates(about["duplicates"]) if "duplicates" in about else [],
        _shortcut(about["shortcut"]) if about.get("shortcut") else [],
        _confounds(about["confounds"]),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _verdict(about: Mapping[str, Any]) -> list[str]:
    ours = "duplicates" in about  # nobody has listened to the recordings of another table
    names = [name for name in PROVED if ours or name != "duplicates"]
    rows = [(PROVED[name], f"{about['proved'][name]:,}", "0") for name in names]
    unheard = "another take of a piece is no duplicate" if ours else "duplicates were not sought"
    return [
        "# Leak audit: passed",
        "",
        f"{LEVELS[about['level']]} Certificate: level `{about['level']}`, split "
        f"`{about['digest']}`.",
        "",
        *table(["what must stay on one side", "looked at", "on two sides"], rows),
        "",
        "This was proved from the tables alone, whoever made the split. It rests on what they "
        f"say: groups are as they were named, and {unheard}.",
    ]


def _sides(about: Mapping[str, Any]) -> list[str]:
    """Tracks by genre and side, and what could not be honoured."""
    counts: Mapping[str, Mapping[str, int]] = about["counts"]
    largest = about.get("imbalance", {}).get("largest", {})
    genres = sorted({genre for side in counts.values() for genre in side})
    rows = [
        (
            plain(genre),
            *(f"{side.get(genre, 0):,}" for side in counts.values()),
            *([f"{100 * largest[genre]:.0f}"] if largest else []),
        )
        for genre in genres
    ]
    totals = ("all", *(f"{sum(side.values()):,}" for side in counts.values()))
    groups = ("groups", *(f"{about['groups'][side]:,}" for side in counts))
    empty = ("",) if largest else ()
    head = ["genre", *map(plain, counts), *(["points from wanted"] if largest else [])]
    told = [f"- {plain(warning, LONGEST_WARNING)}" for warning in about.get("warnings", [])]
    return [
        "## Sides",
        "",
        *table(head, [*rows, (*totals, *empty), (*groups, *empty)]),
        *(["", "What could not be honoured:", "", *told] if told else []),
    ]


def _duplicates(about: Mapping[str, Any]) -> list[str]:
    """How many pairs there are of each kind, and which have two labels."""
    kinds = [(KINDS[kind], f"{n:,}") for kind, n in about["kinds"].items()]
    conflicts = about["conflicts"]
    rows = [[plain(cell) for cell in conflict] for conflict in conflicts[:MOST_LINES]]
    told = [
        f"**{len(conflicts):,} of them have two genres: one label of each pair is wrong, or the "
        "genres overlap.** `duplicates.csv` has the whole list; labels are mended in "
        "`corpus.labels`.",
        "",
        *table(["track", "genre", "the same as", "genre"], rows, n_texts=4),
        *more(len(conflicts), "pairs"),
    ]
    return [
        "## Duplicates",
        "",
        *(table(["what two tracks have in common", "pairs"], kinds) if kinds else ["None."]),
        *(["", *told] if conflicts else []),
    ]


def _shortcut(about: Mapping[str, Any]) -> list[str]:
    """How well files alone tell the genre, and how to read it."""
    alone = [(PROPERTIES[name], f"{value:.1%}") for name, value in about["alone"].items()]
    far = about["accuracy_low"] > about["majority"]
    read = (
        "**Files tell genres apart here: a model may have learned the file and not the music.** "
        "Level, noise floor and the bit rate of compressed files follow the sound as well, and "
        "may tell a genre honestly; rate, channels, format and duration never do. Compare a "
        "model's score with this one; convert all recordings to one format, rate and level, or "
        "test on recordings from elsewhere."
        if far
        else "That is no more than always answering the most common genre gives, within chance: "
        "the files give little away."
    )
    return [
        "## Shortcuts",
        "",
        f"Unheard, from {', '.join(PROPERTIES.values())} alone, "
        f"**{about['accuracy']:.1%}** of {about['n_tracks']:,} tracks "
        f"({about['accuracy_low']:.1%} to {about['accuracy_high']:.1%} over groups) are given "
        f"their genre by a classifier that does not know their groups; balanced over genres "
        f"{about['balanced_accuracy']:.1%}, the most common genre {about['majority']:.1%}. {read}",
        *(["", *table(["by itself", "accuracy"], alone)] if alone else []),
    ]


def _confounds(about: Mapping[str, Any]) -> list[str]:
    """How far genre and group coincide, and how to read it."""
    shares = about["largest_share"]
    rows = [(plain(g), f"{n:,}", f"{shares[g]:.0%}") for g, n in about["n_groups"].items()]
    several, one = about["n_of_several"], about["n_of_one_genre"]
    told = (
        "No group has two tracks: nobody has said which belong together, or none do."
        if not one + several
        else f"Of {one + several:,} groups with two tracks or more, {one:,} are heard in one genre "
        "only. Who recognises such a group knows its genre, so only groups that the model has not "
        "heard can test it; where a genre has few, its score hangs on them."
    )
    few = [plain(genre) for genre in about["few_groups"]]
    warning = f"**Fewer than three groups: {', '.join(few)}.**" if few else ""
    return [
        "## Genre and group",
        "",
        told,
        *(["", warning] if few else []),
        "",
        *table(["genre", "groups", "share of the largest"], rows),
    ]
