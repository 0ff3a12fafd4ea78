"""The pictures of ``docs/day.md``, taken of the two windows: ``python -m tests.screenshots``.

``make up`` runs in the checkout, and there are two models at least: ``rebuild`` was run from
Prefect's page, then once more with another ``train.dropout``, and ``promote`` after each.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
from PIL import Image

from flows.addresses import Addresses, told
from flows.stage import conclude, say
from genrenet.errors import DataError
from tasks.run_page import MODE, run_page
from tests.browser import NO_CHROMIUM, Window, browser, chromium
from tests.flows.conftest import Api

IMAGES = Path(__file__).parents[1] / "docs/images"
NO_ASSISTANT = """
localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false')
localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')
"""
COLOURS = 128  # of a page; a picture of it is a third as large


def main() -> int:
    """Take all of them; the program's exit code."""
    return conclude(take)


def take() -> None:
    """Take every picture.

    Raises
    ------
    DataError
        The windows are not open, or there is no Chromium.
    """
    windows = told()
    if windows is None:
        raise DataError("no window is open in this checkout: run `make up` in it first.")
    if chromium() is None:
        raise DataError(f"{NO_CHROMIUM}.")
    addresses = {**prefect_pages(windows), **mlflow_pages(windows)}
    for name, (address, text) in addresses.items():
        with browser(height=900) as window:
            window.page.add_init_script(NO_ASSISTANT)
            window.open(address)
            window.see(text)
            SHOWN.get(name, lambda _: None)(window)
            _keep(window, IMAGES / f"{name}.png")
        say(f"{name}: {address}")


def prefect_pages(windows: Addresses) -> dict[str, tuple[str, str]]:
    """Pages of Prefect, and a text that each shows once it is there."""
    api, page = Api(windows.prefect), windows.prefect_page
    deployment = next(one for one in api.find("deployments") if one["name"] == "rebuild")
    artifacts = {one["key"]: one["id"] for one in api.find("artifacts")}
    run = api.last_run("rebuild")["id"]
    return {
        "prefect-deployments": (f"{page}/deployments", "refresh-model"),
        "prefect-form": (f"{page}/deployments/deployment/{deployment['id']}/run", "Parameters"),
        "prefect-run": (f"{page}/runs/flow-run/{run}", "train: "),
        "prefect-figure": (f"{page}/artifacts/artifact/{artifacts['confusion']}", "confusion"),
        "prefect-promotion": (f"{page}/artifacts/artifact/{artifacts['promotion']}", "promotion"),
    }


def mlflow_pages(windows: Addresses) -> dict[str, tuple[str, str]]:
    """Pages of MLflow, and a text that each shows once it is there."""
    client = mlflow.MlflowClient(windows.mlflow)
    experiment = client.get_experiment_by_name("genrenet").experiment_id
    found = client.search_runs([experiment], "tags.`certificate.digest` != ''")
    runs = [run for run in found if "mlflow.parentRunId" not in run.data.tags][:2]
    ids = ",".join(f'"{run.info.run_id}"' for run in runs)
    champion = client.get_model_version_by_alias("genrenet", "champion").version
    base = windows.mlflow
    which = f"runs=[{ids}]&experiments=[%22{experiment}%22]"
    compare = f"{base}/#/compare-runs?{which}&{MODE.removeprefix('?')}"
    return {
        "mlflow-run": (run_page(runs[0].info.run_id, experiment, base), "answered rightly"),
        "mlflow-compare": (compare, "Show diff only"),
        "mlflow-model": (f"{base}/#/models/genrenet/versions/{champion}", "champion"),
    }


def _unfold(window: Window) -> None:
    """Open the section of training in the form, and fill in a field."""
    window.page.get_by_text("Train", exact=True).first.click()
    box = window.field("Epochs (Optional)")
    box.fill("20")
    box.scroll_into_view_if_needed()


def _differences(window: Window) -> None:
    """Leave the parameters that differ, and show them with the metrics."""
    for switch in window.page.get_by_role("switch").all():
        switch.click()
    window.page.get_by_text("Metrics", exact=True).last.scroll_into_view_if_needed()


SHOWN: dict[str, Callable[[Window], Any]] = {
    "prefect-form": _unfold,
    "prefect-figure": Window.picture_width,
    "mlflow-compare": _differences,
}


def _keep(window: Window, path: Path) -> None:
    """Take the picture, in few colours."""
    with tempfile.TemporaryDirectory() as folder:
        window.shoot(Path(folder, path.name))
        Image.open(Path(folder, path.name)).convert("RGB").quantize(COLOURS).save(
            path, optimize=True
        )


if __name__ == "__main__":
    sys.exit(main())
