"""Patience: what a stumbling disk is given before its error counts."""

import errno
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

PAUSES_S = (0.1, 0.5, 2.0)
"""Between attempts, in s: a server that only stumbled is back by then."""

TRANSIENT = frozenset(
    getattr(errno, name)
    for name in (
        *("EIO", "EREMOTEIO", "ESTALE", "ETIMEDOUT", "EAGAIN", "EBUSY", "ENOTCONN"),
        *("ECONNRESET", "ECONNABORTED", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH"),
    )
    if hasattr(errno, name)  # not every system knows each
)
"""What a network folder says when it is slow; what a missing or a locked file never says."""


def patiently(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do ``work``, again after a pause where the disk or the network stumbled.

    Raises
    ------
    OSError
        The last attempt's; any other error at once.
    """
    for pause_s in PAUSES_S:
        try:
            return work(*args, **kwargs)
        except OSError as error:
            if error.errno not in TRANSIENT:
                raise
        time.sleep(pause_s)
    return work(*args, **kwargs)
