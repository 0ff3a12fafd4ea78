"""What augmentation is worth: one network, official folds, several seeds, each way of copying.

``python -m benchmarks.augmentation --corpus ../esc10 --work FOLDER``, where the corpus is a folder
with ``meta.csv`` (file, label, group, fold). Each fold is tested once, the next one chooses the
epoch; every way takes the same number of training steps. Accuracy is by clip. What was trained is
kept in the folder: a study that was interrupted goes on. Half an hour on two cores.
"""

import argparse
import itertools
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from genrenet.corpus.layouts import corpus_folder, read_tracks
from genrenet.corpus.splits import split_tracks
from genrenet.corpus.tracks import usable
from genrenet.features.plans import plan_shards
from genrenet.features.shards import shard_paths
from genrenet.sections.augment import Augment
from genrenet.sections.compute import Compute
from genrenet.sections.corpus import Corpus, Split
from genrenet.sections.features import Features
from genrenet.sections.train import Train
from tasks.extraction import sources
from tasks.fanout import absolute, fan_out
from tasks.probe import Hashes, probe_tracks
from tasks.shards import build_shard

FEATURES = Features(hop_length=1_024, window_s=5.0, overlap_s=0.0, trim_db=None)
COPIES, EPOCHS = 2, 20
METHODS = ("none", "warp", "render")
console = Console()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training: which copies, which fold is tested, which seed."""

    method: str
    fold: int
    seed: int
    folder: Path
    splits: pd.DataFrame


def trial(job: Trial) -> dict[str, Any]:
    """Train, and score the tested fold by clip."""
    from genrenet.learning.backend import prepare_backend

    prepare_backend(1)
    import numpy as np

    from genrenet.learning.dataset import WindowSet
    from genrenet.learning.networks import logits
    from genrenet.learning.training import train_network
    from genrenet.serving.bundle import network_input

    begin = time.perf_counter()
    names = sorted(job.splits["genre"].unique())
    labels = {row.track_id: names.index(row.genre) for row in job.splits.itertuples()}
    ids = {side: sorted(rows["track_id"]) for side, rows in job.splits.groupby("split")}
    originals = shard_paths(job.folder / "features")
    copies = [] if job.method == "none" else shard_paths(job.folder / job.method)
    epochs = EPOCHS * (1 + COPIES) if job.method == "none" else EPOCHS
    settings = Train(epochs=epochs, patience=epochs, windows_per_track=None)
    prepare = network_input(settings, FEATURES.specification)
    trained = train_network(
        WindowSet([*originals, *copies], ids["train"], prepare),
        WindowSet(originals, ids["validation"], prepare),
        labels,
        settings,
        seed=job.seed,
    )
    test = WindowSet(originals, ids["test"], prepare)
    right = total = 0
    for x, track in test.in_order():
        answers = np.argmax(logits(trained.network, x), axis=1)
        right += int(sum(answers == [labels[test.track_ids[n]] for n in track]))
        total += len(track)
    return {
        "method": job.method,
        "fold": job.fold,
        "seed": job.seed,
        "accuracy": right / total,
        "best_epoch": trained.best_epoch,
        "wall_s": round(time.perf_counter() - begin, 1),
    }


def main() -> None:
    """Build the shards, train everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    work, labels = absolute(given.work), Path(given.work) / "labels.csv"
    work.mkdir(parents=True, exist_ok=True)
    labels.write_text("track_id,genre\n", "utf-8")
    corpus = Corpus(
        path=given.corpus,
        layout="manifest",
        manifest="meta.csv",
        columns={"path": "file", "genre": "label"},
        labels=str(labels),
    )
    folder = corpus_folder(corpus)
    hashes = Hashes(work / "hashes.parquet")
    catalog = usable(probe_tracks(read_tracks(corpus), folder, hashes, advance=lambda _: None))
    every, spec = sources(catalog, folder), FEATURES.specification
    plans = plan_shards(every, work / "features", spec, n_shards=4)
    for method in METHODS[1:]:  # of every track; a training reads those of its train side
        settings = Augment(method=method, copies=COPIES)
        plans += plan_shards(every, work / method, spec, n_shards=4, augment=settings)
    compute = Compute(executor="ray")
    for report in fan_out(build_shard, plans, compute=compute, estimate_s=math.inf):
        console.print(f"{report.name}: {report.n_windows} windows")
    folds = {
        n: split_tracks(catalog, Split(policy="folds", test_fold=n)).table for n in range(1, 6)
    }
    trials = [
        Trial(method=method, fold=fold, seed=seed, folder=work, splits=folds[fold])
        for seed, fold, method in itertools.product(range(given.seeds), folds, METHODS)
    ]
    done = work / "trials.json"
    rows = json.loads(done.read_text("utf-8")) if done.exists() else []
    known = {(row["method"], row["fold"], row["seed"]) for row in rows}
    trials = [job for job in trials if (job.method, job.fold, job.seed) not in known]
    for row in fan_out(trial, trials, compute=compute, estimate_s=math.inf):
        rows.append(row)
        console.print(row)
        (work / "trials.json").write_text(json.dumps(rows, indent=1), "utf-8")
    table = pd.DataFrame(rows)
    by_fold = table.groupby(["method", "seed", "fold"])["accuracy"].mean().groupby("method")
    console.print(by_fold.agg(["mean", "std", "count"]).mul([100, 100, 1]).round(2).to_string())
    by_seed = table.groupby(["method", "seed"])["accuracy"].mean().unstack().mul(100).round(2)
    console.print(by_seed.to_string())


if __name__ == "__main__":
    main()
