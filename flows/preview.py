"""Preview of ``augment``: copies of one track, to be heard and seen, beside the pipeline."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf

from flows.stage import say
from genrenet.corpus.layouts import corpus_folder
from genrenet.corpus.tracks import CATALOG, CATALOG_SCHEMA, read_catalog
from genrenet.errors import DataError
from genrenet.features.plans import Source
from genrenet.features.preview import Version, file_name, in_words, versions
from genrenet.features.transforms import ready
from genrenet.learning.canvas import save
from genrenet.learning.spectrograms import spectrograms
from genrenet.params import Params
from tasks.extraction import sources
from tasks.fanout import absolute

PREVIEWS = Path("reports/preview")
LEAST_COPIES = 3
"""As many are shown where the settings ask for fewer: one draw does not show what is drawn."""
SHOWN = 10  # ids in a message: enough to see how they are built


def preview(params: Params, track: str, folder: Path | None = None) -> None:
    """Write the original and its copies as WAV files, and a picture of them; print the paths.

    Parameters
    ----------
    params : Params
        The settings, as the stage would have them.
    track : str
        A track's id, or a recording's path.
    folder : Path or None
        Where to; None: ``reports/preview/NAME``. Earlier versions there are replaced.

    Raises
    ------
    DataError
        There is no such track, or it cannot be used.
    """
    source, spec = find(track, params), params.features.specification
    settings = params.augment.model_copy(
        update={"copies": max(LEAST_COPIES, params.augment.copies)}
    )
    made = versions(
        Path(source.path),
        spec,
        ready(settings, spec.sr),
        source.track_id,
        start_s=source.start_s,
        end_s=source.end_s,
    )
    folder = folder or PREVIEWS / Path(source.track_id).with_suffix("").name
    paths = _write_sounds(made, folder, spec.sr)
    names = ["original", *(f"copy {version.number}" for version in made[1:])]
    panels = [
        (f"{name}: {in_words(version.what)}" if version.number else name, version.mel)
        for name, version in zip(names, made, strict=True)
    ]
    title = f"{source.track_id}: original and copies (method: {settings.method})"
    save(spectrograms(panels, spec, title=title), folder / "copies.png")
    _tell(made, [*paths, folder / "copies.png"], params)


def find(track: str, params: Params) -> Source:
    """The track of this id; else the recording at this path, as a track where it is one.

    Raises
    ------
    DataError
        There is neither, and the message names the nearest id; the recording holds several
        tracks; or the track cannot be used.
    """
    catalog = read_catalog() if CATALOG.exists() else CATALOG_SCHEMA.empty_table().to_pandas()
    folder = corpus_folder(params.corpus)
    found = catalog[catalog["track_id"] == track]
    if found.empty:
        found = _tracks_at(track, catalog, folder)
    if found.empty:
        return _stranger(track, catalog["track_id"].tolist())
    if len(found) > 1:
        ids = ", ".join(found["track_id"].head(SHOWN))
        raise DataError(f"'{track}' holds {len(found)} tracks: {ids}. Give one's id.")
    track_id, problem = found[["track_id", "problem"]].iloc[0]
    if pd.notna(problem):
        raise DataError(f"'{track_id}' cannot be used: {problem}")
    return sources(found, folder)[0]


def _tracks_at(track: str, catalog: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The catalog's tracks in the file at a path, by whichever links and points it is spelt."""
    base, wanted = absolute(folder), os.path.realpath(absolute(track))
    same = [os.path.realpath(os.path.join(base, path)) == wanted for path in catalog["path"]]
    return catalog[same]


def _stranger(track: str, ids: list[str]) -> Source:
    """A recording of which the catalog does not know, under its file's name."""
    path = absolute(track)
    if path.is_file():
        say(f"not in the catalog: {path}; what is drawn depends on the name '{path.name}'")
        return Source(track_id=path.name, path=str(path), content_hash="")
    near = difflib.get_close_matches(track, ids, n=1, cutoff=0.4)
    hint = f"Did you mean '{near[0]}'?" if near else "Give a recording's path."
    raise DataError(
        f"'{track}' is neither a file nor one of the catalog's {len(ids)} tracks. {hint}"
    )


def _write_sounds(made: Sequence[Version], folder: Path, sr: int) -> list[Path]:
    """One WAV file a version, all softened alike where one would be clipped."""
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in [*folder.glob("original.wav"), *folder.glob("copy-*.wav")]:
        earlier.unlink()
    loudest = max(1.0, *(float(np.abs(version.y).max()) for version in made))
    paths = [folder / file_name(version) for version in made]
    for path, version in zip(paths, made, strict=True):
        sf.write(path, version.y / np.float32(loudest), sr, subtype="PCM_16")
    return paths


def _tell(made: Sequence[Version], paths: Sequence[Path], params: Params) -> None:
    settings = params.augment
    for path, version in zip(paths, made, strict=False):
        say(f"{path}: {in_words(version.what)}")
    seen = "what training sees"
    if settings.method == "warp":
        seen += "; warp makes no audio, so what you hear are the same changes rendered"
    say(f"{paths[-1]}: {seen}")
    if settings.copies < LEAST_COPIES:
        say(
            f"augment.copies is {settings.copies}: of these {LEAST_COPIES} copies, the stage makes "
            f"{f'the first {settings.copies}' if settings.copies else 'none'}"
        )
