"""Prefect's API as this process sees it: absent, answering, or lost on the way.

Prefect is imported only where an API answers. Whatever Prefect fails at is a lost report, never
lost work: the first failure gives one warning and switches every later report off.
"""

import functools
import logging
import os
import sys
from collections.abc import Callable

from rich.console import Console

from flows.health import prefect_silence
from genrenet.serving.store import shown

console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
"""Where a stage speaks: standard error, so that standard output stays the program's answer."""

LOST = "warning: Prefect is lost"
N_FAILURES = 100_000  # on end, until one of Prefect's loops gives up: days
CLIENT_SETTINGS = {
    "PREFECT_CLIENT_MAX_RETRIES": "1",  # 5 by default: a minute for each call to a dead server
    "PREFECT_API_REQUEST_TIMEOUT": "10",  # 60 s by default: the same for one that hangs
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # `say` speaks to the terminal
    "PREFECT_LOGGING_HANDLERS_DEBUG_LEVEL": "CRITICAL",  # one line for each event that was lost
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",  # never a temporary server of its own
    "DO_NOT_TRACK": "1",  # no analytics
}


class Orchestrator:
    """The API at ``$PREFECT_API_URL`` as a run sees it: answering, until it is lost."""

    def __init__(self) -> None:
        self.lost = False

    def hears(self) -> bool:
        """Whether the caller stands in a flow run whose API still answers."""
        if self.lost or "prefect" not in sys.modules:
            return False
        from prefect.context import FlowRunContext

        if FlowRunContext.get() is None:
            return False
        if api_silence():  # asked first: Prefect's own client takes 10 s to give up
            self.lose("it no longer answers")
        return not self.lost

    def report(self, send: Callable[[], object]) -> None:
        """Tell the current flow run something, if there is one; a failure ends all reports."""
        if self.hears():
            try:
                send()
            except Exception as error:
                self.lose(error)

    def lose(self, reason: object) -> None:
        """Note that the API is gone: one warning, and no reports any more."""
        if self.lost:
            return
        self.lost = True
        if handlers := sys.modules.get("prefect.logging.handlers"):
            handlers.set_api_log_sink(lambda _: None)  # what is not sent need not be waited for
        console.print(f"{LOST} ({shown(str(reason))}); the work goes on without reports")


orchestrator = Orchestrator()
"""The one that this process reports to."""


class Outage(logging.Filter):
    """Stops what Prefect's own code complains of while the API is away: one warning tells it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is worth showing."""
        is_complaint = record.name.startswith("prefect") and record.levelno >= logging.WARNING
        if not is_complaint or api_answers():
            return True
        orchestrator.lose("it no longer answers")
        return False


OUTAGE = Outage()


def api_silence() -> str | None:
    """Why no Prefect API answers at ``$PREFECT_API_URL`` within two seconds; None if one does."""
    if not (url := os.environ.get("PREFECT_API_URL")):
        return "no Prefect API answers"
    why = prefect_silence(url)
    return shown(f"warning: PREFECT_API_URL={url}: {why}") if why else None


def api_answers() -> bool:
    """Whether ``$PREFECT_API_URL`` is set and answers within two seconds."""
    return api_silence() is None


def answers(url: str) -> bool:
    """Whether a Prefect API answers at ``url`` within two seconds."""
    return prefect_silence(url) is None


def import_prefect() -> None:
    """Import Prefect so that a dying API neither holds this process up nor fills its terminal.

    What the user has set in the environment stays as it is.
    """
    for name, value in CLIENT_SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.raiseExceptions = False  # else each log line that could not be sent is written out
    bear_outages()

    from prefect.events.clients import PrefectEventsClient
    from prefect.events.worker import EventsWorker, emit_events_to_cloud

    if not emit_events_to_cloud():  # 10 attempts by default: 8 s for each event at the exit
        EventsWorker.set_client_override(PrefectEventsClient, reconnection_attempts=1)


def bear_outages() -> None:
    """Let Prefect's own loops outlast an API that is away, and not fill the terminal meanwhile.

    By themselves they give up after the third failure, and a service that gives up ends the run
    that is at work.
    """
    from prefect._internal import observers
    from prefect.runner import _scheduled_run_poller as poller
    from prefect.utilities.services import critical_service_loop

    patient = functools.partial(critical_service_loop, consecutive=N_FAILURES)
    for module in (observers, poller):
        setattr(module, critical_service_loop.__name__, patient)  # they take no number themselves
    for logger in (logging.root, logging.getLogger("prefect._internal")):
        for handler in logger.handlers:
            handler.addFilter(OUTAGE)
