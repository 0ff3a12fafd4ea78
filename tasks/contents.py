"""The content: a file's bytes, as the digest by which it is known."""

from pathlib import Path

import xxhash

BLOCK_BYTES = 1 << 20


def content_hash(path: Path) -> str:
    """Hash of a file's bytes (XXH3, 128 bit: as fast as the disk)."""
    hasher = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            hasher.update(block)
    return hasher.hexdigest()
