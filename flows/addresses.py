"""The addresses of the services that ``make up`` runs, for whoever works beside them."""

import json
from pathlib import Path

from genrenet.atomic import replacing
from genrenet.checkout import checkout
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
    """

    prefect: str
    mlflow: str

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


def tell(addresses: Addresses) -> None:
    """Leave the addresses for others."""
    with replacing(_file()) as temporary:
        temporary.write_text(addresses.model_dump_json(), "utf-8")


def forget() -> None:
    """Take the addresses back."""
    _file().unlink(missing_ok=True)


def told() -> Addresses | None:
    """The addresses that were left; the services may have been killed since."""
    try:
        return Addresses(**json.loads(_file().read_text("utf-8")))
    except (OSError, ValueError):
        return None


def _file() -> Path:
    return checkout() / HOME / "up.json"
