"""Split: the audit is a gate, and what passed it can be read."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import flows.split
from flows.split import AUDIT, AUDIT_PAGE, split
from genrenet.corpus.audit import LeakError, split_digest
from genrenet.corpus.clips import CLIPS, CLIPS_SCHEMA
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA
from genrenet.corpus.published import LISTS
from genrenet.corpus.quarantine import write_quarantine
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA, split_tracks, write_splits
from genrenet.corpus.tracks import CATALOG, CATALOG_SCHEMA, read_table, write_table
from genrenet.params import Params

N_TRACKS = 48
GENRES = ("jazz", "rock")


def catalog():
    """Two genres of eight artists with three tracks each."""
    rows = [
        {
            "track_id": f"{GENRES[n % 2]}/artist {n % 16:02}/{n:02}.wav",
            "genre": GENRES[n % 2],
            "group": f"artist {n % 16:02}",
            "content_hash": f"{n:032x}",
        }
        for n in range(N_TRACKS)
    ]
    same = {"group_known": True, "start_s": 0.0, "duration_s": 10.0, "sr": 8_000, "channels": 1}
    frame = pd.DataFrame(rows).assign(**same, format="WAV PCM_16", n_bytes=160_044)
    frame = frame.assign(path=frame["track_id"]).sort_values("track_id", ignore_index=True)
    return frame.reindex(columns=CATALOG_SCHEMA.names)


def write_pairs(*pairs):
    """Write the duplicates."""
    rows = [{"track_id": one, "other_id": other, "kind": "audio"} for one, other in pairs]
    frame = pd.DataFrame(rows, columns=DUPLICATES_SCHEMA.names)
    write_table(frame, DUPLICATES, DUPLICATES_SCHEMA)


@pytest.fixture
def tracks(tmp_path, monkeypatch):
    """The catalog of a project of which the stages before ``split`` have run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    tracks = catalog()
    write_table(tracks, CATALOG, CATALOG_SCHEMA)
    write_quarantine(tracks, {})
    clips = tracks[["track_id"]].assign(used_s=10.0, level_db=-20.0, noise_floor_db=-60.0)
    write_table(clips, CLIPS, CLIPS_SCHEMA)
    write_pairs()
    return tracks


def crooked(monkeypatch, change):
    """Let the code that splits make a mistake: what it writes is changed behind its back."""

    def wrong(*arguments, **named):
        placement = split_tracks(*arguments, **named)
        return replace(placement, table=change(placement.table.copy()))

    monkeypatch.setattr(flows.split, "split_tracks", wrong)


def first_on(table, side):
    """Row of the first track on a side."""
    return table.index[table["split"] == side][0]


def moved(table):
    """One track of a group stands elsewhere."""
    table.loc[first_on(table, "train"), "split"] = "test"
    return table


def renamed(table):
    """One track stands elsewhere, and calls itself another group."""
    table.loc[first_on(table, "train"), ["split", "group"]] = ["test", "nobody"]
    return table


def test_what_passed_is_written_for_programs_and_for_people(tracks):
    """Table, lists, certificate and page are of one split."""
    split(Params())

    table = read_table(SPLITS, SPLITS_SCHEMA)
    about, page = json.loads(AUDIT.read_text("utf-8")), AUDIT_PAGE.read_text("utf-8")
    assert about["digest"] == split_digest(table)
    assert about["level"] == "performer"
    assert about["proved"] == {"tracks": 48, "groups": 16, "recordings": 48, "duplicates": 0}
    assert about["shortcut"]["majority"] == 0.5
    assert f"level `performer`, split `{about['digest']}`" in page
    assert len((LISTS / "train.txt").read_text("utf-8").splitlines()) == (
        table["split"].eq("train").sum()
    )


def test_the_sides_are_shown_in_the_order_of_their_use(tracks, monkeypatch):
    """Tracks of each genre that train, that validate, that test."""
    shown = []
    monkeypatch.setattr(flows.split, "table", lambda name, rows, description: shown.extend(rows))
    split(Params())

    assert [list(row) for row in shown] == 2 * [["genre", "train", "validation", "test"]]


@pytest.mark.parametrize("mistake", [moved, renamed])
def test_a_breach_writes_nothing_and_fails(tracks, monkeypatch, mistake):
    """The audit believes the catalog and not the code that split it."""
    split(Params())
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    crooked(monkeypatch, mistake)

    with pytest.raises(LeakError, match=r"1 groups:\n    .*: .*artist \d\d/.* in t"):
        split(Params(), anew=True)

    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_duplicates_that_the_split_forgot_are_a_breach(tracks, monkeypatch):
    """Whoever joins groups may forget one."""
    table = split_tracks(tracks, Params().split).table
    one, other = (table["track_id"][first_on(table, side)] for side in ("train", "test"))
    write_pairs((min(one, other), max(one, other)))
    monkeypatch.setattr(flows.split, "joined", lambda tracks, pairs: tracks)

    with pytest.raises(LeakError, match=r"1 pairs of duplicates:\n") as caught:
        split(Params())
    assert set(caught.value.crossings.iloc[0][["track_id", "other_id"]]) == {one, other}


def test_duplicates_stand_on_one_side_and_their_labels_are_doubted(tracks):
    """The same recording under two genres: the groups are one, the conflict is told."""
    jazz, rock = (tracks["track_id"][tracks["genre"] == genre].iloc[0] for genre in GENRES)
    write_pairs((jazz, rock))

    split(Params())

    table = read_table(SPLITS, SPLITS_SCHEMA).set_index("track_id")
    assert table.loc[jazz, "group"] == table.loc[rock, "group"]
    assert table.loc[jazz, "split"] == table.loc[rock, "split"]
    assert json.loads(AUDIT.read_text("utf-8"))["duplicates"] == {
        "n": 1,
        "kinds": {"audio": 1},
        "conflicts": [[jazz, "jazz", rock, "rock"]],
    }
    assert "**1 of them have two genres" in AUDIT_PAGE.read_text("utf-8")


def test_places_are_kept_unless_they_are_to_be_forgotten(tracks):
    """Scores stay comparable when the corpus grows; ``--anew`` begins again."""
    split(Params())
    fresh = SPLITS.read_bytes()
    table = read_table(SPLITS, SPLITS_SCHEMA)
    other = table.replace({"split": {"test": "validation", "validation": "test"}})
    write_splits(other, Params().split)

    split(Params())
    assert read_table(SPLITS, SPLITS_SCHEMA).equals(other)
    split(Params(), anew=True)
    assert SPLITS.read_bytes() == fresh
