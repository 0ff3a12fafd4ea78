"""The spelling: names that only look different, or only look alike.

``Hip-Hop``, ``hip hop`` and ``hiphop`` are three classes to a program and one to a person; so are
two ways in which keyboards write one Persian word. Nothing is merged here: who wrote the names
knows whether they mean one thing.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

import yaml

SILENT = frozenset(["Zs", "Pd", "Pc", "Cf", "Cc"])
"""Categories of signs that are seen and not read: blanks, dashes, underscores, joiners."""
SAME_LETTERS = str.maketrans(
    {
        "\u064a": "\u06cc",  # yeh: Arabic keyboards write another one than Persian ones
        "\u0649": "\u06cc",  # alef maksura, which has the same shape
        "\u0643": "\u06a9",  # kaf, likewise
        "\u0640": None,  # kashida, which only stretches a word
        "\ufe0e": None,  # as text
        "\ufe0f": None,  # as a picture
    }
)

NOT_OF_NUMBERS = re.compile(r"(?<!\d) | (?!\d)")  # blanks without a digit on both sides
SHOWN = 3  # groups in a warning: enough to see how they differ
WIDTH = 1 << 20  # of YAML: one line, to be pasted


def likeness(name: str) -> str:
    """What two spellings of one name have in common: letters, whatever their case and form.

    Digits stay apart where something parts them: 1-2 is not 12.
    """
    folded = unicodedata.normalize("NFKC", name).casefold().translate(SAME_LETTERS)
    parts = "".join(" " if unicodedata.category(s) in SILENT else s for s in folded).split()
    read = NOT_OF_NUMBERS.sub("", " ".join(parts))
    return unicodedata.normalize("NFKC", read) or name


def alike(names: Iterable[str]) -> list[dict[str, int]]:
    """Names that are spelled in several ways.

    Returns
    -------
    list of dict
        For each such name its spellings and how often they occur, the most frequent first.
    """
    spellings: dict[str, dict[str, int]] = {}
    for name, n in sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])):
        spellings.setdefault(likeness(name), {})[name] = n
    return [ways for ways in spellings.values() if len(ways) > 1]


def group_spelling_warning(groups: Iterable[str]) -> str | None:
    """What to say of groups that are spelled in several ways; None where there are none."""
    found = alike(groups)
    if not found:
        return None
    first = "; ".join(" and ".join(f"'{way}'" for way in ways) for ways in found[:SHOWN])
    return (
        f"{len(found)} groups differ in their spelling alone: {first}. If they are one, they can "
        "stand on two sides of the split: give them one name in the table of corpus.labels."
    )


def spelling_warning(genres: Iterable[str]) -> str | None:
    """What to say of genres that are spelled in several ways; None where there are none."""
    found = alike(genres)
    if not found:
        return None
    seen = [" and ".join(f"'{way}' ({n} tracks)" for way, n in ways.items()) for ways in found]
    rename = {way: next(iter(ways)) for ways in found for way in list(ways)[1:]}
    pasted = yaml.safe_dump(
        {"rename": rename}, allow_unicode=True, default_flow_style=None, width=WIDTH
    )
    return (
        f"genres differ in their spelling alone: {'; '.join(seen)}. Each spelling is a class of "
        "its own. If they mean one thing, write this under corpus: in params.yaml:\n"
        f"  {pasted.strip()}"
    )
