"""Patience: a stumble is waited out, an answer is taken."""

import errno

import pytest

from genrenet.corpus import patience
from genrenet.corpus.patience import patiently


@pytest.fixture
def disk(monkeypatch):
    """A disk that fails so many times with one error; its pauses are noted, not waited for."""
    pauses, attempts = [], []
    monkeypatch.setattr(patience.time, "sleep", pauses.append)

    def make(code, failures):
        def read(word):
            attempts.append(word)
            if len(attempts) <= failures:
                raise OSError(code, "failed")
            return word.upper()

        return read

    return make, attempts, pauses


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_a_stumble_is_waited_out(disk, code):
    """Longer each time."""
    make, attempts, pauses = disk

    assert patiently(make(code, 2), "word") == "WORD"
    assert (len(attempts), pauses) == (3, list(patience.PAUSES_S[:2]))


def test_a_disk_that_stays_away_is_its_last_error(disk):
    """After all pauses."""
    make, attempts, _ = disk

    with pytest.raises(OSError, match="failed"):
        patiently(make(errno.EIO, 99), "word")
    assert len(attempts) == len(patience.PAUSES_S) + 1


@pytest.mark.parametrize("code", [errno.ENOENT, errno.EACCES, errno.ENOSPC])
def test_an_answer_is_not_asked_for_twice(disk, code):
    """A missing file stays missing."""
    make, attempts, pauses = disk

    with pytest.raises(OSError, match="failed"):
        patiently(make(code, 99), "word")
    assert (len(attempts), pauses) == (1, [])
