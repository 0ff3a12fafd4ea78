"""Layouts: where a corpus is, and what all layouts have in common."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from genrenet.corpus.layouts import EXPECTED, corpus_folder, read_corpus
from genrenet.errors import DataError
from genrenet.params import Params
from genrenet.sections.corpus import Corpus

GUIDE = Path(__file__).parents[2] / "docs/data.md"
LAYOUTS = set(get_args(Corpus.model_fields["layout"].annotation)) - {"auto"}


def test_a_corpus_that_is_a_table_has_the_table_s_folder(tmp_path):
    """To which the catalog's paths are relative."""
    (tmp_path / "m.csv").touch()

    assert corpus_folder(Corpus(path=str(tmp_path / "m.csv"))) == tmp_path
    assert corpus_folder(Corpus(path=str(tmp_path))) == tmp_path


def test_a_corpus_that_is_nowhere_or_empty_is_refused(tracks_in, tmp_path):
    """The message names the path and what is expected there."""
    with pytest.raises(DataError, match=r"nothing is at '.*nowhere'. Give a folder"):
        tracks_in(path=str(tmp_path / "nowhere"))
    (tmp_path / "corpus").mkdir()
    with pytest.raises(DataError, match=r"holds no recording. Expected genre/file"):
        tracks_in()


@pytest.mark.parametrize("layout", sorted(LAYOUTS - {"manifest"}))
def test_a_layout_of_folders_wants_a_folder(tmp_path, layout):
    """Only a manifest is a file."""
    (tmp_path / "m.csv").touch()
    settings = {"loader": "ballroom"} if layout == "mirdata" else {}

    with pytest.raises(DataError, match=f"is a file; layout '{layout}' needs a folder"):
        read_corpus(
            Corpus(path=str(tmp_path / "m.csv"), layout=layout, group_level="album", **settings)
        )


@pytest.mark.parametrize("layout", ["albums", "manifest", "tags"])
def test_an_empty_corpus_is_told_what_its_layout_looks_for(tracks_in, tmp_path, layout):
    """What lies there may lie otherwise."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/manifest.csv").write_text("path,genre\n", "utf-8")

    with pytest.raises(DataError, match=f"holds no recording. Expected {EXPECTED[layout]}"):
        tracks_in(layout=layout, group_level="album")


def test_every_layout_has_an_example_that_holds():
    """In the guide, as settings that can be taken from there."""
    examples = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    shown = {Params.model_validate(yaml.safe_load(text)).corpus.layout for text in examples}

    assert shown - {"auto"} == LAYOUTS - {"folders"}  # which auto is, for a folder
    assert "auto" in shown
    assert set(EXPECTED) == LAYOUTS
