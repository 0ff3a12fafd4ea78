"""The notice: whoever ``GENRENET_NOTIFY`` names is told when a deployment's run has failed.

The variable holds addresses of Apprise, one or several: ``mailto://…``, ``slack://…``,
``json://HOST`` for a webhook, and a hundred others (https://github.com/caronc/apprise/wiki).
"""

import os
from typing import TYPE_CHECKING, Any

from flows.orchestrator import console

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun, State

NOTIFY_VARIABLE = "GENRENET_NOTIFY"


def notify(flow: Any, flow_run: "FlowRun", state: "State") -> None:
    """Tell of a run that ended so; a hook of Prefect's, which may not fail."""
    title = f"genrenet: {flow.name}: {state.name}"
    send(title, f"{state.message or 'no reason is given'}\n{_page(flow_run)}".strip())


def send(title: str, body: str) -> None:
    """Send a message to every address; one that does not work gets a warning here."""
    if not (addresses := os.environ.get(NOTIFY_VARIABLE)):
        return
    import apprise

    sender = apprise.Apprise()
    if not sender.add(addresses) or not sender.notify(title=title, body=body):
        console.print(
            f"warning: {NOTIFY_VARIABLE}: a message could not be sent to each of its addresses. "
            "Check them with: apprise --body test ADDRESS"
        )


def _page(flow_run: "FlowRun") -> str:
    from prefect.utilities.urls import url_for

    return url_for(flow_run) or ""
