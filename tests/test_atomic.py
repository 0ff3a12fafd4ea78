"""The atomic write: whole or absent."""

import pytest

from genrenet.atomic import replacing


def test_a_write_that_went_well_is_in_its_place(tmp_path):
    """In a folder that was made for it, and nothing beside it."""
    path = tmp_path / "new" / "table"
    with replacing(path) as temporary:
        temporary.write_text("whole")

    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_a_write_that_failed_leaves_what_was_there(tmp_path, failure):
    """And no half file."""
    path = tmp_path / "table"
    path.write_text("before")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("hal")
            raise failure

    with pytest.raises(failure):
        fail()

    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_before_the_first_byte_is_told_as_it_was(tmp_path):
    """There is nothing to clean up."""
    with pytest.raises(OSError, match="full"), replacing(tmp_path / "table"):
        raise OSError("full")

    assert not list(tmp_path.iterdir())
