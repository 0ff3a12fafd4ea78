"""Study ``doubts``: tracks whose label is worth a second hearing, with a picture of each."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from flows.folds import OOF, OOF_WINDOWS
from flows.stage import main, progress, say, step, table
from flows.studies import STUDIES
from genrenet.atomic import replacing
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA
from genrenet.corpus.tracks import read_table
from genrenet.errors import DataError
from genrenet.learning.answers import by_track
from genrenet.learning.doubts_page import doubts_page
from genrenet.learning.second_hearing import (
    NETWORK,
    group_hearing,
    mean_answers,
    second_hearing,
)
from genrenet.params import Params

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOUBTS, PAGE = STUDIES / "label_doubts.csv", STUDIES / "label_doubts.md"
TIMELINES = STUDIES / "timelines"
MOST_PICTURES = 100  # of the first doubts: more than anybody hears at a time


def doubts(params: Params) -> None:
    """Find the doubts in what the cross-validation answered, draw each, list them."""
    tracks, windows = step(read_answers)()
    pairs = read_table(DUPLICATES, DUPLICATES_SCHEMA)
    means = by_track(windows).set_index("track_id").loc[tracks["track_id"]]
    names = [column.removeprefix(NETWORK) for column in means.columns]
    y_prob = means.to_numpy(float)
    tracks["prediction"] = [names[n] for n in y_prob.argmax(axis=1)]
    found = second_hearing(tracks, y_prob, names, pairs)
    groups = group_hearing(tracks, y_prob, names)
    pictures = step(draw_timelines)(found, windows, params.features.window_s)
    step(write_report)(found, groups, tracks, pictures)
    _show(found, len(tracks))


def read_answers() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tracks of the cross-validation, and what its models say of each window on average.

    Raises
    ------
    DataError
        It has not been run.
    """
    for path in (OOF, OOF_WINDOWS):
        if not path.exists():
            raise DataError(f"{path} is missing. Run 'dvc repro studies/dvc.yaml:doubts'.")
    tracks = pd.read_parquet(OOF, columns=["track_id", "genre", "group"])
    return tracks, mean_answers(pd.read_parquet(OOF_WINDOWS))


def draw_timelines(found: pd.DataFrame, windows: pd.DataFrame, window_s: float) -> dict[str, Path]:
    """Draw the first doubts; the picture of each track."""
    from genrenet.learning.canvas import save
    from genrenet.learning.timeline import picture_name

    for former in TIMELINES.glob("*.png"):
        former.unlink()
    TIMELINES.mkdir(parents=True, exist_ok=True)
    first = found.head(MOST_PICTURES)
    heard = dict(list(windows[windows["track_id"].isin(first["track_id"])].groupby("track_id")))
    pictures = {}
    with progress("doubts", total=len(first), unit="pictures") as advance:
        for row in first.itertuples():
            pictures[row.track_id] = TIMELINES / picture_name(row.track_id)
            save(_timeline(row, heard[row.track_id], window_s), pictures[row.track_id])
            advance(1)
    return pictures


def _timeline(doubt: Any, windows: pd.DataFrame, window_s: float) -> "Figure":
    """The picture of one doubt, from the answers to the track's windows."""
    from genrenet.learning.timeline import timeline

    windows = windows.sort_values("start_s")
    y_prob = windows.drop(columns=["track_id", "start_s"])
    return timeline(
        windows["start_s"].to_numpy(),
        {name.removeprefix(NETWORK): values.to_numpy() for name, values in y_prob.items()},
        given=doubt.given,
        likelier=doubt.genre,
        window_s=window_s,
        title=doubt.track_id,
    )


def write_report(
    found: pd.DataFrame, groups: pd.DataFrame, tracks: pd.DataFrame, pictures: Mapping[str, Path]
) -> None:
    """Write the list, which ``corpus.labels`` can read, and the page."""
    links = {track_id: path.relative_to(STUDIES).as_posix() for track_id, path in pictures.items()}
    rows = found.assign(timeline=found["track_id"].map(links))
    with replacing(DOUBTS) as temporary:
        rows.to_csv(temporary, index=False, float_format="%.4f")
    with replacing(PAGE) as temporary:
        page = doubts_page(found, groups, tracks, links, file=DOUBTS.name)
        temporary.write_text(page, "utf-8")


def _show(found: pd.DataFrame, n_tracks: int) -> None:
    table("doubts", found.head(MOST_PICTURES).to_dict("records"), description="Hear these again")
    say(f"doubts: {len(found):,} of {n_tracks:,} labels are worth a second hearing: {PAGE}")


if __name__ == "__main__":
    sys.exit(main(doubts))
