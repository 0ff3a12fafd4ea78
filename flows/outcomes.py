"""What deployed runs have come to, kept in ``.prefect/outcomes/`` until Prefect knows of it.

Prefect may be away when a run ends. Its outcome waits here, and the service that runs next, or
still runs, reports it.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import BaseModel

from flows.addresses import home
from flows.identity import Identity
from flows.orchestrator import api_answers
from genrenet.atomic import replacing

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


class Outcome(BaseModel):
    """How and when a run ended, as Prefect's states say it, and which process knew of it."""

    process: Identity
    at: datetime
    type: str
    name: str | None
    message: str | None


def keep(run_id: UUID, state: "State") -> None:
    """Leave what a run of this process has come to; nothing is known of it elsewhere yet."""
    about = Outcome(
        process=Identity.of(os.getpid()),
        at=datetime.now(UTC),
        type=state.type.value,
        name=state.name,
        message=state.message,
    )
    folder = _folder()
    folder.mkdir(exist_ok=True)
    with replacing(folder / f"{run_id}.json") as temporary:
        temporary.write_text(about.model_dump_json(), "utf-8")


def report_kept() -> None:
    """Tell Prefect of runs whose process has ended, where it has not heard of that since."""
    left = {path: Outcome.model_validate_json(path.read_bytes()) for path in _kept()}
    ended = {path: about for path, about in left.items() if not about.process.find()}
    if ended and api_answers():
        for path, about in ended.items():
            _report(UUID(path.stem), about)
            path.unlink(missing_ok=True)


def _report(run_id: UUID, about: Outcome) -> None:
    from prefect import get_client
    from prefect.client.schemas.objects import State, StateType
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            known = client.read_flow_run(run_id).state
        except ObjectNotFound:  # somebody has deleted it
            return
        if known is None or not _is_settled(known, about.at):
            state: State[None] = State(
                type=StateType(about.type), name=about.name, message=about.message
            )
            client.set_flow_run_state(run_id, state, force=True)


def _is_settled(known: "State", at: datetime) -> bool:
    """Whether Prefect knows more than was kept: that it was cancelled, its end, a retry since.

    A crash is what Prefect makes of silence.
    """
    return known.is_cancelled() or (known.timestamp >= at and not known.is_crashed())


def _kept() -> list[Path]:
    return sorted(_folder().glob("*.json"))


def _folder() -> Path:
    return home() / "outcomes"
