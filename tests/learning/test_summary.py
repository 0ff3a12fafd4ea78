"""The summary: what a reader of the registry sees first."""

from genrenet.learning.summary import MOST_LETTERS, version_summary, with_card

METRICS = {
    "track": {
        "accuracy": 0.857143,
        "accuracy_low": 0.761905,
        "accuracy_high": 0.952381,
        "majority": 0.142857,
        "n": 42,
    },
    "baseline": {"accuracy": 0.833333},
    "certificate": {"level": "performer", "digest": "53f3"},
}
"""The part of ``metrics.json`` that the summary tells."""


def test_the_summary_says_how_good_it_is_and_what_vouches_for_it():
    """Beside what costs nothing to reach."""
    said = version_summary(METRICS, "models:/songs/3", "#/experiments/1/runs/2/artifacts/report")

    assert said.startswith("**85.7%** of 42 held-out tracks are answered rightly (76.2% to 95.2%")
    assert "baseline 83.3%, most common class 14.3%" in said
    assert "level `performer`, split `53f3`" in said
    assert "[Report](#/experiments/1/runs/2/artifacts/report)" in said
    assert 'Classifier.load("models:/songs/3")' in said


def test_the_card_follows_as_far_as_there_is_room():
    """A database refuses a longer description, and with it the version."""
    assert with_card("summary", "# Card").endswith("# Card")
    assert len(with_card("summary", "x" * MOST_LETTERS)) < 100
    assert "model_card.md" in with_card("summary", "x" * MOST_LETTERS)
