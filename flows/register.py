"""Stage ``register``: the bundle becomes a version of the MLflow model, as the challenger."""

import json
import sys

from flows.pages import prefect_page, show_run
from flows.results import CARD, METRICS, REPORT, log_report
from flows.stage import main, say, step
from genrenet.params import Params
from genrenet.serving.bundle import BUNDLE, read_bundle
from tasks.registry import CHALLENGER, register_bundle


def register(params: Params) -> None:
    """Register the bundle with its report; the champion moves by promotion alone."""
    bundle, name = read_bundle(BUNDLE), params.register_.name
    show_run(step(log_report)(prefect_page()))  # a store that lacks the run gets it from the bundle
    card, metrics = CARD.read_text("utf-8"), json.loads(METRICS.read_text("utf-8"))
    number = step(register_bundle)(bundle, BUNDLE, REPORT, name, card, metrics)
    accuracy = metrics["track"]["accuracy"]
    say(f"register: models:/{name}/{number}, alias {CHALLENGER}; test accuracy {accuracy:.1%}")


if __name__ == "__main__":
    sys.exit(main(register))
