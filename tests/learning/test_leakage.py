"""The price tag: only the split differs, and the intervals are what they say."""

import numpy as np
import pandas as pd
import pytest

from genrenet.learning.leakage import POLICIES, portions, price_tag
from genrenet.sections.corpus import Split
from genrenet.sections.train import Evaluate

SETTINGS = Evaluate(bootstrap=400)
N_ARTISTS, N_TRACKS, N_WINDOWS = 12, 3, 8


@pytest.fixture(scope="module")
def corpus():
    """Two genres of twelve artists with three tracks of eight windows."""
    rows = [
        (f"{genre}/{artist}/{track}", genre, f"{genre} {artist}")
        for genre in "ab"
        for artist in range(N_ARTISTS)
        for track in range(N_TRACKS)
    ]
    tracks = pd.DataFrame(rows, columns=["track_id", "genre", "group"])
    tracks = tracks.assign(group_known=True, fold=None, split=None, path=tracks["track_id"])
    windows = tracks.loc[tracks.index.repeat(N_WINDOWS), ["track_id", "genre", "group"]]
    windows = windows.assign(start_s=np.tile(np.arange(float(N_WINDOWS)), len(tracks)))
    return tracks, windows.reset_index(drop=True)


@pytest.fixture(scope="module", params=[0, 1])
def by_policy(request, corpus):
    """The portions of one seed."""
    tracks, windows = corpus
    return portions(windows, tracks, Split(), seed=request.param)


def crossing(portion, unit):
    """How many of a unit stand on more than one side."""
    return (portion.groupby(unit)["split"].nunique() > 1).sum()


def test_each_policy_tears_what_it_says_and_no_more(by_policy):
    """Windows tear tracks, tracks tear groups, groups tear nothing."""
    assert crossing(by_policy["window"], "track_id") > 0
    assert crossing(by_policy["track"], "track_id") == 0
    assert crossing(by_policy["track"], "group") > 0
    assert crossing(by_policy["group"], "group") == 0


def test_every_policy_learns_from_as_much(by_policy):
    """The same number of windows of each genre, from about as many tracks."""
    train = {name: table[table["split"] == "train"] for name, table in by_policy.items()}
    n_windows = [rows["genre"].value_counts().to_dict() for rows in train.values()]
    n_tracks = [rows["track_id"].nunique() for rows in train.values()]

    assert n_windows[0] == n_windows[1] == n_windows[2]
    assert max(n_tracks) - min(n_tracks) <= 2 * N_TRACKS


def test_the_seed_moves_the_split(corpus):
    """And decides it."""
    tracks, windows = corpus
    one, again, other = (portions(windows, tracks, Split(), seed=seed) for seed in (0, 0, 1))

    for policy in POLICIES:
        assert one[policy].equals(again[policy])
        assert not one[policy].equals(other[policy])


def tallies(accuracy, *, n_groups=40, n=20, n_seeds=3, spread=0.0, seed=0):
    """What trials of given accuracies count, each group ``spread`` easier or harder."""
    rng = np.random.default_rng(seed)
    ease = rng.normal(0, spread, n_groups)
    rows = [
        (policy, s, "network", "window", g, n, rng.binomial(n, np.clip(a + ease[g], 0, 1)))
        for policy, a in accuracy.items()
        for s in range(n_seeds)
        for g in range(n_groups)
    ]
    return pd.DataFrame(rows, columns="policy seed model unit group n n_right".split())


def test_the_price_is_the_difference_to_the_honest_split():
    """Mean over seeds, and none for the honest split itself."""
    table = tallies({"window": 1.0, "track": 0.9, "group": 0.6})
    tag = price_tag(table, SETTINGS).set_index("policy")
    shares = table.groupby(["policy", "seed"])[["n_right", "n"]].sum()
    mean = (shares["n_right"] / shares["n"]).groupby("policy").mean()

    for policy in POLICIES:
        assert tag.loc[policy, "accuracy"] == pytest.approx(mean[policy], abs=1e-6)
        assert tag.loc[policy, "price"] == pytest.approx(mean[policy] - mean["group"], abs=2e-6)
    assert tag.loc["group", ["price", "price_low", "price_high"]].tolist() == [0, 0, 0]
    assert tag.loc["window", "price_low"] > 0.3


def test_a_leak_that_is_worth_nothing_has_an_interval_with_0():
    """In about as many of 60 studies as the confidence says: 95 %."""
    held = 0
    for seed in range(60):
        table = tallies(dict.fromkeys(POLICIES, 0.7), seed=seed, spread=0.1)
        tag = price_tag(table, Evaluate(bootstrap=100)).set_index("policy")
        held += tag.loc["window", "price_low"] <= 0 <= tag.loc["window", "price_high"]

    assert held >= 50


def test_pairing_takes_out_what_makes_groups_differ():
    """Hard groups are hard under every policy: the difference is surer than its ends."""
    table = tallies({"window": 0.8, "track": 0.7, "group": 0.6}, spread=0.2)
    tag = price_tag(table, SETTINGS).set_index("policy").loc["window"]

    assert tag["price_high"] - tag["price_low"] < tag["high"] - tag["low"]


def test_the_same_trials_give_the_same_tag():
    """The draws have a seed."""
    table = tallies({"window": 0.8, "track": 0.7, "group": 0.6})

    assert price_tag(table, SETTINGS).equals(price_tag(table, SETTINGS))
