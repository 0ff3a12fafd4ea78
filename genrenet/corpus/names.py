"""The name: one spelling of a text for every disk, and what another disk would merge.

macOS used to write ``é`` as two signs (NFD), all others write it as one (NFC); both look alike
and are two names on Linux. Track ids, genres and groups are kept in NFC, so that one corpus has
the same ids everywhere; paths stay as the disk has them.
"""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

SHOWN = 3  # clashes in a note: enough to find the folder


def composed(text: str) -> str:
    """The text in the form NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def ids_of(paths: Iterable[str]) -> dict[str, str]:
    """Path and track id: the path in NFC, or as it is where two forms of one name lie there."""
    paths = list(paths)
    taken = {path for path in paths if composed(path) == path}
    ids: dict[str, str] = {}
    for path in paths:
        name = composed(path)
        ids[path] = name if path == name or name not in taken else path
        taken.add(name)
    return ids


def clashes(paths: Iterable[str]) -> list[tuple[str, ...]]:
    """Files and folders whose names differ in case or in Unicode form alone, the highest first.

    What lies in clashing folders clashes with them and is not listed on its own.
    """
    alike: dict[str, set[str]] = {}
    for name in _with_folders(paths):
        alike.setdefault(composed(name.casefold()), set()).add(name)
    found = [tuple(sorted(names)) for names in alike.values() if len(names) > 1]
    own = [names for names in found if len({PurePosixPath(n).parent for n in names}) == 1]
    return sorted(own, key=lambda names: (names[0].count("/"), names))


def clash_note(paths: Iterable[str]) -> str | None:
    """What to say of names that a Mac or Windows would merge; None where there are none."""
    found = clashes(paths)
    if not found:
        return None
    first = "; ".join(" and ".join(names) for names in found[:SHOWN])
    return (
        f"names differ in case or Unicode form alone ({len(found)} times): {first}. They are "
        "different here; a copy of the corpus on macOS or Windows would keep one of each. "
        "Rename them."
    )


def _with_folders(paths: Iterable[str]) -> set[str]:
    names: set[str] = set()
    for path in paths:
        name = path
        while name and name not in names:
            names.add(name)
            name = name.rpartition("/")[0]
    return names
