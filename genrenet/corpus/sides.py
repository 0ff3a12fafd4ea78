"""The side: where a track stands, to be learned from, to be validated on or to be tested."""

from genrenet.corpus.stratification import Demand
from genrenet.sections.corpus import Split

SIDES = ("train", "validation", "test")
SPELLINGS = {
    "train": "train",
    "test": "test",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
}
"""How published corpora write the sides."""


def demanded(settings: Split) -> Demand:
    """What the sides should hold; a genre that is not validated is the least of three evils."""
    return Demand(shares=settings.shares, dues=(2.0, 1.0, 2.0))
