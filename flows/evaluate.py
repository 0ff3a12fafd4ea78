"""Stage ``evaluate``: the report on tracks that the model never saw."""

import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from flows.augment import AUGMENTED
from flows.features import FEATURES
from flows.pages import prefect_page, show_run
from flows.results import (
    BY_CLASS,
    CARD,
    CONFUSION,
    CURVES,
    FIGURES,
    METRICS,
    PREDICTIONS,
    log_report,
)
from flows.stage import main, picture, say, step, table
from genrenet.corpus.audit import read_audit
from genrenet.corpus.gtzan import ceiling_warning
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import read_table
from genrenet.learning.card import model_card
from genrenet.learning.evaluation import Report
from genrenet.params import Params
from genrenet.serving.bundle import BUNDLE, Bundle, certificate_of, read_bundle, write_json
from tasks.evaluate import Paths, evaluate_bundle
from tasks.train import sides


def evaluate(params: Params) -> None:
    """Judge the bundle on the test side, draw the figures, log all to MLflow."""
    splits = read_table(SPLITS, SPLITS_SCHEMA)
    paths = Paths(bundle=BUNDLE, features=FEATURES, augmented=AUGMENTED)
    judged = step(evaluate_bundle)(paths, splits, params.evaluate)
    report = replace(judged, shortcut=read_audit(splits)["shortcut"])
    bundle = read_bundle(BUNDLE)
    seeds = json.loads((BUNDLE / "history.json").read_text("utf-8"))
    step(write_report)(report, bundle, seeds, splits, params)
    show_run(step(log_report)(prefect_page()))
    _show(report, bundle)


def write_report(
    report: Report,
    bundle: Bundle,
    seeds: list[dict[str, Any]],
    splits: pd.DataFrame,
    params: Params,
) -> None:
    """Write figures, tables and the model card."""
    certificate = certificate_of(bundle)
    write_json({**report.to_json(), "certificate": certificate.model_dump()}, METRICS)
    report.by_class().to_csv(BY_CLASS, index=False)
    report.predictions.to_parquet(PREDICTIONS, index=False)
    pairs = report.predictions[["genre", "prediction"]]
    pairs.set_axis(["actual", "predicted"], axis=1).to_csv(CONFUSION, index=False)
    best = next(seed for seed in seeds if seed["seed"] == bundle.seed)
    history = pd.DataFrame(best["history"])
    history.insert(0, "epoch", range(1, len(history) + 1))
    history.to_csv(CURVES, index=False)
    _draw(report, bundle, best)
    on_side = sides(splits)
    about = {
        "name": params.register_.name,
        "level": certificate.level,
        "split_digest": certificate.digest,
        "specification": bundle.specification_hash,
        "seed": bundle.seed,
        "confidence": params.evaluate.confidence,
        "versions": bundle.versions,
        "n_train": len(on_side["train"]),
        "n_validation": len(on_side.get("validation", [])),
    }
    CARD.write_text(model_card(report, about), "utf-8")


def _draw(report: Report, bundle: Bundle, best: dict[str, Any]) -> None:
    from genrenet.learning import curves, plots

    names, confusion = list(bundle.labels), report.track.confusion
    number = {name: n for n, name in enumerate(names)}
    y_true = report.predictions["genre"].map(number).to_numpy()
    y_prob = np.column_stack([report.predictions[f"p: {name}"] for name in names])
    rows = [
        ("network", report.track.accuracy, *report.interval),
        ("classical baseline", report.baseline["accuracy"], *report.baseline_interval),
    ]
    if files := report.shortcut:
        ends = (files["accuracy_low"], files["accuracy_high"])
        rows.append(("files alone (all tracks)", files["accuracy"], *ends))
    figures = {
        "confusion": plots.confusion_matrix(
            confusion, names, normalised=False, title="Test tracks by genre and answer"
        ),
        "confusion-normalised": plots.confusion_matrix(
            confusion, names, normalised=True, title="Answers to each genre's test tracks"
        ),
        "learning-curves": curves.learning_curves(
            best["history"], best_epoch=best["best_epoch"], title=f"Learning, seed {best['seed']}"
        ),
        "roc": curves.roc_curves(y_true, y_prob, names),
        "precision-recall": curves.precision_recall_curves(y_true, y_prob, names),
        "accuracy": plots.scores_with_intervals(
            rows, majority=report.track.majority, title="Test tracks answered rightly"
        ),
    }
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        picture(figure, FIGURES / f"{name}.png")


def _show(report: Report, bundle: Bundle) -> None:
    track, (low, high) = report.track, report.interval
    score = (
        f"{track.accuracy:.1%} of {len(report.predictions)} test tracks "
        f"({low:.1%}–{high:.1%}), baseline {report.baseline['accuracy']:.1%}, "
        f"most common class {track.majority:.1%}; groups known as: {certificate_of(bundle).level}"
    )
    about = f"{score}. By class, support being its test tracks:"
    table("metrics", report.by_class().to_dict("records"), description=about)
    say(f"evaluate: {score}")
    if files := report.shortcut:
        say(
            f"evaluate: file properties alone tell the genre of {files['accuracy']:.1%} of all "
            f"tracks ({files['accuracy_low']:.1%}–{files['accuracy_high']:.1%})"
        )
    if warning := ceiling_warning(bundle.params.corpus, track.accuracy):
        say(f"evaluate: warning: {warning}")


if __name__ == "__main__":
    sys.exit(main(evaluate))
