"""The promotion gate: each check stands alone, and the comparison is fair to both."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.errors import DataError
from genrenet.learning.comparison import compare, mcnemar
from genrenet.learning.gate_checks import Evidence
from genrenet.learning.promotion import decide
from genrenet.sections.train import Evaluate, Promote

QUICK = Evaluate(bootstrap=200)
GENRES = ("march", "waltz")
EVIDENCE = Evidence(
    certificate="of the split",
    split="of the split",
    labels=GENRES,
    seeds=[{"seed": 0, "history": {"loss": [1.0, 0.5], "val_loss": [1.0, 0.6], "accuracy": [0.9]}}],
    latency_s=0.1,
)


def answers(right, *, n_groups=6):
    """A table of answers: whether each track is answered rightly; groups by turns."""
    n = np.arange(len(right))
    genre = np.array(GENRES, object)[n % 2]
    wrong = np.array(GENRES, object)[(n + 1) % 2]
    return pd.DataFrame(
        {
            "track_id": [f"track {i:03d}" for i in n],
            "genre": genre,
            "group": [f"artist {i % n_groups}" for i in n],
            "prediction": np.where(right, genre, wrong),
        }
    )


GOOD, POOR = answers([True] * 22 + [False] * 2), answers([True] * 12 + [False] * 12)


def decision(found=GOOD, evidence=EVIDENCE, rival=None, gate=Promote()):  # noqa: B008  frozen
    """What the gate says of a challenger that passes it, with something changed."""
    return decide(found, evidence, rival, gate, QUICK)


def failed(found):
    """Names of the checks that did not pass."""
    return [check.name for check in found.failed]


@pytest.mark.parametrize(("one", "other"), [p for p in product(range(9), repeat=2) if sum(p) < 11])
def test_mcnemar_is_what_counting_every_outcome_gives(one, other):
    """The share of the 2^n ways to deal out n tracks that are as unlikely, or more so."""
    n = one + other
    ways = [sum(deal) for deal in product((0, 1), repeat=n)]
    likelihood = [math.comb(n, k) for k in ways]
    as_unlikely = [value <= math.comb(n, one) for value in likelihood]

    assert mcnemar(one, other) == pytest.approx(np.mean(as_unlikely))


@st.composite
def pairs(draw):
    """Two models' answers to the same tracks, of two to eight groups."""
    n = draw(st.integers(4, 30))
    rights = [draw(st.lists(st.booleans(), min_size=n, max_size=n)) for _ in range(2)]
    n_groups = draw(st.integers(2, min(8, n)))
    return [answers(right, n_groups=n_groups) for right in rights]


@settings(max_examples=40, deadline=None)  # no deadline: the machine is shared
@given(pairs())
def test_a_comparison_is_repeatable_and_turns_with_its_sides(tables):
    """The same tables give the same figures; the other way round the difference is the other."""
    one, other = tables
    forth, again, back = (compare(*p, QUICK) for p in ((one, other), (one, other), (other, one)))

    assert forth == again
    assert back.difference.value == -forth.difference.value
    assert (back.difference.low, back.difference.high) == pytest.approx(
        (-forth.difference.high, -forth.difference.low)
    )
    assert back.mcnemar_p == pytest.approx(forth.mcnemar_p)
    assert forth.difference.value == pytest.approx(forth.challenger.value - forth.champion.value)


@settings(max_examples=30, deadline=None)
@given(pairs())
def test_equal_models_differ_by_nothing(tables):
    """Paired draws leave no width where no track is answered otherwise."""
    found = compare(tables[0], tables[0], QUICK)

    assert set(vars(found.difference).values()) == {0.0}
    assert found.mcnemar_p == 1.0


@settings(max_examples=40, deadline=None)
@given(pairs(), st.floats(0, 0.9), st.floats(0, 0.9))
def test_a_wider_margin_never_turns_away_whom_a_narrower_lets_in(tables, one, other):
    """The decision is monotone in the margin."""
    narrow, wide = sorted((one, other))
    rival = compare(*tables, QUICK)
    in_narrow, in_wide = (
        "difference" not in failed(decision(tables[0], rival=rival, gate=Promote(margin=margin)))
        for margin in (narrow, wide)
    )

    assert in_wide or not in_narrow


def test_only_tracks_that_both_were_asked_for_are_compared():
    """Else the two would be judged by different questions."""
    found = compare(GOOD, GOOD.iloc[:7], QUICK)

    assert (found.n_tracks, found.n_groups) == (7, 6)


def test_one_group_decides_nothing():
    """What one artist says of both is no evidence of the next."""
    found = compare(*(table.assign(group="one") for table in (GOOD, POOR)), QUICK)

    assert (found.difference.low, found.difference.high) == (-1.0, 1.0)
    assert failed(decision(rival=found)) == ["groups", "difference"]


@pytest.mark.parametrize("n_groups", [1, 4, 5])
def test_a_tail_of_the_interval_is_less_than_one_draw_of_too_few_groups(n_groups):
    """That many groups are asked for as can be drawn in more ways than a tail has parts."""
    n_draws = math.comb(2 * n_groups - 1, n_groups)
    table = answers([True] * 22 + [False] * 2, n_groups=n_groups)

    assert ("groups" in failed(decision(table))) == (n_draws < 40)


def test_two_that_agree_on_next_to_nothing_are_no_evidence():
    """The interval of no difference has no width, however few the groups are."""
    few = answers([True] * 4, n_groups=2)
    found = decision(rival=compare(few, few, QUICK))

    assert set(vars(found.comparison.difference).values()) == {0.0}
    (check,) = found.failed
    assert (check.name, check.found) == ("groups", "2 groups that neither has seen")
    assert check.wanted == "at least 5"


def test_the_first_champion_is_judged_by_its_own_groups():
    """And so is one whose rival cannot be asked."""
    few = answers([True] * 10 + [False] * 2, n_groups=1)

    assert [check.found for check in decision(few).failed] == ["1 group that it has not seen"]
    assert failed(decision(few, rival="it is lost")) == ["groups", "difference"]
    assert failed(decision(few, gate=Promote(min_groups=1))) == []


def test_a_challenger_that_passes_everything_is_promoted():
    """Also by force: nothing had to be forced."""
    found = decision(rival=compare(GOOD, POOR, QUICK))

    assert failed(found) == []
    assert found.outcome() == found.outcome(force=True) == "promoted"


SEEDS = [*EVIDENCE.seeds, {"seed": 7, "history": {"loss": [1.0], "val_loss": [math.nan]}}]


@pytest.mark.parametrize(
    ("check", "changed", "said"),
    [
        ("certificate", {"evidence": replace(EVIDENCE, certificate="other")}, "split other"),
        ("losses", {"evidence": replace(EVIDENCE, seeds=SEEDS)}, "not in seed 7"),
        ("classes", {"evidence": replace(EVIDENCE, labels=(*GENRES, "shur"))}, "never shur"),
        ("majority", {"found": POOR}, "50.0% of 24 tracks right"),
        ("latency", {"evidence": replace(EVIDENCE, latency_s=2.5)}, "2.50 s for a 30-s file"),
        ("difference", {"rival": "nobody to compare with"}, "nobody to compare with"),
        ("difference", {"rival": compare(POOR, GOOD, QUICK)}, "−41.7 points"),
    ],
)
def test_each_check_stands_alone(check, changed, said):
    """One that fails is refused, and named with what was found; force overrules it."""
    found = decision(**changed)

    assert failed(found) == [check]
    assert said in found.failed[0].found
    assert (found.outcome(), found.outcome(force=True)) == ("refused", "forced")


def test_without_a_champion_nothing_is_compared():
    """The other checks decide."""
    found = decision()

    assert found.comparison is None
    assert "difference" not in [check.name for check in found.checks]
    assert found.outcome() == "promoted"


def test_no_worse_than_the_margin_is_below_it_not_at_it():
    """A margin of 0 asks for a model that is shown to be better."""
    equal = compare(GOOD, GOOD, QUICK)

    assert failed(decision(rival=equal, gate=Promote(margin=0))) == ["difference"]
    assert failed(decision(rival=equal, gate=Promote(margin=0.001))) == []


def test_no_track_at_all_is_refused():
    """Not a figure of nothing."""
    with pytest.raises(DataError, match=r"has not seen\. Train it under this split"):
        decision(GOOD.iloc[:0])
