"""*Suspend* in Prefect's page: the run at work stops, and goes on where it was when it is resumed.

Prefect changes the run's state and leaves the rest to the run.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import UUID

from flows.runs import current_flow_run, is_deployed
from tasks.signals import handle

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

LOOK_S = 3  # between looks at the run's own state


@contextmanager
def suspendable() -> Iterator[None]:
    """Interrupt the work once its run is suspended, as Ctrl-C does; Prefect takes it up again.

    Raises
    ------
    prefect.exceptions.Pause
        It was suspended: this process has nothing more to do.
    """
    run_id = current_flow_run()
    if not is_deployed() or run_id is None:
        yield
        return
    from prefect.exceptions import Pause

    handle((signal.SIGINT,), signal.default_int_handler)
    watch = _Watch(run_id)
    watch.start()
    try:
        yield
    except KeyboardInterrupt:
        if watch.found is None:
            raise
        raise Pause(state=watch.found) from None
    finally:
        watch.ended.set()


class _Watch(threading.Thread):
    """Looks whether a run is suspended, and interrupts the main thread once it is."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__(daemon=True)
        self.run_id = run_id
        self.ended = threading.Event()
        self.found: State | None = None

    def run(self) -> None:
        while not self.ended.wait(LOOK_S):
            with suppress(Exception):  # the API is away: the next time
                self._look()
            if self.found and not self.ended.is_set():
                # to that thread itself: it may be waiting for DVC's next line
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                return

    def _look(self) -> None:
        from prefect import get_client

        with get_client(sync_client=True) as client:
            state = client.read_flow_run(self.run_id).state
        if state and state.is_paused() and state.state_details.pause_reschedule:
            self.found = state
