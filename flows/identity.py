"""A process that is known again later: by then its number alone may be another's."""

from contextlib import suppress

import psutil

from genrenet.settings import Settings

TOLERANCE_S = 2  # the machine's start is known to the second, and may be corrected by one


class Identity(Settings):
    """Which process is meant.

    Attributes
    ----------
    pid : int
        Its number.
    begun_s : float
        When it began, counted from the machine's start: the clock may be set meanwhile.
    """

    pid: int
    begun_s: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        """That of a process that runs."""
        booted = psutil.boot_time()
        return cls(pid=pid, begun_s=psutil.Process(pid).create_time() - booted)

    def __str__(self) -> str:
        return f"{self.pid}@{self.begun_s:.2f}"

    def find(self) -> psutil.Process | None:
        """The process, if it still runs."""
        with suppress(psutil.Error):
            if abs(Identity.of(self.pid).begun_s - self.begun_s) < TOLERANCE_S:
                process = psutil.Process(self.pid)
                return None if process.status() == psutil.STATUS_ZOMBIE else process
        return None
