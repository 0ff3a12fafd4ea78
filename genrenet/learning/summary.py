"""The summary: what a registered version's description begins with."""

from collections.abc import Mapping
from typing import Any

MOST_LETTERS = 5_000  # of a description: what MLflow's table has room for


def version_summary(metrics: Mapping[str, Any], model: str, report: str) -> str:
    """How good a version is, what vouches for that, and how to ask it, in Markdown.

    Parameters
    ----------
    metrics : mapping
        What ``metrics.json`` says.
    model : str
        The version's address, such as ``models:/genrenet/3``.
    report : str
        The address of the report in its run, seen from MLflow's pages.
    """
    track, certificate = metrics["track"], metrics["certificate"]
    lines = [
        f"**{track['accuracy']:.1%}** of {track['n']:.0f} held-out tracks are answered rightly "
        f"({track['accuracy_low']:.1%} to {track['accuracy_high']:.1%} over groups). Classical "
        f"baseline {metrics['baseline']['accuracy']:.1%}, most common class "
        f"{track['majority']:.1%}.",
        "",
        f"Certificate: level `{certificate['level']}`, split `{certificate['digest']}`. "
        f"[Report]({report}), with tables and figures beside it, in its run; the same are among "
        "its own files.",
        "",
        "```",
        f"genrenet predict --model {model} song.mp3",
        "```",
        "",
        "```python",
        "from genrenet.serving.classifier import Classifier",
        "",
        f'Classifier.load("{model}").predict("song.mp3").label',
        "```",
        "",
    ]
    return "\n".join(lines)


def with_card(summary: str, card: str) -> str:
    """The summary with the card below it; without, where both are more than MLflow has room for."""
    whole = f"{summary}\n---\n\n{card}"
    if len(whole) <= MOST_LETTERS:
        return whole
    return f"{summary}\nThe model card, `model_card.md`, is among its files.\n"
