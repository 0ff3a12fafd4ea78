"""The plan: which tracks stand in which shard, decided by a track's id alone.

A plan knows everything that decides a shard's bytes. A shard whose footer says the same is kept,
so that a killed run resumes, a rerun writes nothing, and another track rewrites one shard.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genrenet.features.fingerprint import REVISION
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing


@dataclass(frozen=True, kw_only=True, slots=True)  # slots: a million of them are planned at once
class Source:
    """A track as a shard sees it: where the audio is, and the hash that it must have.

    Attributes
    ----------
    track_id, path, content_hash : str
        Its id, its file and the hash of the file's bytes.
    start_s, end_s : float
        The segment, in s; ``end_s`` None means the end of the file.
    audio_s : float
        Length of the segment, in s; 0 where nobody has looked. Decides nothing.
    decode_s : float
        Core-seconds that decoding a second of it takes. Decides nothing.
    """

    track_id: str
    path: str
    content_hash: str
    start_s: float = 0.0
    end_s: float | None = None
    audio_s: float = field(default=0.0, compare=False)
    decode_s: float = field(default=0.0, compare=False)

    @property
    def fingerprint(self) -> str:
        """What the rows of this track depend on, besides the settings."""
        end = "" if self.end_s is None else repr(self.end_s)
        return f"{self.content_hash} {self.start_s!r}-{end}"


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """Everything that decides a shard's bytes.

    Attributes
    ----------
    path : Path
        Where the shard is to be.
    sources : tuple of Source
        Its tracks.
    spec : Preprocessing
        The specification.
    augment : Augment or None
        None for originals; else the shard holds this augmentation's copies and no original.
    """

    path: Path
    sources: tuple[Source, ...]
    spec: Preprocessing
    augment: Augment | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """What the footer must say for the shard to be kept."""
        return {
            "specification": self.spec.model_dump(mode="json"),
            "specification_hash": self.spec.hash,
            "augmentation": self.augment and self.augment.identity,
            "fingerprint": REVISION if self.augment is None else None,  # copies have none
            "tracks": {source.track_id: source.fingerprint for source in self.sources},
        }


def shard_of(track_id: str, n_shards: int) -> int:
    """The shard of a track: decided by its id alone, so that adding one moves no other."""
    key = hashlib.blake2b(track_id.encode(), digest_size=8, key=b"genrenet shard").digest()
    return int.from_bytes(key, "little") % n_shards


def plan_shards(
    sources: Iterable[Source],
    folder: Path,
    spec: Preprocessing,
    *,
    n_shards: int,
    augment: Augment | None = None,
) -> list[ShardPlan]:
    """Distribute tracks over shards; shards without a track are left out."""
    members: dict[int, list[Source]] = {}
    for source in sources:
        members.setdefault(shard_of(source.track_id, n_shards), []).append(source)
    return [
        ShardPlan(
            path=folder / f"shard-{index:05d}-of-{n_shards:05d}.parquet",
            sources=tuple(sorted(members[index], key=lambda source: source.track_id)),
            spec=spec,
            augment=augment,
        )
        for index in sorted(members)
    ]
