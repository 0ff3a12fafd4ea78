"""The evidence of a promotion: what two versions answer to the same tracks, and how fast."""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf

from genrenet.learning.dataset import WindowSet
from genrenet.serving.classifier import Classifier
from tasks.versions import Held

CLIP_S, CLIP_SR, N_TRIALS = 30.0, 44_100, 3
UNANSWERED = ""
"""The prediction for a track that a version cannot answer: no genre, so a wrong one."""


def stored_answers(held: Held, tracks: pd.DataFrame, split: str) -> pd.DataFrame | None:
    """What a version's own report says of the tracks; None where it is not of this split.

    Parameters
    ----------
    held : Held
        The version.
    tracks : pd.DataFrame
        ``track_id, genre, group``.
    split : str
        Digest of the split that they are of.

    Returns
    -------
    pd.DataFrame or None
        ``track_id, genre, group, prediction``.
    """
    if held.split != split or held.predictions is None:
        return None
    rows = tracks.merge(held.predictions[["track_id", "prediction"]], on="track_id")
    return rows if len(rows) == len(tracks) else None


def new_answers(held: Held, tracks: pd.DataFrame, shards: list[Path]) -> pd.DataFrame:
    """What a version answers to the tracks now, from shards of its own specification.

    Returns
    -------
    pd.DataFrame
        ``track_id, genre, group, prediction``; of a track without a window, ``UNANSWERED``.
    """
    classifier = Classifier.load(held.folder)
    windows = WindowSet(shards, list(tracks["track_id"]), held.bundle.network_input)
    total = np.zeros((len(tracks), len(held.bundle.labels)))
    for x, track in windows.in_order():
        np.add.at(total, track, classifier.probabilities(x))
    labels = np.array(held.bundle.labels, object)
    answers = np.where(total.any(axis=1), labels[total.argmax(axis=1)], UNANSWERED)
    return tracks.assign(prediction=answers)


def measure_latency(held: Held) -> float:
    """How long a loaded version takes to answer a file of 30 s, in s: the median of three."""
    classifier = Classifier.load(held.folder)
    length_s = CLIP_S + held.bundle.specification.head_skip_s
    with tempfile.TemporaryDirectory(prefix="genrenet-") as folder:
        path = Path(folder, "noise.wav")
        noise = np.random.default_rng(0).normal(0, 0.1, (round(length_s * CLIP_SR), 2))
        sf.write(path, noise, CLIP_SR)
        classifier.predict(path)  # the first answer builds what the next ones find
        return statistics.median(_answer_s(classifier, path) for _ in range(N_TRIALS))


def _answer_s(classifier: Classifier, path: Path) -> float:
    begin = time.perf_counter()
    classifier.predict(path)
    return time.perf_counter() - begin
