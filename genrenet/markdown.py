"""Markdown: tables and names in what is written for people."""

from collections.abc import Iterable, Sequence

MOST_LINES = 10  # of a list on a page: the whole of it stands in a table
LONGEST_NAME = 60  # letters
SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|~$&"})


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, n_texts: int = 1) -> list[str]:
    """The lines of a table; after so many columns of text come figures, which end flush."""
    rule = ["---"] * n_texts + ["---:"] * (len(header) - n_texts)
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def plain(name: object, n_most: int = LONGEST_NAME) -> str:
    """A name in one line, as it stands, whatever its signs mean in Markdown; long ones are cut."""
    text = " ".join(str(name).split())
    return (text if len(text) <= n_most else text[: n_most - 1] + "…").translate(SPECIAL)


def more(n: int, what: str) -> list[str]:
    """What to say below a list that was cut after ``MOST_LINES`` of ``n``."""
    return ["", f"And {n - MOST_LINES:,} more {what}."] if n > MOST_LINES else []
