"""The places: what settings name on the disk, looked for before anything is written or begun."""

from collections.abc import Collection
from pathlib import Path

from genrenet.corpus.labels import read_corrections
from genrenet.corpus.layouts import corpus_place
from genrenet.corpus.published import list_files
from genrenet.corpus.sheets import read_sheet
from genrenet.features.noises import located
from genrenet.params import Params
from genrenet.sections.corpus import Corpus


def check_places(params: Params, changed: Collection[str]) -> None:
    """Look for what changed settings name; a stage would miss it later.

    Parameters
    ----------
    params : Params
        The settings, whose paths are relative to the current folder.
    changed : collection of str
        Those that are new, as ``corpus.path``; what the others name is left to the stages.

    Raises
    ------
    GenrenetError
        Something is not there, or not what it should be.
    """
    corpus, split = params.corpus, params.split
    if not {"corpus.path", "corpus.layout", "corpus.manifest"}.isdisjoint(changed):
        _check_corpus(corpus)
    if "corpus.labels" in changed:
        read_corrections(Path(corpus.labels))
    if not {"split.lists", "split.policy"}.isdisjoint(changed) and _needs_lists(params):
        list_files(Path(split.lists))
    if "augment.transforms" in changed:
        located(params.augment)


def _check_corpus(corpus: Corpus) -> None:
    if corpus.path != Corpus().path:  # the demo corpus is yet to be made
        layout, place = corpus_place(corpus)
        if layout == "manifest":
            read_sheet(place, ())


def _needs_lists(params: Params) -> bool:
    """Whether sides are read from lists; a manifest may have a column of them."""
    is_table = params.corpus.layout == "manifest" or Path(params.corpus.path).is_file()
    return params.split.policy == "lists" and not is_table
