"""Judge a bundle on the held-out tracks: shards in, a report out."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from genrenet.corpus.audit import split_digest
from genrenet.errors import DataError
from genrenet.features.shards import read_footer, shard_paths
from genrenet.learning.baseline import fit_baseline, track_statistics
from genrenet.learning.dataset import WindowSet
from genrenet.learning.evaluation import Report, judge
from genrenet.learning.network_input import NetworkInput
from genrenet.learning.provenance import check_copies, check_provenance
from genrenet.sections.train import Evaluate
from genrenet.serving.bundle import Bundle, certificate_of
from genrenet.serving.classifier import Classifier


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Where the evaluation's inputs are."""

    bundle: Path
    features: Path
    augmented: Path


def evaluate_bundle(paths: Paths, splits: pd.DataFrame, settings: Evaluate) -> Report:
    """Score the network and the baseline on the test side.

    Raises
    ------
    DataError
        The model saw what it may not have seen or has no certificate for this split, a shard's
        features are not the model's, or a test track has no window.
    """
    classifier = Classifier.load(paths.bundle)
    bundle, shards = classifier.bundle, shard_paths(paths.features)
    _check_honesty(bundle, paths, splits)
    _check_specification(shards, bundle.specification_hash)
    rows = splits[splits["split"] == "test"].reset_index(drop=True)
    test = WindowSet(shards, list(rows["track_id"]), bundle.network_input)
    outputs = [(classifier.probabilities(x), track) for x, track in test.in_order()]
    y_prob = np.concatenate([values for values, _ in outputs])
    track = np.concatenate([numbers for _, numbers in outputs])
    without = set(range(len(rows))) - set(track.tolist())
    if without:
        raise DataError(
            f"{len(without)} test tracks have no window in {paths.features}, for example "
            f"{rows['track_id'][min(without)]}. Run 'dvc repro'."
        )
    answers = _baseline_answers(shards, splits, rows, bundle.specification.n_mels)
    return judge(rows, y_prob, track, answers, bundle.labels, settings)


def _check_honesty(bundle: Bundle, paths: Paths, splits: pd.DataFrame) -> None:
    """Refuse a model that saw more than it may, or that no audit of this split vouches for."""
    digest, train = split_digest(splits), splits.loc[splits["split"] == "train", "track_id"]
    provenance = json.loads((paths.bundle / "provenance.json").read_text("utf-8"))
    check_provenance(provenance, splits, digest)
    certificate = certificate_of(bundle)
    if certificate.digest != digest:
        raise DataError(
            f"the model's certificate is of the split {certificate.digest}, the present one is "
            f"{digest}. Train again: dvc repro train."
        )
    copies = paths.augmented.glob("shard-*.parquet")
    copied = [track_id for path in copies for track_id in read_footer(path)["tracks"]]
    check_copies(copied, set(train), paths.augmented)


def _check_specification(shards: list[Path], expected: str) -> None:
    for path in shards:
        found = read_footer(path)["specification_hash"]
        if found != expected:
            raise DataError(
                f"{path}: was made under another specification ({found}) than the model was "
                f"trained under ({expected}). Run 'dvc repro'."
            )


def _baseline_answers(
    shards: list[Path], splits: pd.DataFrame, test: pd.DataFrame, n_mels: int
) -> list[str]:
    """The classical baseline, fitted on the train tracks' originals."""
    cepstrum = NetworkInput(feature="mfcc", floor_db=0.0, n_mels=n_mels)
    train = splits[splits["split"] == "train"]
    statistics = [
        track_statistics(WindowSet(shards, list(rows["track_id"]), cepstrum))
        for rows in (train, test)
    ]
    machine = fit_baseline(statistics[0], train["genre"].to_numpy())
    return [str(answer) for answer in machine.predict(statistics[1])]
