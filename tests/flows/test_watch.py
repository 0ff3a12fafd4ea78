"""The watch: when a corpus has come to rest."""

import os
import time

import pytest

from flows.watch import youngest_s
from genrenet.sections.corpus import Corpus


@pytest.mark.parametrize("offset_s", [-1_000, 1_000])
def test_old_files_and_wrong_clocks_are_at_rest(tmp_path, offset_s):
    """A file that is dated to the future would otherwise be new for ever."""
    path = tmp_path / "genre" / "a.wav"
    path.parent.mkdir()
    path.touch()
    then = time.time() + offset_s
    for place in (path, path.parent, tmp_path):
        os.utime(place, (then, then))

    assert youngest_s(Corpus(path=str(tmp_path))) == pytest.approx(1_000, abs=60)


def test_what_was_just_copied_is_not(tmp_path):
    """Its own date may be an old one: the folder's tells that it came."""
    path = tmp_path / "genre" / "a.wav"
    path.parent.mkdir()
    path.touch()
    os.utime(path, (0, 0))

    assert youngest_s(Corpus(path=str(tmp_path))) < 60
