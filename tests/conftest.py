"""A small corpus, its shards and a trained bundle, each made once; one Ray for all that need it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from genrenet.corpus.audit import audit
from genrenet.corpus.layouts import read_tracks
from genrenet.corpus.splits import SPLITS_SCHEMA, split_tracks
from genrenet.corpus.tracks import CATALOG_SCHEMA, write_table
from genrenet.features.plans import plan_shards
from genrenet.sections.augment import Augment
from genrenet.sections.compute import Compute
from genrenet.sections.corpus import Corpus, Split
from genrenet.sections.features import Features, Preprocessing
from genrenet.sections.train import Train
from genrenet.serving.bundle import Bundle, BundleParams, CertificateStamp
from tasks.extraction import sources
from tasks.fanout import connect
from tasks.probe import Hashes, probe_tracks
from tasks.shards import build_shard
from tasks.train import SeedJob, class_names, library_versions, sides, train_seed, write_bundle
from tests.browser import NO_CHROMIUM, chromium
from tests.servers import running_mlflow, unused_port
from tests.signals import noise, tune, write

SMALL = {"sr": 8_000, "n_fft": 512, "hop_length": 256, "n_mels": 16, "n_mfcc": 8}
SPEC = Preprocessing(**SMALL, window_s=1.0, overlap_s=0.5)  # windows of 31 frames
QUICK = Train(channels=(4, 8), epochs=2, windows_per_track=2, batch_size=8, seeds=(0,))
FORMATS = ("wav", "flac", "mp3", "ogg")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs recordings or a browser that are not here; the longest come first."""
    items.sort(key=_haste)
    there = {"real": os.environ.get("GENRENET_REAL_AUDIO"), "browser": chromium()}
    lacking = [name for name, found in there.items() if not found]
    left_out = [item for item in items if any(map(item.get_closest_marker, lacking))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_report_header() -> str:
    """Say whether pages are looked at."""
    found = chromium()
    return f"pages are opened in {found}" if found else f"pages are not opened: {NO_CHROMIUM}"


def _haste(item: pytest.Item) -> tuple[float, bool]:
    """The more patience a test asks for, the earlier it comes; engines before the rest."""
    patience = item.get_closest_marker("timeout")
    return -(patience.args[0] if patience else 0), item.get_closest_marker("engine") is None


@dataclass(frozen=True)
class Study:
    """A corpus of two genres with three artists each, split and extracted."""

    folder: Path
    catalog: pd.DataFrame
    splits: pd.DataFrame

    @property
    def audio(self) -> Path:
        """The recordings."""
        return self.folder / "audio"

    @property
    def features(self) -> Path:
        """Shards of the originals."""
        return self.folder / "features"

    @property
    def augmented(self) -> Path:
        """Shards of one copy of each train track."""
        return self.folder / "augmented"

    def job(self, out: Path, *, seed: int = 0, **changes: Any) -> SeedJob:
        """What trains one seed, with some settings changed."""
        return SeedJob(
            features=self.features,
            augmented=self.augmented,
            splits=self.folder / "splits.parquet",
            spec=SPEC,
            settings=QUICK.model_copy(update=changes),
            seed=seed,
            out=out,
        )


@pytest.fixture(scope="session")
def spec() -> Preprocessing:
    """A specification that is cheap to follow."""
    return SPEC


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Tunes and noise in four formats; nobody changes it."""
    folder = tmp_path_factory.mktemp("study")
    for n in range(12):
        genre, artist = ("noise", "tunes")[n % 2], f"artist {n % 6}"
        make = tune if genre == "tunes" else noise
        y = make(sr=SPEC.sr, duration_s=2.3 + 0.2 * (n // 6), seed=n)
        write(folder / "audio" / genre / artist / f"track {n}.{FORMATS[n % 4]}", y, SPEC.sr)
    labels = folder / "labels.csv"
    labels.write_text("track_id,genre\n", "utf-8")
    tracks = read_tracks(Corpus(path=str(folder / "audio"), labels=str(labels)))
    hashes = Hashes(folder / "hashes.parquet")
    catalog = probe_tracks(tracks, folder / "audio", hashes, advance=lambda _: None)
    write_table(catalog, folder / "catalog.parquet", CATALOG_SCHEMA)
    splits = split_tracks(catalog, Split()).table
    write_table(splits, folder / "splits.parquet", SPLITS_SCHEMA)
    made = Study(folder, catalog, splits)
    every = sources(catalog, made.audio)
    train = [source for source in every if source.track_id in sides(splits)["train"]]
    for plan in (
        *plan_shards(every, made.features, SPEC, n_shards=2),
        *plan_shards(train, made.augmented, SPEC, n_shards=2, augment=Augment()),
    ):
        build_shard(plan)
    return made


@pytest.fixture(scope="session")
def bundle(study: Study) -> Path:
    """A bundle whose network was trained for two epochs; nobody changes it."""
    report = train_seed(study.job(study.folder / "seed"))
    certificate = audit(study.splits)
    params = BundleParams(
        corpus=Corpus(), features=Features(), split=Split(), augment=Augment(), train=QUICK
    )
    about = Bundle(
        specification=SPEC,
        specification_hash=SPEC.hash,
        labels=tuple(class_names(study.splits)),
        temperature=report.temperature,
        data_fingerprint="0" * 16,
        certificate=CertificateStamp(level=certificate.level, digest=certificate.digest),
        params=params,
        seed=0,
        run_digest="0" * 16,
        versions=library_versions(),
    )
    folder = study.folder / "bundle"
    write_bundle(folder, about, [report], certificate.digest)
    return folder


@pytest.fixture(scope="session")
def two_ray_workers() -> Iterator[None]:
    """A Ray of two cores, which every test that needs one shares."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        ray = connect(Compute(n_workers=2))
        yield
        ray.shutdown()


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    return unused_port()


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server that every test that needs one shares."""
    with running_mlflow(tmp_path_factory.mktemp("mlflow")) as url:
        yield url
