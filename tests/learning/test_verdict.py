"""The verdict: tags, JSON and page tell one story."""

import json

import pytest

from genrenet.learning.comparison import compare
from genrenet.learning.verdict import FORMER, Verdict
from genrenet.learning.verdict_page import rollback_page, verdict_page
from tests.learning.test_promotion import GOOD, POOR, QUICK, decision


def verdict(champion="2", force=False, **changes):
    """A verdict on a challenger that is worse than the champion; better than none."""
    found = decision(POOR, rival=compare(POOR, GOOD, QUICK)) if champion else decision()
    said = {"model": "songs", "challenger": "3", "at": "2026-01-02T03:04:05Z", "reason": ""}
    outcome = found.outcome(force=force)
    return Verdict(**said | {"decision": found, "outcome": outcome, "champion": champion} | changes)


def test_the_tags_hold_all_figures():
    """So that versions can be searched and compared; those of each set of tracks under its name."""
    tags = {k.removeprefix("promotion."): v for k, v in verdict(reason="why").tags.items()}
    ends = {k: tags.pop(k) for k in list(tags) if k.endswith((".low", ".high"))}

    assert tags == {
        "decision": "refused",
        "at": "2026-01-02T03:04:05Z",
        "reason": "why",
        "rival": "2",
        "failed": "majority, difference",
        "standing.accuracy.value": "0.5",
        "standing.majority": "0.5",
        "standing.n_tracks": "24",
        "standing.n_groups": "6",
        "comparison.challenger.value": "0.5",
        "comparison.champion.value": "0.9167",
        "comparison.difference.value": "-0.4167",
        "comparison.majority": "0.5",
        "comparison.n_tracks": "24",
        "comparison.n_groups": "6",
        "comparison.only_challenger": "0",
        "comparison.only_champion": "10",
        "comparison.mcnemar_p": "0.001953",
        "latency_s": "0.1",
        "gate.margin": "0.01",
        "gate.min_groups": "5",
        "gate.max_latency_s": "2",
        "draws.bootstrap": "200",
        "draws.confidence": "0.95",
        "draws.seed": "0",
    }
    intervals = ("standing.accuracy", *(f"comparison.{n}" for n in ("challenger", "champion")))
    assert set(ends) == {
        f"{name}.{end}" for name in (*intervals, "comparison.difference") for end in ("low", "high")
    }
    assert float(ends["comparison.difference.low"]) <= -0.4167


@pytest.mark.parametrize(("force", "former"), [(False, None), (True, "2")])
def test_only_one_that_replaces_another_names_it(force, former):
    """It is what a rollback restores; the one that it was judged beside is named either way."""
    tags = verdict(force=force).tags

    assert tags.get(FORMER) == former
    assert tags["promotion.rival"] == "2"


def test_the_page_names_every_check_and_the_reason():
    """With what was found, as it stands: a name may hold any sign."""
    page = verdict_page(verdict(force=True, reason="a|b"), "decision.png")

    assert "# songs, version 3: forced" in page
    assert (
        "| majority | 50.0% of 24 tracks right | above 50.0%, the most common genre | no |" in page
    )
    assert "Reason given: a\\|b" in page
    assert "although it does not pass the gate** (majority, difference)." in page
    assert "Of all 24 test tracks of the 6 groups that it has not seen it answers 50.0%" in page
    assert "the middle 95 % of 200 draws" in page
    assert "champion alone on 10" in page
    assert "`decision.png`, beside this page" in page


def test_a_refusal_says_what_failed_and_what_to_do():
    """In the one message that the user gets."""
    said = verdict().refusal()

    assert "version 2 stays the champion. majority: 50.0% of 24 tracks right, wanted" in said
    assert "difference: −41.7 points" in said
    assert "Train a better one, or promote it all the same: --force --reason" in said


def test_too_few_groups_are_not_mended_by_another_model():
    """So the refusal asks for groups."""
    found = decision(GOOD.assign(group="one"))
    said = verdict(decision=found, outcome="refused").refusal()

    assert "groups: 1 group that it has not seen, wanted: at least 5. Test by more groups" in said


def test_by_force_the_message_says_what_was_overruled():
    """In one line."""
    said = verdict(force=True, reason="why").sentence()

    assert "although it does not pass the gate (majority, difference): 50.0%" in said


def test_the_first_champion_is_compared_with_nobody():
    """And its page does not pretend to."""
    first = verdict(champion=None)

    assert first.outcome == "promoted"
    assert "There was no champion before it" in verdict_page(first, "decision.png")
    assert "beside" not in first.sentence()


def test_a_verdict_is_a_json_value():
    """A number each, no NaN; what was asked for stands beside what was found."""
    found = json.loads(json.dumps(verdict().to_json(), allow_nan=False))["decision"]

    assert found["comparison"]["only_champion"] == 10
    assert found["gate"] == {"margin": 0.01, "min_groups": 5, "max_latency_s": 2.0}
    assert found["draws"] == {"bootstrap": 200, "confidence": 0.95, "seed": 0}


def test_a_rollback_says_who_is_champion_again():
    """And why."""
    page = rollback_page("songs", leaving="3", restored="2", at="now", reason="it hums")

    assert "# songs: from version 3 back to version 2" in page
    assert "Version 2, which version 3 had replaced, **is the champion again**" in page
    assert "Reason given: it hums" in page
