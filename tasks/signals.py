"""How a process takes signals."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM)
"""What asks a process to stop."""


def handle(numbers: Iterable[signal.Signals], handler: Callable[..., Any] | int) -> None:
    """Handle signals so, where Python allows it: in the main thread."""
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            signal.signal(number, handler)


@contextmanager
def own_signals() -> Iterator[None]:
    """Take signals afterwards as before: Ray's own way with SIGTERM is to abort the process."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            handle((number,), handler or signal.SIG_DFL)
