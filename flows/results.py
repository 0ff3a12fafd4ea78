"""The results: where ``evaluate`` leaves its report, and how it reaches MLflow.

Apart from ``evaluate``, so that ``register`` imports neither scikit-learn nor matplotlib.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from genrenet.corpus.audit import AUDIT
from genrenet.serving.bundle import BUNDLE, content_hash, read_bundle
from tasks import model_run

REPORTS = Path("reports")
METRICS, CARD = REPORTS / "metrics.json", REPORTS / "model_card.md"
FIGURES, PREDICTIONS = REPORTS / "figures", REPORTS / "predictions.parquet"
BY_CLASS = REPORTS / "by_class.csv"
CONFUSION, CURVES = REPORTS / "confusion.csv", REPORTS / "curves.csv"

# By name: whatever else lies in the folder, such as excerpts of recordings, is nobody else's.
REPORT = (METRICS, CARD, BY_CLASS, CONFUSION, CURVES, PREDICTIONS, AUDIT, FIGURES)

SHOWN = {
    "track": "by_track",  # MLflow compares runs by the first metric, in order or in the alphabet
    "window": "by_window",
    "baseline": "classical",
    "shortcut": "shortcut",
}


def log_report(links: Mapping[str, str]) -> str:
    """Log the bundle's training and its report to the MLflow run of the bundle; the run's id.

    ``links`` are the pages of what did it, by stage.
    """
    bundle, content = read_bundle(BUNDLE), content_hash(BUNDLE)
    seeds = json.loads((BUNDLE / "history.json").read_text("utf-8"))
    model_run.record_training(bundle, content, seeds, links=links)
    report = json.loads(METRICS.read_text("utf-8"))
    figures = {
        f"{shown}/{name}": value
        for unit, shown in SHOWN.items()
        for name, value in report.get(unit, {}).items()
    } | model_run.seed_metrics(seeds)
    files = [METRICS, CARD, BY_CLASS, PREDICTIONS, AUDIT, *sorted(FIGURES.glob("*.png"))]
    return model_run.record_evaluation(bundle, content, figures, files)
