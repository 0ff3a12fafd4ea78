"""The watch: whether recordings or corrections are others than those that the catalog was made of.

DVC knows it: nothing is kept here.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from genrenet.errors import DataError
from genrenet.sections.corpus import Corpus

STAGE = "catalog"


def changes(corpus: Corpus) -> list[str]:
    """What the catalog was made of and is now another: recordings, labels.

    Raises
    ------
    DataError
        DVC cannot tell.
    """
    command = [sys.executable, "-m", "dvc", "status", "--json", STAGE]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        reason = told.stderr.strip().rpartition("\n")[2].removeprefix("ERROR: ")
        raise DataError(f"dvc status {STAGE} fails: {reason}")
    found = json.loads(told.stdout or "{}").get(STAGE, [])
    changed = {
        Path(name).resolve()  # DVC spells places in its own way
        for entry in found
        if isinstance(entry, dict)
        for name in entry.get("changed deps", {})
    }
    return [name for name in (corpus.path, corpus.labels) if Path(name).resolve() in changed]


def youngest_s(corpus: Corpus) -> float:
    """Seconds since a file or a folder of the corpus was last written; it may still be copied."""
    times = (path.stat().st_mtime for path in _everything(Path(corpus.path)) if path.exists())
    return abs(time.time() - max(times, default=0.0))  # a clock that is wrong is no copy at work


def _everything(place: Path) -> Iterator[Path]:
    yield place
    for folder, folders, files in os.walk(place):
        yield from (Path(folder, name) for name in (*folders, *files))
