"""Stage ``catalog``: which recordings there are."""

import sys
from pathlib import Path

import pandas as pd

from flows.stage import main, progress, say, step, table
from genrenet.corpus.gtzan import without_broken
from genrenet.corpus.layouts import corpus_folder, read_corpus
from genrenet.corpus.names import clash_note
from genrenet.corpus.tracks import CATALOG, CATALOG_SCHEMA, Track, usable, write_table
from genrenet.errors import DataError
from genrenet.features.effort import Load, heavier_stage
from genrenet.features.plans import Source
from genrenet.params import Params
from tasks.extraction import sources
from tasks.probe import Hashes, probe_tracks

HASHES = Path("data/hashes.parquet")


def catalog(params: Params) -> None:
    """List the corpus: one row a track, the unreadable ones with their reason."""
    listing = step(read_corpus)(params.corpus)
    for warning in listing.warnings:
        say(f"catalog: warning: {warning}")
    found = step(probe)(listing.tracks, corpus_folder(params.corpus))
    found, gap = without_broken(found, params.corpus)
    check_catalog(found, params.corpus.path)
    write_table(found, CATALOG, CATALOG_SCHEMA)
    for note in filter(None, (gap, clash_note(found["path"]))):
        say(f"catalog: {note}")
    good = usable(found)
    counts = good.groupby("genre").agg(tracks=("track_id", "size"), groups=("group", "nunique"))
    tracks_found = sources(good, corpus_folder(params.corpus))
    hours = sum(source.audio_s for source in tracks_found) / 3600
    rows = counts.reset_index().to_dict("records")
    table("genres", rows, description="Tracks and groups of each genre")
    say(
        f"catalog: {len(good)} tracks of {good['genre'].nunique()} genres, {hours:.2f} h; "
        f"{len(found) - len(good)} unreadable"
    )
    if advice := load(tracks_found, params).advice:
        say(f"warning: {advice}")


def probe(tracks: list[Track], folder: Path) -> pd.DataFrame:
    """Open every header and hash every file whose size or time changed."""
    with progress("catalog", total=len(tracks), unit="tracks") as advance:
        return probe_tracks(tracks, folder, Hashes(HASHES), advance=advance)


def load(tracks: list[Source], params: Params) -> Load:
    """What the corpus' shards will weigh; their number is asked for before the hours are spent."""
    train_share = 1 - params.split.validation - params.split.test
    return heavier_stage(tracks, params.features, params.augment, train_share=train_share)


def check_catalog(found: pd.DataFrame, path: str) -> None:
    """Refuse a corpus in which nothing can be told apart."""
    good = usable(found)
    if good.empty:
        reasons = "\n".join(f"  {r.path}: {r.problem}" for r in found.head(5).itertuples())
        raise DataError(
            f"corpus.path: none of the {len(found)} files in '{path}' can be read:\n{reasons}"
        )
    genres = sorted(found["genre"].unique())
    if len(genres) < 2:
        raise DataError(
            f"corpus.path: '{path}' holds one genre, '{genres[0]}'; a classifier needs two. Give "
            "the folder whose sub-folders are the genres."
        )


if __name__ == "__main__":
    sys.exit(main(catalog))
