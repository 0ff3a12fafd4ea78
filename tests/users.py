"""Users: somebody who has no rights, since root may read and write wherever it likes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65_534


@contextmanager
def nobody(folder: Path) -> Iterator[None]:
    """Be a user without rights who may enter ``folder``, if root runs the tests."""
    if os.geteuid() != 0:
        yield
        return
    for above in (folder, *folder.parents):  # pytest's own folders are for their owner alone
        if not (mode := above.stat().st_mode) & 0o001:
            above.chmod(mode | 0o055)
    folder.chmod(folder.stat().st_mode | 0o022)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
