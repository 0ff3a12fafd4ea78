"""Stage ``train``: networks from the train rows, and the bundle of the best."""

import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from flows.augment import AUGMENTED
from flows.features import FEATURES
from flows.pages import prefect_page, show_run
from flows.stage import main, progress, say, step, table
from genrenet.corpus.audit import read_audit
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import read_table
from genrenet.errors import DataError
from genrenet.params import Params
from genrenet.serving.bundle import BUNDLE, Bundle, BundleParams, CertificateStamp, content_hash
from genrenet.settings import digest
from tasks import tracking
from tasks.epochs import watched
from tasks.fanout import absolute, fan_out
from tasks.model_run import record_training
from tasks.train import (
    SeedJob,
    SeedReport,
    best_seed,
    check_shards,
    class_names,
    library_versions,
    sides,
    train_seed,
    write_bundle,
)

SEED_S = 60.0  # core-seconds that a seed costs at least; more than starting Ray
SEEDS = Path("models/seeds")  # each seed's network until the best is chosen


def train(params: Params) -> None:
    """Train one network a seed, keep the best on validation, calibrate it."""
    spec, splits = params.features.specification, read_table(SPLITS, SPLITS_SCHEMA)
    certificate = _certificate(splits)
    footers = step(check_shards)(FEATURES, AUGMENTED, spec, set(sides(splits)["train"]))
    data = digest(sorted(digest(footer) for footer in footers))
    made_from = digest([data, certificate.digest, params.train.model_dump(mode="json")])
    with ExitStack() as run:
        run.enter_context(tracking.open_run(made_from, params.corpus.path, watch=True))
        reports = step(train_seeds)(params, seeds_to_train(params, splits))
        best = best_seed(reports)
        bundle = Bundle(
            specification=spec,
            specification_hash=spec.hash,
            labels=tuple(class_names(splits)),
            temperature=best.temperature,
            data_fingerprint=data,
            certificate=certificate,
            params=BundleParams(
                **{name: getattr(params, name) for name in BundleParams.model_fields}
            ),
            seed=best.seed,
            run_digest=made_from,
            versions=library_versions(),
        )
        write_bundle(BUNDLE, bundle, reports, certificate.digest)
        shutil.rmtree(SEEDS)
        _record(run, bundle, reports)
    _show(reports, best)


def _certificate(splits: pd.DataFrame) -> CertificateStamp:
    about = read_audit(splits)
    return CertificateStamp(level=about["level"], digest=about["digest"])


def seeds_to_train(params: Params, splits: pd.DataFrame) -> tuple[int, ...]:
    """Every seed; the first where no validation track could choose between several."""
    seeds = params.train.seeds
    if "validation" in sides(splits) or len(seeds) == 1:
        return seeds
    say(f"train: no track validates, so nothing can choose a seed: training seed {seeds[0]} only")
    return seeds[:1]


def train_seeds(params: Params, seeds: Sequence[int]) -> list[SeedReport]:
    """Train the seeds, on Ray where there are several."""
    settings, threads = params.train, params.compute.threads_per_seed
    jobs = [
        SeedJob(
            features=absolute(FEATURES),
            augmented=absolute(AUGMENTED),
            splits=absolute(SPLITS),
            spec=params.features.specification,
            settings=settings,
            seed=seed,
            out=absolute(SEEDS / str(seed)),
            n_threads=threads,
        )
        for seed in seeds
    ]
    reports = []
    shutil.rmtree(SEEDS, ignore_errors=True)  # of a run that was killed
    work = fan_out(
        train_seed,
        jobs,
        compute=params.compute,
        estimate_s=SEED_S * len(jobs),
        n_threads=threads,
    )
    with (
        progress("train", total=settings.epochs * len(jobs), unit="epochs") as advance,
        watched([job.out for job in jobs], advance),
    ):
        for report in work:
            reports.append(report)
            advance(settings.epochs - len(report.ended_ms))  # not needed: it stopped early
    return sorted(reports, key=lambda report: report.seed)


def _record(run: ExitStack, bundle: Bundle, reports: list[SeedReport]) -> None:
    """Close the run and put the training into it; a store that died takes nothing else with it."""
    seeds, ended = [r.to_json() for r in reports], {r.seed: r.ended_ms for r in reports}
    try:
        run.close()
        run_id = step(record_training)(
            bundle, content_hash(BUNDLE), seeds, ended_ms=ended, links=prefect_page()
        )
        show_run(run_id)
    except DataError as error:
        say(f"train: warning: {error} The model is kept; 'evaluate' records its training.")


def _show(reports: list[SeedReport], best: SeedReport) -> None:
    rows = [
        {"seed": r.seed, "best_epoch": r.best_epoch, **r.best, "wall_s": round(r.wall_s, 1)}
        for r in reports
    ]
    table("seeds", rows, description="Figures over windows at each seed's best epoch")
    figures = ", ".join(f"{name} {value:.3f}" for name, value in best.best.items())
    say(f"train: seed {best.seed}, epoch {best.best_epoch}: {figures} (windows)")


if __name__ == "__main__":
    sys.exit(main(train))
