"""Study ``folds``: cross-validation, every track answered by models that never heard its group."""

import sys
from typing import Any

import pandas as pd

from flows.pages import prefect_page, show_run
from flows.stage import main, picture, say, step, table
from flows.studies import STUDIES, Findings, Plan, read_corpus, record, run_trials, tidy
from genrenet.atomic import replacing
from genrenet.corpus.folds import assign_folds, few_groups, fold_sides, has_official_folds
from genrenet.learning.answers import MODELS
from genrenet.learning.crossvalidation import (
    fold_scores,
    out_of_fold,
    over_folds,
    pooled_interval,
)
from genrenet.learning.portions import divided
from genrenet.params import Params
from genrenet.serving.bundle import write_json
from tasks.tracking import corpus_name

RESULT, BY_FOLD = STUDIES / "folds.json", STUDIES / "folds.csv"
PAGE, FIGURE = STUDIES / "folds.md", STUDIES / "folds.png"
OOF, OOF_WINDOWS = STUDIES / "oof.parquet", STUDIES / "oof_windows.parquet"


def folds(params: Params) -> None:
    """Test every fold by models that learned from the others."""
    tracks, windows = step(read_corpus)()
    settings = params.split.model_copy(update={"policy": "folds", "test_fold": None})
    official = has_official_folds(tracks)
    for warning in [] if official else few_groups(tracks, settings):
        say(f"folds: warning: {warning}")
    of_track = assign_folds(tracks, settings).set_axis(tracks["track_id"])
    plans = {}
    for fold in sorted(of_track.unique().tolist()):
        sides = fold_sides(of_track, settings.model_copy(update={"test_fold": fold}))
        portion = divided(windows, windows["track_id"].map(sides))
        plans[fold] = Plan(portion=portion, seed=params.studies.seeds[0], about={"fold": fold})
    found = step(run_trials)("folds", plans, params)
    answered = {fold: trial.answers for fold, trial in found.items()}
    by_tracks, by_windows = out_of_fold(answered, tracks)
    scores = fold_scores(by_tracks, by_windows, params.evaluate.top_k)
    step(write_report)(by_tracks, by_windows, scores, params, official=official)
    verdict = told(scores)
    findings = Findings(metrics=_metrics(over_folds(scores)), summary="  \n".join(verdict))
    run_id = step(record)("folds", found, tracks, findings, params, links=prefect_page())
    show_run(run_id)
    tidy("folds")
    _show(scores, verdict)


def write_report(
    by_tracks: pd.DataFrame,
    by_windows: pd.DataFrame,
    scores: pd.DataFrame,
    params: Params,
    *,
    official: bool,
) -> None:
    """Write answers, figures, tables and the page."""
    from genrenet.learning.study_pages import folds_page
    from genrenet.learning.study_plots import folds_figure

    for rows, path in ((by_tracks, OOF), (by_windows, OOF_WINDOWS)):
        with replacing(path) as temporary:
            rows.to_parquet(temporary, index=False)
    about = _about(by_tracks, params, official=official)
    means = over_folds(scores)
    write_json({**about, "scores": means.to_dict("records")}, RESULT)
    scores.to_csv(BY_FOLD, index=False)
    PAGE.write_text(folds_page(scores, means, {**about, "figure": FIGURE.name}), "utf-8")
    title = f"Each fold tested by models that learned from the others: {about['corpus']}"
    picture(folds_figure(scores[scores["unit"] == "track"], title=title), FIGURE)


def _about(by_tracks: pd.DataFrame, params: Params, *, official: bool) -> dict[str, Any]:
    return {
        "corpus": corpus_name(params.corpus.path),
        "official": official,
        "seed": params.studies.seeds[0],
        "n_tracks": len(by_tracks),
        "n_groups": by_tracks["group"].nunique(),
        "confidence": params.evaluate.confidence,
        "intervals": {m: pooled_interval(by_tracks, m, params.evaluate) for m in MODELS},
    }


def _metrics(means: pd.DataFrame) -> dict[str, float]:
    """Means and deviations as MLflow names them."""
    return {
        f"{row['model']}/{row['unit']}/{name}": value
        for row in means.to_dict("records")
        for name, value in row.items()
        if name not in ("model", "unit")
    }


def told(scores: pd.DataFrame) -> list[str]:
    """How accurate each model is, in words."""
    means = over_folds(scores)
    return [
        f"{row.model}: {row.accuracy:.1%} ± {100 * row.accuracy_sd:.1f} points of the tracks, mean "
        f"and standard deviation of {scores['fold'].nunique()} folds"
        for row in means[means["unit"] == "track"].itertuples()
    ]


def _show(scores: pd.DataFrame, verdict: list[str]) -> None:
    table("folds", scores.to_dict("records"), description="Each fold, by model and unit")
    for line in verdict:
        say(f"folds: {line}")


if __name__ == "__main__":
    sys.exit(main(folds))
