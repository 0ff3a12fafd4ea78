"""Stage ``augment``: altered copies of the train tracks, and of no others.

``python -m flows.augment --preview TRACK`` lets copies of one track be heard and seen instead.
"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from flows.features import build, show_shards
from flows.stage import conclude, main, say, step
from genrenet.corpus.layouts import corpus_folder
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import read_catalog, read_table
from genrenet.features.plans import plan_shards
from genrenet.features.transforms import ready
from genrenet.params import Params, read_params
from tasks.extraction import sources
from tasks.fanout import absolute

AUGMENTED = Path("data/augmented")


def augment(params: Params) -> None:
    """Render altered copies of the train tracks into shards."""
    tracks = step(train_tracks)()
    copied = tracks if params.augment.copies else tracks[:0]
    settings = ready(params.augment, params.features.sr) if len(copied) else params.augment
    plans = plan_shards(
        sources(copied, corpus_folder(params.corpus)),
        absolute(AUGMENTED),
        params.features.specification,
        n_shards=params.features.n_shards,
        augment=settings,
    )
    reports, lost = step(build)("augment", AUGMENTED, plans, params)
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


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def command(
    preview: Annotated[
        str | None,
        typer.Option(metavar="TRACK", help="Only let copies of a track (id or file) be heard."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the preview is written.")
    ] = None,
) -> None:
    """Make altered copies of the train tracks, as params.yaml says."""
    if preview is None:
        if out is not None:
            raise typer.BadParameter("--out is for a preview: add --preview TRACK")
        raise typer.Exit(main(augment))
    from flows import preview as previews

    raise typer.Exit(conclude(lambda: previews.preview(read_params(), preview, out)))


if __name__ == "__main__":
    app()
