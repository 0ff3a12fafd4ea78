"""A trial: a network and the classical baseline, judged once; files in, files out.

It belongs to a study. It makes no bundle, has no certificate and cannot be registered.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genrenet.atomic import replacing
from genrenet.corpus.tracks import read_table
from genrenet.features.shards import shard_paths
from genrenet.learning.answers import answers
from genrenet.learning.backend import prepare_backend
from genrenet.learning.network_input import NetworkInput
from genrenet.learning.portions import PORTIONS_SCHEMA, starts
from genrenet.sections.features import Preprocessing
from genrenet.sections.train import Train
from genrenet.serving.bundle import network_input, write_json

MOST_TAUGHT = 10_000  # windows, evenly spread, to the baseline: its time grows with their square


@dataclass(frozen=True, kw_only=True)
class TrialJob:
    """Everything that decides a trial.

    Attributes
    ----------
    features, portion : Path
        Shards of originals, and the table of windows by side.
    spec : Preprocessing
        The specification that the shards have.
    settings : Train
        The recipe.
    seed : int
        Of the network.
    out : Path
        Folder for the answers.
    n_threads : int > 0
        Threads of the numerical libraries; another number, another rounding.
    """

    features: Path
    portion: Path
    spec: Preprocessing
    settings: Train
    seed: int
    out: Path
    n_threads: int = 1

    @property
    def answers(self) -> Path:
        """Where the answers to the test windows go."""
        return self.out / "answers.parquet"


@dataclass(frozen=True, kw_only=True)
class TrialReport:
    """How a trial went; its answers lie in ``folder``."""

    folder: Path
    best_epoch: int
    history: dict[str, list[float]]
    wall_s: float

    @property
    def n_epochs(self) -> int:
        """How many epochs the network was trained for."""
        return len(self.history["loss"])


def run_trial(job: TrialJob) -> TrialReport:
    """Train both on the train windows and write what they answer to the test windows.

    The same job gives the same answers on one machine. One that is done is not done again.
    """
    done = job.out / "report.json"
    if done.exists():
        return TrialReport(folder=job.out, **json.loads(done.read_text("utf-8")))
    prepare_backend(job.n_threads)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of every new network
    begin = time.perf_counter()
    portion = read_table(job.portion, PORTIONS_SCHEMA)
    names = sorted(portion["genre"].unique())
    y_prob, about = _network(job, portion, names)
    by_model = {"network": y_prob, "baseline": _baseline(job, portion, names)}
    test = portion[portion["split"] == "test"]
    with replacing(job.answers) as temporary:
        answers(test, by_model, names).to_parquet(temporary, index=False)
    about["wall_s"] = time.perf_counter() - begin
    write_json(about, done)
    return TrialReport(folder=job.out, **about)


def _network(
    job: TrialJob, portion: pd.DataFrame, names: list[str]
) -> tuple[np.ndarray, dict[str, Any]]:
    """The network's probabilities for the test windows, and how it learned."""
    from genrenet.learning.networks import logits
    from genrenet.learning.training import train_network

    windows = _window_sets(job, portion, network_input(job.settings, job.spec))
    labels = {row.track_id: names.index(row.genre) for row in portion.itertuples()}
    trained = train_network(
        windows["train"], windows.get("validation"), labels, job.settings, seed=job.seed
    )
    values = {
        side: _in_order(windows[side], lambda x: logits(trained.network, x))
        for side in windows
        if side != "train"
    }
    about = {"best_epoch": trained.best_epoch, "history": trained.history}
    return _calibrated(values, portion, names), about


def _baseline(job: TrialJob, portion: pd.DataFrame, names: list[str]) -> np.ndarray:
    """The classical baseline's probabilities for the test windows."""
    from genrenet.learning.baseline import class_scores, fit_baseline, window_statistics

    cepstrum = NetworkInput(feature="mfcc", floor_db=0.0, n_mels=job.spec.n_mels)
    statistics = {
        side: _in_order(windows, window_statistics)
        for side, windows in _window_sets(job, portion, cepstrum).items()
    }
    x, genres = statistics.pop("train"), portion.loc[portion["split"] == "train", "genre"]
    step = -(-len(x) // MOST_TAUGHT)
    machine = fit_baseline(x[::step], genres.to_numpy()[::step])
    values = {side: class_scores(machine, x, names) for side, x in statistics.items()}
    return _calibrated(values, portion, names)


def _window_sets(job: TrialJob, portion: pd.DataFrame, prepare: NetworkInput) -> dict[str, Any]:
    """A window set for each side that has windows."""
    from genrenet.learning.dataset import WindowSet

    shards = shard_paths(job.features)
    return {
        str(side): WindowSet(shards, sorted(begins), prepare, starts=begins)
        for side, begins in ((side, starts(rows)) for side, rows in portion.groupby("split"))
    }


def _in_order(windows: Any, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What a function makes of the windows, by track and time, as the portion's rows are."""
    made = [(function(x), track) for x, track in windows.in_order()]
    values, track = (np.concatenate(part) for part in zip(*made, strict=True))
    return np.asarray(values[np.argsort(track, kind="stable")])


def _calibrated(
    values: dict[str, np.ndarray], portion: pd.DataFrame, names: list[str]
) -> np.ndarray:
    """Probabilities of the test windows, at the temperature that suits the validation tracks."""
    from genrenet.learning.calibration import fit_temperature, probabilities

    temperature = 1.0
    if "validation" in values:
        rows = portion[portion["split"] == "validation"]
        track, _ = pd.factorize(rows["track_id"])
        genres = rows.drop_duplicates("track_id")["genre"]
        y_true = genres.map(names.index).to_numpy()
        temperature = fit_temperature(values["validation"], track, y_true)
    return probabilities(values["test"], temperature)
