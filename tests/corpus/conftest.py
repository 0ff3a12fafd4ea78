"""Corpora of empty files: what a layout makes of their names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genrenet.corpus.layouts import read_corpus
from genrenet.corpus.listing import Listing
from genrenet.corpus.tracks import Track
from genrenet.sections.corpus import Corpus


@pytest.fixture
def listing_of(tmp_path: Path) -> Callable[..., Listing]:
    """Read a folder that holds the named files: its tracks, and what is said of them."""

    def read(*names: str, labels: str = "track_id,genre\n", **settings: Any) -> Listing:
        for name in names:
            (tmp_path / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "corpus" / name).touch()
        (tmp_path / "labels.csv").write_text(labels, "utf-8")
        own = {"path": str(tmp_path / "corpus"), "labels": str(tmp_path / "labels.csv")}
        return read_corpus(Corpus(**own | settings))

    return read


@pytest.fixture
def tracks_in(listing_of: Callable[..., Listing]) -> Callable[..., dict[str, Track]]:
    """Read the tracks of such a folder, by track id."""

    def read(*names: str, **settings: Any) -> dict[str, Track]:
        return {track.track_id: track for track in listing_of(*names, **settings).tracks}

    return read


@pytest.fixture
def tracks_of(tracks_in: Callable[..., dict[str, Track]], tmp_path: Path) -> Callable[..., Any]:
    """Read the tracks of a manifest, by track id."""

    def read(text: str, encoding: str = "utf-8", **settings: Any) -> dict[str, Track]:
        path = tmp_path / "manifest.csv"
        path.write_text(text, encoding)
        return tracks_in(path=str(path), **settings)

    return read
