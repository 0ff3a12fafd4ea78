"""The verdict: tags, JSON and page tell one story."""

import json

import pytest

from genrenet.learning.promotion import compare
from genrenet.learning.verdict import FORMER, Verdict, rollback_page
from tests.learning.test_promotion import GOOD, POOR, QUICK, decision


def verdict(champion="2", force=False, **changes):
    """A verdict on a challenger that is worse than the champion; better than none."""
    found = decision(POOR, rival=compare(POOR, GOOD, QUICK)) if champion else decision()
    said = {"model": "songs", "challenger": "3", "at": "2026-01-02T03:04:05Z", "reason": ""}
    outcome = found.outcome(force=force)
    return Verdict(**said | {"decision": found, "outcome": outcome, "champion": champion} | changes)


def test_the_tags_hold_all_figures():
    """So that versions can be searched and compared by them."""
    tags = {k.removeprefix("promotion."): v for k, v in verdict(reason="why").tags.items()}

    assert tags == {
        "decision": "refused",
        "at": "2026-01-02T03:04:05Z",
        "reason": "why",
        "accuracy": "0.5000",
        "n_tracks": "24",
        "n_groups": "6",
        "latency_s": "0.100",
        "failed": "majority, difference",
        "mcnemar_p": "0.001953",
        "difference": "-0.4167",
        "low": tags["low"],
        "high": tags["high"],
    }
    assert float(tags["low"]) <= -0.4167 <= float(tags["high"])


@pytest.mark.parametrize(("force", "former"), [(False, None), (True, "2")])
def test_only_one_that_replaces_another_names_it(force, former):
    """It is what a rollback restores."""
    assert verdict(force=force).tags.get(FORMER) == former


def test_the_page_names_every_check_and_the_reason():
    """With what was found, as it stands: a name may hold any sign."""
    page = verdict(force=True, reason="a|b").page("decision.png")

    assert "# songs, version 3: forced" in page
    assert (
        "| majority | 50.0% of 24 tracks right | above 50.0%, the most common genre | no |" in page
    )
    assert "Reason given: a\\|b" in page
    assert "champion alone on 10" in page
    assert "`decision.png`, beside this page" in page


def test_a_refusal_says_what_failed_and_what_to_do():
    """In the one message that the user gets."""
    said = verdict().refusal()

    assert "version 2 stays the champion. majority: 50.0% of 24 tracks right, wanted" in said
    assert "difference: −41.7 points" in said
    assert "--force --reason" in said


def test_the_first_champion_is_compared_with_nobody():
    """And its page does not pretend to."""
    first = verdict(champion=None)

    assert first.outcome == "promoted"
    assert "There was no champion before it" in first.page("decision.png")
    assert "beside" not in first.sentence()


def test_a_verdict_is_a_json_value():
    """A number each, no NaN."""
    text = json.dumps(verdict().to_json(), allow_nan=False)

    assert json.loads(text)["decision"]["comparison"]["only_champion"] == 10


def test_a_rollback_says_who_is_champion_again():
    """And why."""
    page = rollback_page("songs", leaving="3", restored="2", at="now", reason="it hums")

    assert "Version 2, which version 3 had replaced, **is the champion again**" in page
    assert "Reason given: it hums" in page
