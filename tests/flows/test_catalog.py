"""The stage ``catalog``: what it tells of a corpus that works and could be better."""

import pytest
import yaml

from flows.catalog import catalog
from flows.stage import main
from tests.signals import noise, write

SR = 8_000


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Run the stage on a corpus of these files; all that it said, as one line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def run(*names, **features):
        for name in names:
            write(tmp_path / "corpus" / name, noise(sr=SR, duration_s=1), SR)
        (tmp_path / "labels.csv").write_text("track_id,genre\n", "utf-8")
        corpus = {"path": "corpus", "labels": "labels.csv"}
        params = yaml.safe_dump({"corpus": corpus, "features": features})
        (tmp_path / "params.yaml").write_text(params, "utf-8")
        errors = (main(catalog), capsys.readouterr().err)
        assert errors[0] == 0, errors[1]
        return " ".join(errors[1].split())

    return run


def test_a_number_of_shards_that_is_far_off_is_told_before_the_work(said):
    """While it costs nothing to change it."""
    assert "warning: features.n_shards: 500 makes shards of under 0.1 MB, each" in said(
        "a/1.wav", "b/1.wav", n_shards=500
    )


def test_names_that_another_disk_would_merge_are_told(said):
    """Before the corpus is copied there."""
    line = "catalog: names differ in case or Unicode form alone (1 times): a/X.wav and a/x.wav."

    assert line in said("a/X.wav", "a/x.wav", "b/1.wav")


def test_a_corpus_that_could_not_be_better_gets_no_advice(said):
    """One line of figures is all."""
    told = said("a/1.wav", "b/1.wav")

    assert "catalog: 2 tracks of 2 genres" in told
    assert "warning" not in told
    assert "differ in case" not in told
