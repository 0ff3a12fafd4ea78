"""The finding: what was looked at, what was found, and what cures it.

It is shown to others: no user name and no password of an address is told.
"""

from dataclasses import dataclass
from typing import Literal

from genrenet.serving.store import shown


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One row of the doctor's table.

    Attributes
    ----------
    what : str
        What was looked at.
    found : str
        What was found.
    state : str
        ``problem``: work fails or its result is lost. ``note``: the work goes on; it is worth
        knowing.
    cure : str
        What to do about it; empty where all is well.
    """

    what: str
    found: str
    state: Literal["ok", "note", "problem"] = "ok"
    cure: str = ""


def ok(what: str, found: str) -> Finding:
    """All is well."""
    return Finding(what=what, found=shown(found))


def note(what: str, found: str, cure: str) -> Finding:
    """Worth knowing."""
    return Finding(what=what, found=shown(found), state="note", cure=shown(cure))


def problem(what: str, found: str, cure: str) -> Finding:
    """To be cured before work is done."""
    return Finding(what=what, found=shown(found), state="problem", cure=shown(cure))
