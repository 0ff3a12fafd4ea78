"""Train one seed, and make a bundle of the best: files in, files out."""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genrenet.atomic import replacing
from genrenet.corpus.splits import SPLITS_SCHEMA
from genrenet.corpus.tracks import read_table
from genrenet.errors import DataError
from genrenet.features.shards import read_footer, shard_paths
from genrenet.learning.backend import prepare_backend
from genrenet.learning.provenance import check_copies
from genrenet.sections.features import Preprocessing
from genrenet.sections.train import Train
from genrenet.serving.bundle import Bundle, make_repeatable, network_input, write_json
from tasks.epochs import epoch_ended

LIBRARIES = ("genrenet", "keras", "tensorflow", "numpy", "scipy", "soxr", "soundfile")


@dataclass(frozen=True, kw_only=True)
class SeedJob:
    """Everything that decides a seed's network.

    Attributes
    ----------
    features, augmented, splits : Path
        Shards of originals, shards of copies, the split's table.
    spec : Preprocessing
        The specification that the shards must have.
    settings : Train
        The recipe.
    seed : int
        The seed.
    out : Path
        Folder for ``model.keras``; a file in it counts the epochs.
    n_threads : int > 0
        Threads of the numerical libraries; another number, another rounding.
    """

    features: Path
    augmented: Path
    splits: Path
    spec: Preprocessing
    settings: Train
    seed: int
    out: Path
    n_threads: int = 1


@dataclass(frozen=True, kw_only=True)
class SeedReport:
    """How a seed went; the network lies in ``folder``."""

    seed: int
    folder: Path
    history: dict[str, list[float]]
    ended_ms: list[int]
    best_epoch: int
    temperature: float
    wall_s: float
    provenance: dict[str, list[str]]

    @property
    def best(self) -> dict[str, float]:
        """The figures of the epoch whose weights were kept."""
        return {name: values[self.best_epoch - 1] for name, values in self.history.items()}

    def to_json(self) -> dict[str, Any]:
        """What the bundle's history keeps."""
        return {"seed": self.seed, "best_epoch": self.best_epoch, "history": self.history}


def sides(splits: pd.DataFrame) -> dict[str, list[str]]:
    """Track ids by side, sorted."""
    return {str(side): sorted(rows["track_id"]) for side, rows in splits.groupby("split")}


def class_names(splits: pd.DataFrame) -> list[str]:
    """The genres, sorted: the order of the network's outputs."""
    return sorted(splits["genre"].unique())


def check_shards(
    features: Path, augmented: Path, spec: Preprocessing, train: set[str]
) -> list[Any]:
    """Footers of all shards that may be learned from.

    Raises
    ------
    DataError
        Shards of another specification, or copies of tracks that are not on the train side.
    """
    copies = sorted(augmented.glob("shard-*.parquet"))
    footers = read_footers([*shard_paths(features), *copies], spec)
    check_copies([i for path in copies for i in footers[path]["tracks"]], train, augmented)
    return list(footers.values())


def read_footers(paths: Sequence[Path], spec: Preprocessing) -> dict[Path, Any]:
    """What the shards say of themselves.

    Raises
    ------
    DataError
        One was made under another specification.
    """
    footers = {path: read_footer(path) for path in paths}
    for path, footer in footers.items():
        if footer["specification_hash"] != spec.hash:
            raise DataError(
                f"{path}: was made under another specification ({footer['specification_hash']}) "
                f"than params.yaml says ({spec.hash}). Run 'dvc repro'."
            )
    return footers


def train_seed(job: SeedJob) -> SeedReport:
    """Train one network and write it; the same job gives the same bytes on one machine."""
    prepare_backend(job.n_threads)
    from genrenet.learning.calibration import fit_temperature
    from genrenet.learning.dataset import WindowSet
    from genrenet.learning.networks import logits, save
    from genrenet.learning.training import train_network

    begin = time.perf_counter()
    splits = read_table(job.splits, SPLITS_SCHEMA)
    ids, names = sides(splits), class_names(splits)
    labels = {r.track_id: names.index(r.genre) for r in splits.itertuples()}
    prepare = network_input(job.settings, job.spec)
    originals = shard_paths(job.features)
    copies = sorted(job.augmented.glob("shard-*.parquet"))
    train = WindowSet([*originals, *copies], ids["train"], prepare)
    validation = WindowSet(originals, ids["validation"], prepare) if "validation" in ids else None
    job.out.mkdir(parents=True, exist_ok=True)
    ended_ms: list[int] = []

    def on_epoch(_: dict[str, float]) -> None:
        ended_ms.append(int(time.time() * 1000))
        epoch_ended(job.out)

    trained = train_network(
        train, validation, labels, job.settings, seed=job.seed, on_epoch=on_epoch
    )
    temperature = 1.0
    if validation:
        outputs = [(logits(trained.network, x), track) for x, track in validation.in_order()]
        values, track = (np.concatenate(part) for part in zip(*outputs, strict=True))
        y_true = np.array([labels[i] for i in validation.track_ids])
        temperature = fit_temperature(values, track, y_true)
    save(trained.network, job.out / "model.keras")
    make_repeatable(job.out / "model.keras")
    chosen_on = validation.track_ids if validation else []
    return SeedReport(
        seed=job.seed,
        folder=job.out,
        history=trained.history,
        ended_ms=ended_ms,
        best_epoch=trained.best_epoch,
        temperature=temperature,
        wall_s=time.perf_counter() - begin,
        provenance={
            "weights": train.track_ids,
            "normalisation": train.track_ids,
            "balancing": [] if job.settings.balance == "none" else train.track_ids,
            "early_stopping": chosen_on,
            "calibration": chosen_on,
        },
    )


def best_seed(reports: list[SeedReport]) -> SeedReport:
    """The seed with the least validation loss, or the first where nothing was validated."""
    return min(reports, key=lambda report: report.best.get("val_loss", 0.0))


def write_bundle(
    folder: Path, bundle: Bundle, reports: list[SeedReport], split_digest: str
) -> None:
    """Make the bundle of the best seed's network.

    ``bundle.json`` goes first and comes last: it is there only beside the network that it tells of.
    """
    best = best_seed(reports)
    (folder / "bundle.json").unlink(missing_ok=True)
    with replacing(folder / "model.keras") as temporary:
        shutil.copyfile(best.folder / "model.keras", temporary)
    write_json({"split_digest": split_digest, **best.provenance}, folder / "provenance.json")
    write_json([report.to_json() for report in reports], folder / "history.json")
    write_json(json.loads(bundle.model_dump_json()), folder / "bundle.json")


def library_versions() -> dict[str, str]:
    """Versions of what an answer depends on."""
    return {name: version(name) for name in LIBRARIES}
