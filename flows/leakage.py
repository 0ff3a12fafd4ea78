"""Study ``leakage``: what a split that leaks pretends, beside one that does not."""

import sys
from collections.abc import Mapping

import pandas as pd

from flows.pages import prefect_page, show_run
from flows.stage import main, picture, say, step, table
from flows.studies import STUDIES, Findings, Plan, Trial, read_corpus, record, run_trials, tidy
from genrenet.learning.answers import tally
from genrenet.learning.leakage import portions, price_tag
from genrenet.learning.portions import counts
from genrenet.params import Params
from genrenet.serving.bundle import write_json
from tasks.tracking import corpus_name

RESULT, BY_TRIAL = STUDIES / "leakage.json", STUDIES / "leakage.csv"
PAGE, FIGURE = STUDIES / "leakage.md", STUDIES / "leakage.png"


def leakage(params: Params) -> None:
    """Train one model of one training size under splits that leak and under one that does not."""
    tracks, windows = step(read_corpus)()
    plans = {
        (policy, seed): Plan(portion=portion, seed=seed, about={"policy": policy})
        for seed in params.studies.seeds
        for policy, portion in portions(windows, tracks, params.split, seed=seed).items()
    }
    found = step(run_trials)("leakage", plans, params)
    tallies = pd.concat(
        tally(trial.answers, tracks).assign(policy=policy, seed=seed)
        for (policy, seed), trial in found.items()
    )
    prices = price_tag(tallies, params.evaluate)
    sizes = {"n_tracks": len(tracks), "n_unknown": int((~tracks["group_known"].astype(bool)).sum())}
    step(write_report)(prices, _by_trial(tallies, found), params, sizes)
    verdict = told(prices)
    findings = Findings(metrics=_metrics(prices), summary="  \n".join(verdict))
    run_id = step(record)("leakage", found, tracks, findings, params, links=prefect_page())
    show_run(run_id)
    tidy("leakage")
    _show(prices, verdict)


def _by_trial(tallies: pd.DataFrame, found: Mapping[tuple[str, int], Trial]) -> pd.DataFrame:
    """One row a policy, seed, model and unit: how accurate, from how much."""
    keys = ["policy", "seed", "model", "unit"]
    rows = tallies.groupby(keys, sort=False)[["n_right", "n"]].sum()
    accuracy = (rows["n_right"] / rows["n"]).round(6).rename("accuracy").reset_index()
    about = pd.DataFrame(
        {
            "policy": policy,
            "seed": seed,
            **counts(trial.plan.portion),
            "n_epochs": trial.report.n_epochs,
            "best_epoch": trial.report.best_epoch,
        }
        for (policy, seed), trial in found.items()
    )
    return accuracy.merge(about, on=["policy", "seed"])


def write_report(
    prices: pd.DataFrame, trials: pd.DataFrame, params: Params, sizes: Mapping[str, int]
) -> None:
    """Write figures, tables and the page."""
    from genrenet.learning.study_pages import leakage_page
    from genrenet.learning.study_plots import price_tag_figure

    about = {
        "corpus": corpus_name(params.corpus.path),
        **sizes,
        "seeds": list(params.studies.seeds),
        "confidence": params.evaluate.confidence,
        "n_draws": params.evaluate.bootstrap,
    }
    write_json({**about, "prices": prices.to_dict("records")}, RESULT)
    trials.to_csv(BY_TRIAL, index=False)
    PAGE.write_text(leakage_page(prices, trials, {**about, "figure": FIGURE.name}), "utf-8")
    by_window = (frame[frame["unit"] == "window"] for frame in (prices, trials))
    title = (
        f"What a split that leaks pretends: {about['corpus']}, one model, one training size, "
        f"{len(params.studies.seeds)} seeds"
    )
    picture(price_tag_figure(*by_window, title=title), FIGURE)


def _metrics(prices: pd.DataFrame) -> dict[str, float]:
    """Accuracies and prices as MLflow names them."""
    return {
        f"{row.model}/{row.unit}/{row.policy}.{name}": getattr(row, name)
        for row in prices.itertuples()
        for name in ("accuracy", "price")
    }


def told(prices: pd.DataFrame) -> list[str]:
    """What each model's price is, in words."""
    by_window = prices[prices["unit"] == "window"]
    lines = []
    for model, rows in by_window.groupby("model", sort=False):
        shares = ", ".join(f"{row.policy} {row.accuracy:.1%}" for row in rows.itertuples())
        price = rows.iloc[0]
        lines.append(
            f"{model}: {shares} of the test windows; torn recordings are worth "
            f"{100 * price['price']:.1f} points ({100 * price['price_low']:.1f} to "
            f"{100 * price['price_high']:.1f})"
        )
    return lines


def _show(prices: pd.DataFrame, verdict: list[str]) -> None:
    table("leakage", prices.to_dict("records"), description="Accuracy under each policy, and price")
    for line in verdict:
        say(f"leakage: {line}")


if __name__ == "__main__":
    sys.exit(main(leakage))
