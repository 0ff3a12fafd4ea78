"""Preview of ``augment``: copies of one track, to be heard and seen, beside the pipeline."""

import difflib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile as sf

from flows.stage import say
from genrenet.corpus.layouts import corpus_folder
from genrenet.corpus.tracks import CATALOG, read_catalog
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
        There is no such track.
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
        There is neither; the message names the nearest id.
    """
    known: list[Source] = []
    if CATALOG.exists():
        known = sources(read_catalog(), corpus_folder(params.corpus))
    for source in known:
        if source.track_id == track:
            return source
    path = str(absolute(track))
    for source in known:
        if source.path == path:
            return source
    if Path(path).is_file():
        return Source(track_id=Path(track).name, path=path, content_hash="")
    near = difflib.get_close_matches(track, [source.track_id for source in known], n=1, cutoff=0.4)
    hint = f"Did you mean '{near[0]}'?" if near else "Give a recording's path."
    raise DataError(
        f"'{track}' is neither a file nor one of the catalog's {len(known)} tracks. {hint}"
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
