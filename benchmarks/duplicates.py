"""Duplicates: what a fingerprint costs beside the features, and the search among many tracks.

``python -m benchmarks.duplicates [N_TRACKS]`` searches that many synthetic fingerprints (100,000
of 30 s where nothing is said) and prints seconds, megabytes (the fingerprints' file, which need
not be in memory, among them) and how many planted copies it found.
"""

import resource
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.clips import write_clips
from benchmarks.rows import Contest, Row, agree, cpu_s
from genrenet.corpus.overlaps import overlaps
from genrenet.corpus.prints import STRIDE, Prints, starts_of
from genrenet.features.fingerprint import reach
from genrenet.features.preprocessing import Windows, extract
from genrenet.sections.corpus import Duplicates
from genrenet.sections.features import Preprocessing

N_TRACKS, CLIP_S = 100_000, 30.0
N_PLANTED = 1_000  # excerpts of other tracks, 10 s long
TIED = np.uint32(0x11111110)  # bits that are their neighbour's: words then meet as often by
# chance as those of the recordings at hand do, of which 1e-8 to 6e-8 of all pairs were equal


def rows(folder: Path) -> list[Row]:
    """The rows of this module."""
    return [
        Row(
            name=f"fingerprint_{suffix}",
            ours=f"{suffix.upper()} to windows, and its fingerprint",
            theirs="windows alone",
            unit="30-s clip",
            target=target,
            prepare=partial(_extraction, folder / f"fingerprint-{suffix}", f".{suffix}"),
        )
        for suffix, target in (("wav", 0.8), ("mp3", 0.893))  # 25 and 12 % more
    ]


def _extraction(folder: Path, suffix: str) -> Contest:
    paths, spec = write_clips(folder, 4, suffix=suffix), Preprocessing()

    def work(*, clip: bool) -> list[Windows]:
        return [extract(path, spec, clip=clip) for path in paths]

    def check() -> None:
        for with_it, without in zip(work(clip=True), work(clip=False), strict=True):
            difference = with_it.features["mel"] != without.features["mel"]
            agree("the windows", int(np.count_nonzero(difference)), at_most=0)
            agree("clips without a fingerprint and none", with_it.clip is None, at_most=0)

    return Contest(
        ours=partial(work, clip=True),
        theirs=partial(work, clip=False),
        check=check,
        n_ours=len(paths),
        n_theirs=len(paths),
        n_rounds=31,
    )


def synthetic(n_tracks: int, words: np.ndarray, seed: int = 0) -> np.ndarray:
    """Fill ``words`` with fingerprints that change as slowly as music's; some are copies.

    Returns
    -------
    np.ndarray [shape=(n_planted, 2), dtype=int64]
        Which track is an excerpt of which.
    """
    rng = np.random.default_rng(seed)
    tracks = words.reshape(n_tracks, -1)
    for track in tracks:
        changes = _few_bits(rng, len(track), rarer=4)
        changes[0] = rng.integers(2**32, dtype=np.uint32)
        walk = np.bitwise_xor.accumulate(changes)
        track[:] = walk & ~TIED | walk << np.uint32(1) & TIED
    planted = rng.choice(n_tracks, (min(N_PLANTED, n_tracks // 2), 2), replace=False)
    length = tracks.shape[1] // 3
    for of, excerpt in planted:
        begin, at = rng.integers(tracks.shape[1] - length, size=2)
        errors = _few_bits(rng, length, rarer=4)
        tracks[excerpt, at : at + length] = tracks[of, begin : begin + length] ^ errors
    return np.sort(planted, axis=1)


def _few_bits(rng: np.random.Generator, n: int, *, rarer: int) -> np.ndarray:
    """Words of which one bit in ``2 ** rarer`` is set."""
    draws = rng.integers(2**32, size=(rarer, n), dtype=np.uint32)
    return np.asarray(np.bitwise_and.reduce(draws))


def main(n_tracks: int = N_TRACKS) -> int:
    """Search synthetic fingerprints and tell what it took."""
    spec, console = Preprocessing(), Console(soft_wrap=True)
    n_words = round(CLIP_S * spec.sr / spec.hop_length) - reach(spec)
    starts = starts_of([n_words // STRIDE * STRIDE] * n_tracks)
    with tempfile.TemporaryFile() as file:
        words = np.memmap(file, np.uint32, "w+", shape=int(starts[-1]))
        planted = synthetic(n_tracks, words)
        prints = Prints(
            track_ids=range(n_tracks),  # type: ignore[arg-type]  # numbers are names enough
            words=np.asarray(words),
            starts=starts,
            begin_s=np.zeros(n_tracks),
            frame_s=spec.hop_length / spec.sr,
            reach=reach(spec),
        )
        begin, begin_cpu = time.perf_counter(), cpu_s()
        found = {(pair.track, pair.other) for pair in overlaps(prints, Duplicates())}
        taken_s, core_s = time.perf_counter() - begin, cpu_s() - begin_cpu
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wanted = set(map(tuple, planted.tolist()))
    console.print(
        f"tracks={n_tracks} search_s={taken_s:.1f} core_s={core_s:.1f} peak_mb={most_mb:.0f} "
        f"fingerprints_mb={words.nbytes / 2**20:.0f} planted={len(wanted)} "
        f"found={len(wanted & found)} others={len(found - wanted)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
