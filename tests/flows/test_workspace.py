"""A further corpus has pipelines that are the project's, and touches nobody else's files."""

import sys
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from flows.workspace import find_workspace, pipelines, refresh
from genrenet.errors import DataError

ROOT = Path(__file__).parents[2]
PIPELINE = """
stages:
  first:
    cmd: {python} -m toy.first
    deps: ["${{corpus.path}}", toy/first.py]
    params: [corpus]
    outs: [data/one]
  second:
    cmd: {python} -m toy.second
    deps: [data/one, toy/second.py]
    outs:
      - models/two: {{persist: true}}
"""
STUDIES = """
stages:
  study:
    wdir: ..
    cmd: {python} -m toy.study
    deps: [data/one, toy/study.py]
    outs: [reports/study]
"""
BODIES = {
    "first": """
    Path("data").mkdir(exist_ok=True)
    Path("data/one").write_text(" ".join(p.name for p in Path(params.corpus.path).iterdir()))""",
    "second": """
    Path("models").mkdir(exist_ok=True)
    Path("models/two").write_text(Path("data/one").read_text())""",
    "study": """
    Path("reports").mkdir(exist_ok=True)
    Path("reports/study").write_text(Path("data/one").read_text())""",
}


@pytest.fixture
def checkout(project):
    """A DVC project of two stages and a study, and two further corpora of other recordings."""
    for name, body in BODIES.items():
        project.add_stage(name, body)
    (project.folder / "params.yaml").write_text("corpus: {path: recordings}", "utf-8")
    (project.folder / "studies").mkdir()
    (project.folder / "dvc.yaml").write_text(PIPELINE.format(python=sys.executable), "utf-8")
    (project.folder / "studies/dvc.yaml").write_text(STUDIES.format(python=sys.executable), "utf-8")
    project.run("dvc", "init", "--no-scm")
    for name in ("a", "b"):
        (project.folder / "recordings" / name).mkdir(parents=True)
        (project.folder / "recordings" / name / f"{name}.wav").touch()
        code, errors = project.run("flows.corpus", name, f"recordings/{name}")
        assert code == 0, errors
    return project


def content(folder):
    """Every file and its bytes, and when it was written."""
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def test_what_the_pipelines_read_of_the_project_is_found_from_a_workspace():
    """The project's own ``dvc.yaml``: each file of code, two folders up."""
    workspace = ROOT / "corpora" / "archive"
    made = {"data", "models", "reports"}
    for name, text in pipelines(ROOT).items():
        for body in yaml.safe_load(text)["stages"].values():
            stage = body.get("do", body)
            place = (workspace / name).parent / stage.get("wdir", ".")
            read = [dep for dep in stage["deps"] if "${" not in dep]
            code = [dep for dep in read if dep.split("/")[0] not in made]

            assert code
            assert all((place / dep).resolve().exists() for dep in code), code


def test_a_workspace_s_pipelines_are_the_project_s():
    """Commands, settings and outputs as they are: only the code lies elsewhere."""
    for name, text in pipelines(ROOT).items():
        theirs, ours = yaml.safe_load((ROOT / name).read_text("utf-8")), yaml.safe_load(text)
        for content in (theirs, ours):
            for stage in content["stages"].values():
                stage.get("do", stage).pop("deps")

        assert text.startswith(f"# Made from {'../' * (len(name.parts) + 1)}{name}")
        assert ours == theirs


def test_only_the_pipelines_of_a_workspace_are_written(tmp_path):
    """The project's own are nobody's copy."""
    (tmp_path / "dvc.yaml").write_text("stages: {}", "utf-8")
    (tmp_path / "elsewhere" / "x").mkdir(parents=True)

    assert not refresh(Path("/"))
    assert not refresh(tmp_path)
    assert not refresh(tmp_path / "elsewhere" / "x")
    assert list(tmp_path.rglob("dvc.yaml")) == [tmp_path / "dvc.yaml"]


def test_an_unknown_corpus_is_told_with_those_that_there_are(tmp_path, monkeypatch):
    """And how to make one."""
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "corpora/archive").mkdir(parents=True)
    (tmp_path / "corpora/archive/params.yaml").touch()
    monkeypatch.chdir(tmp_path)

    assert find_workspace("archive") == tmp_path / "corpora/archive"
    with pytest.raises(DataError, match=r"there are: archive. .* python -m flows.corpus archiv"):
        find_workspace("archiv")


def test_the_same_reports_are_committed_of_every_corpus():
    """What DVC keeps is ignored, the small reports are not."""
    ours, theirs = (
        {line.replace("*/", "") for line in (ROOT / name).read_text("utf-8").splitlines()}
        for name in ("corpora/.gitignore", ".gitignore")
    )

    kinds = ("/data/", "/models/", "/reports/")
    outputs = {line for line in theirs if line.lstrip("!").startswith(kinds)}
    assert ours - {"# What the pipeline makes of each corpus (DVC keeps it)"} == outputs


@pytest.mark.engine
def test_a_repro_leaves_every_byte_of_the_others_alone(checkout):
    """One corpus after the other, the project's own too, each in its folder, in one DVC store."""
    root = checkout.folder
    a, b = (root / "corpora" / name for name in "ab")
    before_a, before_b = content(a), content(b)

    assert checkout.run("dvc", "repro")[0] == 0
    assert (root / "models/two").exists()
    assert (content(a), content(b)) == (before_a, before_b)

    assert checkout.run("dvc", "--cd", "corpora/a", "repro")[0] == 0
    own = content(root / "data") | content(root / "models")
    assert (a / "models/two").read_text("utf-8") == "a.wav"
    assert content(b) == before_b

    after_a = content(a)
    assert checkout.run("dvc", "--cd", "corpora/b", "repro", "studies/dvc.yaml")[0] == 0
    assert (b / "reports/study").read_text("utf-8") == "b.wav"
    assert not (b / "models").exists()
    assert content(a) == after_a
    assert content(root / "data") | content(root / "models") == own


@pytest.mark.engine
def test_a_stage_does_not_run_by_a_pipeline_that_is_not_the_project_s_any_more(checkout):
    """It is made anew, and the next run is by the new one."""
    pipeline = checkout.folder / "dvc.yaml"
    text = pipeline.read_text("utf-8")
    pipeline.write_text(text.replace("outs: [data/one]", "outs: [data/one, data/two]"), "utf-8")
    checkout.add_stage("first", BODIES["first"] + '; Path("data/two").touch()')

    code, errors = checkout.run("dvc", "--cd", "corpora/a", "repro")
    assert code != 0
    assert "a: the project's dvc.yaml has changed, and this corpus's has now been made" in errors

    assert checkout.run("dvc", "--cd", "corpora/a", "repro")[0] == 0
    assert (checkout.folder / "corpora/a/data/two").exists()


@pytest.mark.engine
def test_a_rebuild_takes_a_corpus_by_its_name(checkout, api):
    """Its pipelines are brought up to the project's first, but no others that are at work."""
    given = {"PREFECT_API_URL": api.url, "RAY_ADDRESS": "local"}
    pipeline = checkout.folder / "dvc.yaml"
    pipeline.write_text(pipeline.read_text("utf-8").replace("second:", "last:"), "utf-8")

    services = checkout.folder / ".prefect"
    services.mkdir(exist_ok=True)

    with FileLock(services / "work-a.lock"):
        code, errors = checkout.run("flows.rebuild", "--corpus", "b", **given)

    assert code == 0, errors
    assert "second:" in (checkout.folder / "corpora/a/dvc.yaml").read_text("utf-8")
    assert "last:" in (checkout.folder / "corpora/b/dvc.yaml").read_text("utf-8")
    assert (checkout.folder / "corpora/b/models/two").read_text("utf-8") == "b.wav"
    tasks = api.of_run("task_runs", api.last_run("rebuild"))
    assert [task["name"] for task in tasks] == ["first", "second"]
    assert not (checkout.folder / "data").exists()


@pytest.mark.engine
def test_one_command_makes_a_corpus_and_runs_it(checkout, api):
    """From a folder of recordings to a model: what a recipe's first lines say."""
    (checkout.folder / "mine.yaml").write_text("train: {epochs: 3}", "utf-8")
    given = {"PREFECT_API_URL": api.url, "RAY_ADDRESS": "local"}

    code, errors = checkout.run(
        "flows.corpus", "c", "recordings/a", "--recipe", "mine.yaml", "--run", **given
    )

    assert code == 0, errors
    assert (checkout.folder / "corpora/c/models/two").read_text("utf-8") == "a.wav"
