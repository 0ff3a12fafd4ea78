"""Users: somebody who has no rights, since root may read and write wherever it likes."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65_534


@contextmanager
def nobody(folder: Path) -> Iterator[None]:
    """Be a user without rights who may write into pytest's ``folder``, if root runs the tests."""
    if os.geteuid() != 0:
        yield
        return
    with _opened(folder):
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)


@contextmanager
def _opened(folder: Path) -> Iterator[None]:
    """Let everybody into pytest's own folders, which are for their owner alone, for a while."""
    top = Path(tempfile.gettempdir()).resolve()
    ours = [above for above in (folder, *folder.parents) if top in above.parents] or [folder]
    modes = {path: path.stat().st_mode for path in ours}
    shared = os.open(ours[-1], os.O_RDONLY)
    try:
        fcntl.flock(shared, fcntl.LOCK_EX)  # or another worker would close them under our feet
        for path, mode in modes.items():
            path.chmod(mode | 0o055)
        folder.chmod(modes[folder] | 0o077)
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
        os.close(shared)
