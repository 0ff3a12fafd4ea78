"""The addresses of the services that ``make up`` runs, for whoever works beside them."""

import json
from pathlib import Path

from filelock import FileLock

from flows.identity import Identity
from genrenet.atomic import replacing
from genrenet.checkout import checkout
from genrenet.serving.store import shown
from genrenet.settings import Settings

HOME = Path(".prefect")  # in the checkout: Prefect's history, logs, and this

UP_VARIABLE = "GENRENET_UP"
"""Names the ``make up`` that a process belongs to."""


class Addresses(Settings):
    """Where Prefect's API and MLflow's page are.

    Attributes
    ----------
    prefect : str
        Prefect's API, such as ``http://127.0.0.1:4200/api``.
    mlflow : str
        MLflow's page, such as ``http://127.0.0.1:5000``.
    store : str
        What that page shows: its own address, or that of a database.
    processes : tuple of Identity
        ``make up`` itself, and what passes its services' lines on.
    """

    prefect: str
    mlflow: str
    store: str = ""
    processes: tuple[Identity, ...] = ()

    @property
    def prefect_page(self) -> str:
        """Where a person looks at Prefect."""
        return self.prefect.removesuffix("/api")


def home() -> Path:
    """The folder of the services' own files, which git does not see."""
    folder = checkout() / HOME
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", "utf-8")
    return folder


def up_lock() -> FileLock:
    """What ``make up`` holds as long as it runs."""
    return FileLock(checkout() / HOME / "up.lock", timeout=0)


def tell(addresses: Addresses) -> None:
    """Leave the addresses for others, without the passwords in them."""
    with replacing(_file()) as temporary:
        values = addresses.model_dump(mode="json").items()
        left = {name: shown(one) if isinstance(one, str) else one for name, one in values}
        temporary.write_text(json.dumps(left), "utf-8")


def forget() -> None:
    """Take the addresses back."""
    _file().unlink(missing_ok=True)


def left() -> Addresses | None:
    """The addresses that ``make up`` has left; it may have been killed since."""
    try:
        return Addresses(**json.loads(_file().read_text("utf-8")))
    except (OSError, ValueError):
        return None


def told() -> Addresses | None:
    """The addresses that ``make up`` has left, as long as it runs."""
    there = left()
    return there if there and there.processes and there.processes[0].find() else None


def _file() -> Path:
    return checkout() / HOME / "up.json"
