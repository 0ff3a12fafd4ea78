"""GTZAN: the best known genre corpus, with the faults that are known of it.

1,000 clips of 30 s in ten folders, ``jazz/jazz.00054.wav`` for one. Its repetitions, distortions
and wrong labels are listed by Sturm: "The GTZAN dataset: Its contents, its faults, their effects
on evaluation, and its future use", arXiv:1306.1461. The files do not say who plays, so that no
group is known.
"""

import re
from pathlib import Path

import pandas as pd

from genrenet.corpus.listing import Listing
from genrenet.corpus.recordings import recordings
from genrenet.corpus.tracks import Track
from genrenet.errors import DataError
from genrenet.sections.corpus import Corpus

GENRES = "blues classical country disco hiphop jazz metal pop reggae rock".split()
N_CLIPS = 100  # of each genre
CLIP = re.compile(rf"({'|'.join(GENRES)})\.000\d\d")
UNREADABLE = "jazz.00054"
"""Broken in the copies that people share; the published lists name it nevertheless."""
LABEL_CEILING = 0.945
"""Accuracy of one who hears everything rightly, since so many labels say something else."""


def gtzan_clips(folder: Path) -> Listing:
    """The clips below a folder, at any depth and in any format; ids as published lists have them.

    Raises
    ------
    DataError
        None is there.
    """
    named = {path: path.rpartition("/")[2].rpartition(".")[0] for path in recordings(folder)}
    tracks = [_clip(path, name) for path, name in named.items() if CLIP.fullmatch(name)]
    if not tracks:
        raise DataError(
            f"corpus.path: '{folder}' holds no clip of GTZAN. Expected jazz/jazz.00000.wav and "
            "its like; other recordings need another corpus.layout."
        )
    gaps = []
    if others := len(named) - len(tracks):
        gaps.append(f"{others} recordings have no name of GTZAN's (jazz.00000.wav), left out")
    if missing := N_CLIPS * len(GENRES) - len({track.track_id for track in tracks}):
        gaps.append(f"{missing} of GTZAN's 1,000 clips are not here")
    return Listing(tracks, tuple(gaps))


def _clip(path: str, name: str) -> Track:
    genre = name.partition(".")[0]
    return Track(track_id=f"{genre}/{name}", path=path, genre=genre)


def without_broken(catalog: pd.DataFrame, corpus: Corpus) -> tuple[pd.DataFrame, str | None]:
    """GTZAN's catalog without the clip that everybody has broken, and what to say of it.

    It is nobody's bad luck, so that it does not count as such; a copy in which it can be read
    keeps it. Other corpora stay as they are.
    """
    if not is_gtzan(corpus):
        return catalog, None
    broken = catalog["track_id"].str.endswith(UNREADABLE) & catalog["problem"].notna()
    note = f"{UNREADABLE} is left out: it cannot be read here, nor in most copies of GTZAN"
    return catalog[~broken].reset_index(drop=True), note if broken.any() else None


def is_gtzan(corpus: Corpus) -> bool:
    """Whether the settings name GTZAN, as files of one's own or by mirdata's loader."""
    return corpus.layout == "gtzan" or (corpus.loader or "").startswith("gtzan_genre")


def ceiling_warning(corpus: Corpus, accuracy: float) -> str | None:
    """What to say of a score on GTZAN that no honest model can have; None where it can."""
    if not is_gtzan(corpus) or accuracy <= LABEL_CEILING:
        return None
    return (
        f"{accuracy:.1%} is more than GTZAN's labels allow: about {LABEL_CEILING:.1%} of them are "
        "right, so that a score above tells of a leak. Split by published, fault-filtered lists "
        "(split.policy: lists)."
    )
