"""What a stage says while it works: to the terminal, and to its Prefect run if it has one."""

import math
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.orchestrator import console, orchestrator

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def say(message: str) -> None:
    """One line, to standard error and to the Prefect run's log."""
    console.print(message)
    log(message)


def log(message: str) -> None:
    """One line to the Prefect run's log, of what a terminal shows in another way."""
    orchestrator.report(lambda: _log(message))


def table(name: str, rows: Sequence[Mapping[str, Any]], *, description: str = "") -> None:
    """Show ``rows`` as a table artifact of the Prefect run; nothing where there is none.

    Numbers keep four digits: more would push the last columns off the page.
    """
    orchestrator.report(lambda: _create_table(name, rows, description))


def picture(figure: "Figure", path: Path, *, key: str = "") -> None:
    """Write a figure as a PNG file, which is also an image artifact of the Prefect run if any.

    Its key is the file's name, unless ``key`` is given. The picture travels within the artifact:
    Prefect's page shows addresses, and the file is at none that every browser reaches.
    """
    from genrenet.learning.canvas import save

    save(figure, path)
    about = figure.get_suptitle()
    orchestrator.report(lambda: _create_image(path, artifact_key(key or path.stem), about))


def link(name: str, address: str, *, text: str) -> None:
    """Show an address as a link artifact of the Prefect run; nothing where there is none."""
    orchestrator.report(lambda: _create_link(name, address, text))


def _create_table(name: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    from prefect.artifacts import create_table_artifact

    create_table_artifact(
        [{column: _legible(value) for column, value in row.items()} for row in rows],
        key=artifact_key(name),
        description=description,
    )


def _legible(value: Any) -> Any:
    """Four digits of a number that is not whole, and never less than its whole part."""
    if not isinstance(value, float):
        return value
    return round(value) if 1_000 <= abs(value) < math.inf else float(f"{value:.4g}")


def _create_image(path: Path, key: str, description: str) -> None:
    from prefect.artifacts import create_image_artifact

    content = b64encode(path.read_bytes()).decode()
    address = f"data:image/png;base64,{content}"
    create_image_artifact(address, key=key, description=description)


def _create_link(name: str, address: str, text: str) -> None:
    from prefect.artifacts import create_link_artifact

    create_link_artifact(address, link_text=text, key=artifact_key(name), description=text)


def _log(message: str) -> None:
    from prefect.logging import get_run_logger

    get_run_logger().info(message)


def artifact_key(name: str) -> str:
    """``name`` as an artifact's key: lowercase letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
