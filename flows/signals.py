"""How a process takes signals."""

import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any


def handle(numbers: Iterable[signal.Signals], handler: Callable[..., Any] | int) -> None:
    """Handle signals so, where Python allows it: in the main thread."""
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            signal.signal(number, handler)
