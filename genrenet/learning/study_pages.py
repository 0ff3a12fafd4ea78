"""The studies' pages, in Markdown: what came out, how it was measured, how to read it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from genrenet.learning.leakage import POLICIES
from genrenet.learning.study_plots import NAMES, points, span


def leakage_page(prices: pd.DataFrame, trials: pd.DataFrame, about: Mapping[str, Any]) -> str:
    """The price tag.

    Parameters
    ----------
    prices : pd.DataFrame
        See `genrenet.learning.leakage.price_tag`.
    trials : pd.DataFrame
        One row a policy, seed, model and unit, with the sizes of its sides.
    about : mapping
        ``corpus``, ``n_tracks``, ``n_unknown`` (tracks whose group nobody knows), ``seeds``,
        ``confidence``, ``n_draws``, ``figure``.
    """
    tag = prices.set_index(["model", "unit", "policy"])
    torn, whole = tag.loc["network", "window", "window"], tag.loc["network", "window", "group"]
    sizes = trials.groupby("policy", sort=False)[
        ["n_train_windows", "n_train_tracks", "n_test_windows", "n_test_tracks"]
    ].mean()
    return "\n".join(
        [
            f"# What a leak is worth: {about['corpus']}",
            "",
            f"The network answers **{torn['accuracy']:.1%}** of the test windows rightly where "
            "windows of one recording stand on several sides, and "
            f"**{whole['accuracy']:.1%}** where groups (artists, albums, recordings) are kept "
            f"whole: **{_points(torn)}** are the leak's, not the model's.",
            "",
            f"![The price of a leak]({about['figure']})",
            "",
            *_unknown(about["n_unknown"], about["n_tracks"]),
            "| model | judged by | "
            + " | ".join(POLICIES.values())
            + " | price of torn recordings | price of torn groups |",
            "|---|---|---|---|---|---|---|",
            *(_row(model, unit, rows) for (model, unit), rows in _by_model(prices)),
            "",
            f"Mean accuracy of {len(about['seeds'])} seeds; in brackets the middle "
            f"{about['confidence']:.0%} of {about['n_draws']} draws that weigh groups and seeds "
            "anew, the same under all policies (Bayesian pigeonhole bootstrap). Points are "
            "percentage points.",
            "",
            "**Judged by window**, because a window is the same thing under every policy. A track "
            "is not: where windows are divided, only a quarter of a track's windows are left to "
            "answer for it.",
            "",
            "## How it was measured",
            "",
            "Everything but the split is the same: network, recipe, seeds, number of train "
            "windows of each genre, and as nearly as possible the number of tracks that they come "
            "from. No altered copies. Early stopping looks at the policy's own validation side. "
            "Groups that duplicates connect are one group.",
            "",
            "| policy | train windows | from tracks | test windows | from tracks |",
            "|---|---|---|---|---|",
            *(
                f"| {words} | " + " | ".join(f"{n:.0f}" for n in sizes.loc[policy]) + " |"
                for policy, words in POLICIES.items()
            ),
            "",
            f"Means over the seeds {', '.join(map(str, about['seeds']))}. The trials' figures are "
            "in `leakage.csv`. Such networks are thrown away: they have no certificate, and "
            "nothing of them can be registered.",
            "",
        ]
    )


def _unknown(n_unknown: int, n_tracks: int) -> list[str]:
    """A warning where groups are not known; each such track is a group of its own."""
    if not n_unknown:
        return []
    return [
        f"**Nobody knows the groups of {n_unknown} of {n_tracks} tracks.** For them the group "
        "split is the track split, so torn groups may be worth more than is shown here.",
        "",
    ]


def _by_model(prices: pd.DataFrame) -> Sequence[tuple[Any, pd.DataFrame]]:
    return list(prices.groupby(["model", "unit"], sort=False))


def _row(model: str, unit: str, rows: pd.DataFrame) -> str:
    tag = rows.set_index("policy")
    shares = [
        f"{row['accuracy']:.1%} ({row['low']:.1%}–{row['high']:.1%})"
        for row in (tag.loc[policy] for policy in POLICIES)
    ]
    prices = [_points(tag.loc[policy]) for policy in list(POLICIES)[:-1]]
    return f"| {NAMES[model]} | {unit} | " + " | ".join([*shares, *prices]) + " |"


def _points(row: pd.Series) -> str:
    return f"{points(row['price'])} points {span(row, 'price_')}"


def folds_page(scores: pd.DataFrame, means: pd.DataFrame, about: Mapping[str, Any]) -> str:
    """The cross-validation.

    Parameters
    ----------
    scores, means : pd.DataFrame
        See `genrenet.learning.crossvalidation`: by fold, and over the folds.
    about : mapping
        ``corpus``, ``official``, ``seed``, ``n_tracks``, ``n_groups``, ``confidence``,
        ``intervals``, ``figure``.
    """
    by_track = scores[scores["unit"] == "track"].pivot_table(
        index="fold", columns="model", values=["accuracy", "n"]
    )
    kind = "The corpus' official folds" if about["official"] else "Folds of whole groups"
    return "\n".join(
        [
            f"# Cross-validation: {about['corpus']}",
            "",
            f"Each of {about['n_tracks']} tracks of {about['n_groups']} groups is answered once, "
            "by models that learned from other folds. "
            f"{kind}; the fold after the tested one stops the training and calibrates.",
            "",
            f"![Accuracy by fold]({about['figure']})",
            "",
            "| model | judged by | accuracy | balanced accuracy | macro F1 | log loss (nats) |",
            "|---|---|---|---|---|---|",
            *(_mean_row(row) for row in means.to_dict("records")),
            "",
            "Mean ± standard deviation over the folds (of a sample: divided by one less than "
            "their number). Over all tracks together the "
            + " and the ".join(
                f"{NAMES[model]}'s accuracy lies between {low:.1%} and {high:.1%}"
                for model, (low, high) in about["intervals"].items()
            )
            + f" ({about['confidence']:.0%} interval, whole groups drawn).",
            "",
            "| fold | tracks | " + " | ".join(NAMES.values()) + " |",
            "|---|---|" + "---|" * len(NAMES),
            *(
                f"| {fold} | {row['n', 'network']:.0f} | "
                + " | ".join(f"{row['accuracy', model]:.1%}" for model in NAMES)
                + " |"
                for fold, row in by_track.iterrows()
            ),
            "",
            f"Networks of seed {about['seed']}, without altered copies; they are thrown away. All "
            "figures are in `folds.csv`, the answers to every track and window in `oof.parquet` "
            "and `oof_windows.parquet`.",
            "",
        ]
    )


def _mean_row(row: Mapping[str, Any]) -> str:
    shares = (
        f"{row[name]:.1%} ± {points(row[f'{name}_sd'])}"
        for name in ("accuracy", "balanced_accuracy", "macro_f1")
    )
    loss = f"{row['log_loss']:.2f} ± {row['log_loss_sd']:.2f}"
    return f"| {NAMES[row['model']]} | {row['unit']} | " + " | ".join([*shares, loss]) + " |"
