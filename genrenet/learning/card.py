"""The model card: what the model is, on what it was judged, and how far to trust it."""

from collections.abc import Mapping
from typing import Any

from genrenet.corpus.audit import LEVELS
from genrenet.learning.evaluation import Report


def model_card(report: Report, about: Mapping[str, Any]) -> str:
    """The card in Markdown.

    Parameters
    ----------
    report : Report
        The evaluation.
    about : mapping
        ``name``, ``level``, ``split_digest``, ``specification`` (hash), ``seed``, ``confidence``
        of the intervals, ``versions``, ``n_train``, ``n_validation``.
    """
    track, (low, high) = report.track, report.interval
    share = f"{about['confidence']:.0%}"
    lines = [
        f"# Model card: {about['name']}",
        "",
        f"Tells {len(track.by_class)} classes apart: {', '.join(track.by_class)}.",
        "",
        "## How good is it?",
        "",
        f"On {len(report.predictions)} tracks of {report.predictions['group'].nunique()} groups "
        f"that it never saw, **{track.accuracy:.1%}** of the tracks are answered rightly "
        f"({share} interval over groups: {low:.1%} to {high:.1%}).",
        "",
        "| | accuracy | balanced accuracy | macro F1 |",
        "|---|---|---|---|",
        _row("network, by track", track),
        _row("network, by window", report.window),
        "| classical baseline, by track | "
        + " | ".join(f"{value:.1%}" for value in report.baseline.values())
        + " |",
        *_shortcut_row(report.shortcut),
        f"| always the most common class | {track.majority:.1%} | | |",
        "",
        f"The right class is among the {track.top_k} most probable for {track.top_k_accuracy:.1%} "
        f"of the tracks; the log loss is {track.log_loss:.3f} nats.",
        "",
        *_remarks(report),
        *_shortcut_remark(report),
        "## What was kept apart",
        "",
        LEVELS[about["level"]],
        "",
        f"Certificate: level `{about['level']}`, split `{about['split_digest']}`. "
        f"Learned from {about['n_train']} tracks, chosen and calibrated on "
        f"{about['n_validation']}.",
        "",
        "## By class",
        "",
        "| class | precision | recall | F1 | tracks |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {one.precision:.1%} | {one.recall:.1%} | {one.f1:.1%} | {one.support} |"
            for name, one in track.by_class.items()
        ),
        "",
        "## What it was made with",
        "",
        f"Specification `{about['specification']}`, seed {about['seed']}, "
        + ", ".join(f"{name} {number}" for name, number in about["versions"].items())
        + ".",
        "",
    ]
    return "\n".join(lines)


def _row(name: str, scores: Any) -> str:
    figures = (scores.accuracy, scores.balanced_accuracy, scores.macro_f1)
    return f"| {name} | " + " | ".join(f"{figure:.1%}" for figure in figures) + " |"


def _remarks(report: Report) -> list[str]:
    """What a careful reader would ask about."""
    remarks = []
    if report.track.constant:
        remarks.append("**It gives every track the same answer: it has learned nothing.**")
    elif report.track.never_predicted:
        names = ", ".join(report.track.never_predicted)
        remarks.append(f"**It never answers {names}.**")
    if report.track.accuracy <= report.track.majority:
        remarks.append("**It is no better than always answering the most common class.**")
    if report.track.accuracy < report.baseline["accuracy"]:
        remarks.append("**It is below the classical baseline, which costs seconds.**")
    return [line for remark in remarks for line in (remark, "")]


def _shortcut_row(shortcut: Mapping[str, Any] | None) -> list[str]:
    if shortcut is None:
        return []
    accuracy, balanced = shortcut["accuracy"], shortcut["balanced_accuracy"]
    return [f"| file properties alone, all tracks | {accuracy:.1%} | {balanced:.1%} | |"]


def _shortcut_remark(report: Report) -> list[str]:
    """What the files give away, beside what the model knows."""
    if (shortcut := report.shortcut) is None:
        return []
    told = (
        "Unheard, from format, rate, channels, bit rate, duration, level and noise floor alone, "
        f"{shortcut['accuracy']:.1%} of all tracks are told their genre by a classifier that has "
        f"not seen their groups ({shortcut['accuracy_low']:.1%} to "
        f"{shortcut['accuracy_high']:.1%}; the most common genre: {shortcut['majority']:.1%})."
    )
    if report.interval[0] <= shortcut["accuracy"]:
        told += " **The model is not shown to know more than that.**"
    return [told, ""]
