"""Stage ``augment``: altered copies of the train tracks, and of no others."""

import sys
from pathlib import Path

import pandas as pd

from flows.features import build, show_shards
from flows.stage import main, say, step
from genrenet.corpus.layouts import corpus_folder
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import read_catalog, read_table
from genrenet.features.shards import plan_shards
from genrenet.params import Params
from tasks.extraction import sources
from tasks.fanout import absolute

AUGMENTED = Path("data/augmented")


def augment(params: Params) -> None:
    """Render altered copies of the train tracks into shards."""
    tracks = step(train_tracks)()
    copied = tracks if params.augment.copies else tracks[:0]
    plans = plan_shards(
        sources(copied, corpus_folder(params.corpus)),
        absolute(AUGMENTED),
        params.features.specification,
        n_shards=params.features.n_shards,
        augment=params.augment,
    )
    reports, lost = step(build)("augment", AUGMENTED, plans, copied, params)
    show_shards("augment", reports, plans)
    if lost:
        first = next(iter(lost.items()))
        say(f"augment: no copy of {len(lost)} tracks, e.g. {first[0]}: {first[1]}")


def train_tracks() -> pd.DataFrame:
    """The catalog's rows on the train side."""
    splits = read_table(SPLITS, SPLITS_SCHEMA)
    train = set(splits.loc[splits["split"] == "train", "track_id"])
    catalog = read_catalog()
    return catalog[catalog["track_id"].isin(train)]


if __name__ == "__main__":
    sys.exit(main(augment))
