"""The stage ``card``: made from what the stages before have written, and from nothing else."""

import re

import pandas as pd
import pytest
import yaml

from flows.card import CARD, PICTURES, card
from flows.stage import main
from genrenet.corpus.audit import AUDIT, audit
from genrenet.corpus.clips import CLIPS, CLIPS_SCHEMA
from genrenet.corpus.confounds import find_confounds
from genrenet.corpus.duplicates import DUPLICATES, DUPLICATES_SCHEMA
from genrenet.corpus.quarantine import write_quarantine
from genrenet.corpus.splits import SPLITS, SPLITS_SCHEMA
from genrenet.corpus.tracks import CATALOG, CATALOG_SCHEMA, write_table
from genrenet.serving.bundle import write_json
from tests.tables import NO_PAIRS, clips


@pytest.fixture
def project(study, tmp_path, monkeypatch):
    """A folder with what the stages before ``card`` have written of the study."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    (tmp_path / "params.yaml").write_text(
        yaml.safe_dump({"corpus": {"path": "../../tunes"}}), "utf-8"
    )
    write_table(study.catalog, CATALOG, CATALOG_SCHEMA)
    write_table(clips(study.catalog), CLIPS, CLIPS_SCHEMA)
    write_table(NO_PAIRS, DUPLICATES, DUPLICATES_SCHEMA)
    write_quarantine(study.catalog, {})
    split(study.splits)
    for folder in (study.features, study.augmented):
        (tmp_path / "data" / folder.name).symlink_to(folder)
    return tmp_path


def split(table):
    """What ``split`` writes."""
    write_table(table, SPLITS, SPLITS_SCHEMA)
    confounds = find_confounds(table).to_json()
    found = {"warnings": [], "shortcut": None, "confounds": confounds}
    write_json(audit(table).to_json() | found, AUDIT)


def written():
    """The card and the pictures, with their bytes."""
    return {path: path.read_bytes() for path in (CARD, *PICTURES.iterdir())}


def test_the_same_tables_give_the_same_bytes(project):
    """DVC sees no change where there is none. The corpus has its name, not its place."""
    assert main(card) == 0
    first = written()
    assert main(card) == 0

    assert written() == first
    assert CARD.read_text("utf-8").startswith("# Dataset card: tunes\n")


def test_every_picture_is_shown_and_every_link_leads_somewhere(project):
    """The card is read where it lies."""
    main(card)
    shown = re.findall(r"!\[.+\]\((.+)\)", CARD.read_text("utf-8"))

    assert {CARD.parent / path for path in shown} == set(PICTURES.iterdir())
    assert len(shown) == len(set(shown)) == 7  # five of the corpus, one of each genre


def test_pictures_of_former_genres_go(project):
    """A genre was merged into another."""
    PICTURES.mkdir(parents=True)
    (PICTURES / "gallery-03.png").touch()
    main(card)

    assert not (PICTURES / "gallery-03.png").exists()


def test_a_quarantined_track_is_in_no_count(project, study):
    """It is in the quarantine's."""
    bad = study.splits["track_id"][0]
    write_quarantine(study.catalog, {bad: "silent: no sample above -80 dB of full scale"})
    split(study.splits[1:])
    main(card)
    text = CARD.read_text("utf-8")

    assert f"| tracks | {len(study.catalog) - 1} |" in text
    assert "| tracks that cannot be used | 1 |" in text


def test_a_table_that_is_missing_is_named(project, capsys):
    """And what makes it."""
    CLIPS.unlink()

    assert main(card) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "data/clips.parquet is missing. Run 'dvc repro'" in said


def test_another_split_than_the_audited_one_is_refused(project, study):
    """Its certificate would be a lie."""
    table = study.splits.assign(split=study.splits["split"].replace("validation", "train"))
    write_table(pd.DataFrame(table), SPLITS, SPLITS_SCHEMA)

    assert main(card) == 2
