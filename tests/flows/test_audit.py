"""The audit of anyone's split: exit code and verdict, for people and for programs."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from flows.split import app
from genrenet.corpus.audit import split_digest
from genrenet.corpus.split_table import read_split_table

COLUMNS = ["track_id", "genre", "group", "split", "parent", "start_s", "end_s"]
CLEAN = pd.DataFrame(
    [
        ("a", "jazz", "Bird", "train", None, None, None),
        ("a1", "jazz", "Bird", "train", "a", None, None),
        ("b#0", "jazz", "Duke", "test", "b", 0, 10),
        ("b#10", "jazz", "Duke", "test", "b", 10, 20),
        ("c", "rock", None, "train", None, None, None),
        ("d", "rock", "Jimi", "test", None, None, None),
    ],
    columns=COLUMNS,
)
LEAKS = {
    "track": ("a", "jazz", "Bird", "test", None, None, None),
    "group": ("x", "jazz", "Bird", "test", None, None, None),
    "sibling": ("x", "jazz", "other", "test", "c", None, None),
    "span": ("x", "jazz", "other", "train", "b", 5, 15),
    "segment": ("x", "jazz", "other", "train", "b", 20, 30),
}


def audit(table, *arguments):
    """Run the program on a table; exit code, what it printed, what it complained of."""
    done = CliRunner().invoke(app, ["--audit", str(table), *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("kind", [None, *LEAKS])
def test_a_planted_leak_fails_and_the_clean_table_passes(tmp_path, kind, suffix):
    """Whatever the kind, in a text or in a binary table; the pair is named."""
    rows = [CLEAN] if kind is None else [CLEAN, pd.DataFrame([LEAKS[kind]], columns=COLUMNS)]
    frame, path = pd.concat(rows, ignore_index=True), tmp_path / f"split.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)

    code, verdict, _ = audit(path, "--json")
    found = json.loads(verdict)

    assert code == (0 if kind is None else 1)
    assert found["passed"] == (kind is None)
    if kind:
        assert kind in [crossing["kind"] for crossing in found["crossings"]]
        assert LEAKS[kind][0] in {
            i for c in found["crossings"] for i in (c["track_id"], c["other_id"])
        }


def test_the_verdict_can_be_read_and_kept(tmp_path):
    """Level, digest and proof on the page, the same as JSON in a file."""
    path = tmp_path / "split.csv"
    CLEAN.to_csv(path, index=False)

    code, page, _ = audit(path, "--out", str(tmp_path / "verdict.json"))
    kept = json.loads((tmp_path / "verdict.json").read_text("utf-8"))

    assert code == 0
    assert page.startswith("# Leak audit: passed\n")
    assert kept["level"] == "unknown"
    assert kept["digest"] == split_digest(read_split_table(path))
    assert f"level `unknown`, split `{kept['digest']}`" in page


@pytest.mark.parametrize(
    ("level", "known"), [("recording", True), ("performer", True), ("album", False)]
)
def test_a_claim_holds_as_far_as_groups_are_known(tmp_path, level, known):
    """The auditor cannot know what a group is; whoever claims it says so."""
    frame = CLEAN.dropna(subset="group") if known else CLEAN
    frame.to_csv(tmp_path / "split.csv", index=False)

    _, verdict, _ = audit(tmp_path / "split.csv", "--level", level, "--json")

    assert json.loads(verdict)["level"] == (level if known else "unknown")


def test_a_leak_is_told_with_its_sides(tmp_path):
    """On standard output, as the answer to what was asked."""
    frame = pd.concat([CLEAN, pd.DataFrame([LEAKS["group"]], columns=COLUMNS)])
    frame.to_csv(tmp_path / "split.csv", index=False)

    code, page, errors = audit(tmp_path / "split.csv")

    assert (code, errors) == (1, "")
    assert "1 groups:\n    Bird: a in train, x in test" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--columns", "group"], "--columns has 'group'; expected ours=theirs"),
        (["--level", "artist"], "--level is 'artist'; expected one of performer, album, recording"),
        (["--columns", "split=side"], "no column side; it has track_id"),
    ],
)
def test_bad_input_is_neither_passed_nor_failed(tmp_path, arguments, message):
    """It has an exit code of its own."""
    CLEAN.to_csv(tmp_path / "split.csv", index=False)

    code, page, errors = audit(tmp_path / "split.csv", *arguments)

    assert (code, page) == (2, "")
    assert message in " ".join(errors.split())


def test_official_folds_pass_and_random_ones_do_not(tmp_path):
    """Clips of one recording: in folds that keep them together, and in folds that do not."""
    clip = np.arange(200)
    frame = pd.DataFrame({"file": clip, "label": clip % 5, "source": clip // 4})
    frame.assign(fold=frame["source"] % 5).to_csv(tmp_path / "official.csv", index=False)
    frame.assign(fold=clip % 3).to_csv(tmp_path / "random.csv", index=False)
    names = ("--columns", "track_id=file,genre=label,group=source,split=fold")

    assert audit(tmp_path / "official.csv", *names)[0] == 0
    code, page, _ = audit(tmp_path / "random.csv", *names)
    assert code == 1
    assert "50 groups:" in page
