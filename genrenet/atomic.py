"""The atomic write: a file that is whole or absent."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name to write under; it becomes ``path`` when all went well.

    A write that fails, on a full disk for one, leaves neither half a file nor the temporary one,
    and what was at ``path`` before stays. The folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own: the worker of a killed run may still be writing what its rerun writes
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
