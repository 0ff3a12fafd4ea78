"""The group: recordings that must stay on one side, since who knows one recognises the others.

Recordings that share a name, a performer's for one, belong together, and so do those between
which others mediate: who plays alone, and the trio in which he plays.
"""

from collections.abc import Iterable, Sequence

from genrenet.corpus.spellings import likeness
from genrenet.corpus.tracks import Track

NOBODY = frozenset(
    likeness(name) for name in ("unknown", "unknown artist", "various", "various artists", "va")
)
"""What programs write where they know no name."""


def together(names: Sequence[Iterable[str]]) -> list[str | None]:
    """The group of each recording, from the names that it bears.

    Spellings of one name are one name. Recordings without names have no group.
    """
    leader: dict[str, str] = {}  # a name's likeness, and that of one which it goes with
    shown: dict[str, str] = {}
    firsts: list[str | None] = []
    for bearer in names:
        known = [(likeness(name), name) for name in bearer if likeness(name) not in NOBODY]
        for key, name in known:
            shown[key] = min(name, shown.get(key, name))
            _join(leader, key, known[0][0])
        firsts.append(known[0][0] if known else None)
    return [None if first is None else shown[_leader(leader, first)] for first in firsts]


def _join(leader: dict[str, str], one: str, other: str) -> None:
    """Put two names under the lesser of their leaders, so that their order does not matter."""
    low, high = sorted((_leader(leader, one), _leader(leader, other)))
    leader[high] = low


def _leader(leader: dict[str, str], name: str) -> str:
    above = leader.setdefault(name, name)
    while leader[above] != above:
        above = leader[above]
    leader[name] = above  # the way is short the next time
    return above


def group_warning(tracks: Sequence[Track], level: str) -> str | None:
    """What to say where groups are known of some tracks only; None where of all or of none.

    Parameters
    ----------
    tracks : sequence of Track
        The corpus.
    level : str
        What a group is, as the settings say.
    """
    unknown = [track for track in tracks if track.group is None]
    if not unknown or len(unknown) == len(tracks):
        return None
    whole = any(track.kept_together == track.track_id for track in unknown)
    return (
        f"{len(unknown)} of {len(tracks)} tracks have no known group, {unknown[0].track_id} for "
        f"one: each stands for {'itself' if whole else 'its recording'}, and the certificate will "
        f"say '{'unknown' if whole else 'recording'}', not '{level}'. Name their groups in the "
        "table of corpus.labels (track_id,genre,group; an empty genre changes none), or leave "
        "these tracks out."
    )
