"""The addresses of the services that ``make up`` runs, for whoever works beside them."""

import json
from pathlib import Path

from filelock import FileLock, Timeout

from genrenet.atomic import replacing
from genrenet.checkout import checkout
from genrenet.serving.store import shown
from genrenet.settings import Settings

HOME = Path(".prefect")  # in the checkout: Prefect's history, logs, and this


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
    """

    prefect: str
    mlflow: str
    store: str = ""

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
        left = {name: shown(address) for name, address in addresses.model_dump().items()}
        temporary.write_text(json.dumps(left), "utf-8")


def forget() -> None:
    """Take the addresses back."""
    _file().unlink(missing_ok=True)


def told() -> Addresses | None:
    """The addresses that ``make up`` has left, as long as it runs."""
    try:
        left = Addresses(**json.loads(_file().read_text("utf-8")))
        with up_lock():
            return None  # it was killed
    except Timeout:
        return left
    except (OSError, ValueError):
        return None


def _file() -> Path:
    return checkout() / HOME / "up.json"
