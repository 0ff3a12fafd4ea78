"""The quarantine: what is written is read, whatever the tracks are called."""

import pandas as pd
import pytest

from genrenet.corpus.quarantine import check_share, read_quarantine, write_quarantine
from genrenet.errors import DataError


@pytest.fixture
def listed(tmp_path):
    """A list of one track that is called NA, as its reason is."""
    catalog = pd.DataFrame({"track_id": ["NA"], "path": ["null"], "problem": [None]})
    path = tmp_path / "quarantine.csv"
    write_quarantine(catalog, {"NA": "nan"}, path)
    return path


def test_words_that_look_like_nothing_are_words(listed):
    """A track may be called NA: pandas would drop it."""
    assert read_quarantine(listed).to_dict("records") == [
        {"track_id": "NA", "path": "null", "reason": "nan"}
    ]


def test_the_first_reasons_are_named_as_they_are(listed):
    """In the refusal of a corpus that is too bad."""
    with pytest.raises(DataError, match=r"1 of 2 tracks cannot be used.*\n  null: nan\n"):
        check_share(1, 2, 0.1, listed)
