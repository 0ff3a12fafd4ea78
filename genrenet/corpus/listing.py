"""The listing: the tracks that a layout found, and what somebody should know of them."""

from dataclasses import dataclass

from genrenet.corpus.tracks import Track


@dataclass(frozen=True)
class Listing:
    """Tracks whose audio nobody has opened yet.

    Attributes
    ----------
    tracks : list of Track
        What the corpus holds.
    warnings : tuple of str
        What was left out, or could be better; nothing that stops the work.
    """

    tracks: list[Track]
    warnings: tuple[str, ...] = ()
