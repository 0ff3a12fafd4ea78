"""Stage ``demo``: a corpus that the program makes, with shortcuts planted in it."""

import shutil
import sys
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from flows.stage import main, progress, say, step
from genrenet.corpus.synthesis import DemoTrack, plan_demo, write_track
from genrenet.params import Params
from tasks.fanout import absolute, fan_out

DEMO = Path("demo/audio")
TRACK_S = 0.12  # core-seconds that a track costs (measured)


@dataclass(frozen=True)
class Discography:
    """One artist's tracks, and the folder that they go to."""

    tracks: tuple[DemoTrack, ...]
    folder: Path


def demo(params: Params) -> None:
    """Synthesise the demo corpus."""
    tracks = plan_demo(params.demo)
    shutil.rmtree(DEMO, ignore_errors=True)  # tracks of another plan would stay in the corpus
    step(write_corpus)(tracks, params)
    say(f"demo: {len(tracks)} tracks of {len({t.style for t in tracks})} styles in {DEMO}")


def write_corpus(tracks: list[DemoTrack], params: Params) -> None:
    """Write every track, an artist at a time."""
    artists = groupby(sorted(tracks, key=lambda track: track.path), key=lambda track: track.artist)
    jobs = [Discography(tuple(own), absolute(DEMO)) for _, own in artists]
    work_s = TRACK_S * len(tracks)
    with progress("demo", total=len(tracks), unit="tracks") as advance:
        for n in fan_out(record, jobs, compute=params.compute, estimate_s=work_s):
            advance(n)


def record(job: Discography) -> int:
    """Write one artist's tracks; how many they are."""
    for track in job.tracks:
        write_track(track, job.folder)
    return len(job.tracks)


if __name__ == "__main__":
    sys.exit(main(demo))
