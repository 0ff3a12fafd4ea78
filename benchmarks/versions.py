"""Versions: a clip and three altered copies, from the file to what training reads."""

from functools import partial
from pathlib import Path

import librosa
import numpy as np

from benchmarks import usual
from benchmarks.clips import CLIP_S, write_clips
from benchmarks.features import COMPARABLE, furthest_db, librosa_db
from benchmarks.reading import read_mel
from benchmarks.rows import Contest, Row, agree
from genrenet.features.augment import Draw, draw
from genrenet.features.effort import decode_s
from genrenet.features.plans import ShardPlan, Source, plan_shards
from genrenet.features.preprocessing import window_starts
from genrenet.sections.augment import Augment
from tasks.contents import content_hash
from tasks.shards import build_shard

COPIES = Augment(method="warp", copies=3)
N_CLIPS = 2
HALF_DB = 0.04  # float16's steps at -100 dB are 0.06


def rows(folder: Path) -> list[Row]:
    """The rows of this module; clips and what is made of them go to ``folder``."""
    return [
        Row(
            name=f"versions_{name}",
            ours="MP3 and 3 copies to shards, by both stages",
            theirs=f"librosa's loop, saved as {label}",
            unit="30-s clip",
            target=target,
            prepare=partial(_contest, folder / name, save),
        )
        for name, label, target, save in (
            ("json", "JSON", 18, usual.save_json),
            ("npy", "NumPy", 6.5, usual.save_npy),
        )
    ]


def sources(paths: list[Path], kind: str, sr: int, channels: int) -> list[Source]:
    """Files as the catalog would tell of them."""
    hashes = {path: content_hash(path) for path in paths}
    return [
        Source(
            track_id=path.name,
            path=str(path),
            content_hash=hashes[path],
            audio_s=CLIP_S,
            decode_s=decode_s(kind, sr, channels),
        )
        for path in paths
    ]


def both_plans(found: list[Source], folder: Path, *, n_shards: int) -> list[list[ShardPlan]]:
    """The shards of stage ``features`` and those of stage ``augment``."""
    return [
        plan_shards(found, folder / name, COMPARABLE, n_shards=n_shards, augment=augment)
        for name, augment in (("features", None), ("augmented", COPIES))
    ]


def draws(path: Path) -> list[Draw]:
    """What is drawn for a file's copies, so that both sides make the same ones."""
    return [draw(COPIES, path.name, number) for number in range(1, 1 + COPIES.copies)]


def check_originals(paths: list[Path], originals: np.ndarray) -> None:
    """Refuse windows whose levels are not librosa's, to the last step of float16."""
    spec = COMPARABLE
    for path, found in zip(sorted(paths), np.split(originals, len(paths)), strict=True):
        y, _ = librosa.load(path, sr=spec.sr)
        whole = librosa_db(y, spec)
        starts = window_starts(len(whole), spec)
        expected = np.stack([whole[start : start + spec.window_frames] for start in starts])
        agree("the windows", furthest_db(found, expected), at_most=HALF_DB)


def _contest(folder: Path, save: usual.Save) -> Contest:
    paths = write_clips(folder, N_CLIPS, suffix=".mp3")
    plans = both_plans(sources(paths, "MPEG", 44_100, 2), folder, n_shards=1)

    def ours() -> None:
        for plan in plans[0] + plans[1]:
            build_shard(plan)

    def theirs() -> None:
        for path in paths:
            save(usual.versions(path, COMPARABLE, draws(path)), path.with_suffix(".json"))

    def check() -> None:
        ours()
        theirs()
        originals, copies = (np.concatenate(read_mel(plan.path)) for [plan] in plans)
        check_originals(paths, originals)
        every = [usual.versions(path, COMPARABLE, draws(path)) for path in paths]
        expected = sum(len(windows) for clip in every for windows in clip)
        most = len(paths) * (1 + COPIES.copies)  # their last window may be missing
        agree("the numbers of windows", abs(len(originals) + len(copies) - expected), at_most=most)

    return Contest(
        ours=ours, theirs=theirs, check=check, n_ours=N_CLIPS, n_theirs=N_CLIPS, n_rounds=5
    )
