"""Stage ``card``: the dataset card, what a person should know of the corpus before the model."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from flows.augment import AUGMENTED
from flows.features import FEATURES
from flows.stage import main, picture, say, step
from genrenet.atomic import replacing
from genrenet.corpus.audit import read_audit
from genrenet.corpus.census import census
from genrenet.corpus.clips import CLIPS, CLIPS_SCHEMA
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA, labelled
from genrenet.corpus.quarantine import read_quarantine, without_quarantined
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import read_catalog, read_table
from genrenet.features.shards import read_footer, shard_paths
from genrenet.learning.dataset_card import Facts, dataset_card
from genrenet.markdown import plain
from genrenet.params import Params
from genrenet.sections.features import Preprocessing

if TYPE_CHECKING:  # matplotlib takes a second that a refusal need not wait
    from collections.abc import Callable

    from matplotlib.figure import Figure

CARD = Path("reports/dataset_card.md")
PICTURES = Path("reports/dataset")
EXAMPLES = 2  # of each genre, in the gallery
LONGEST_TITLE = 120  # letters


def card(params: Params) -> None:
    """Count, draw and tell what the corpus holds."""
    facts = step(read_facts)(params)
    for former in PICTURES.glob("*.png"):  # there may have been more genres
        former.unlink()
    pictures = step(draw_pictures)(facts.tracks)
    gallery = step(draw_gallery)(facts.tracks)
    with replacing(CARD) as temporary:
        temporary.write_text(dataset_card(facts, pictures, gallery), "utf-8")
    say(f"card: {CARD}, {len(pictures) + len(gallery)} pictures in {PICTURES}")


def read_facts(params: Params) -> Facts:
    """What the stages before have written."""
    catalog = read_catalog()
    good = without_quarantined(catalog)
    splits = read_table(SPLITS, SPLITS_SCHEMA)
    pairs = read_table(DUPLICATES, DUPLICATES_SCHEMA)
    return Facts(
        name="/".join(name for name in Path(params.corpus.path).parts[-2:] if name.strip("./")),
        n_genres=good["genre"].nunique(),
        tracks=census(good, read_table(CLIPS, CLIPS_SCHEMA), pairs, splits),
        quarantine=read_quarantine(),
        duplicates=labelled(pairs, catalog),
        audit=read_audit(splits),
    )


def draw_pictures(tracks: pd.DataFrame) -> dict[str, str]:
    """Draw the corpus: each picture in Markdown, by name."""
    from genrenet.learning.corpus_plots import corpus_pictures

    figures = corpus_pictures(tracks)
    return {
        name: _written(figure, name, write=partial(picture, key=f"dataset-{name}"))
        for name, figure in figures.items()
    }


def draw_gallery(tracks: pd.DataFrame) -> dict[str, str]:
    """Draw the examples of each genre: each picture in Markdown, by genre."""
    from genrenet.learning.canvas import save
    from genrenet.learning.examples import choose, read_examples
    from genrenet.learning.gallery import gallery

    chosen = choose(tracks, EXAMPLES)
    spec = Preprocessing(**read_footer(shard_paths(FEATURES)[0])["specification"])
    examples = read_examples(chosen.tolist(), spec, FEATURES, AUGMENTED)
    figures = {
        genre: gallery(genre, {track_id: examples[track_id] for track_id in ids}, spec)
        for genre, ids in chosen.groupby(level=0, observed=True)
    }
    return {
        # a genre's name may be no file's; and megabytes of pictures are too much for Prefect
        genre: _written(figure, f"gallery-{number:02}", write=save)
        for number, (genre, figure) in enumerate(figures.items(), start=1)
    }


def _written(figure: "Figure", name: str, *, write: "Callable[[Figure, Path], None]") -> str:
    """Write a picture; as the card embeds it."""
    write(figure, PICTURES / f"{name}.png")
    return f"![{plain(figure.get_suptitle(), LONGEST_TITLE)}]({PICTURES.name}/{name}.png)"


if __name__ == "__main__":
    sys.exit(main(card))
