"""Making a further corpus: all of it or nothing, and never over another."""

import shutil
from pathlib import Path

import pytest

from flows.corpus import make
from flows.schema import SCHEMA, modeline
from genrenet.errors import DataError, ParamsError
from genrenet.params import Params, read_params

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A checkout with the project's settings and pipelines; recordings lie beside it."""
    folder = tmp_path / "project"
    for name in ("params.yaml", "dvc.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "mlruns").mkdir()
    (tmp_path / "recordings").mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe; its path."""

    def write(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text, "utf-8")
        return str(path)

    return write


def files(folder):
    """Every file below a folder, with its text."""
    return {p.relative_to(folder): p.read_text("utf-8") for p in folder.rglob("*") if p.is_file()}


def test_a_corpus_has_files_of_its_own_that_are_there(project, monkeypatch):
    """Recordings, corrections and lists: DVC depends on each."""
    make("archive", Path("../recordings"))

    monkeypatch.chdir(project / "corpora/archive")
    params = read_params()
    assert Path(params.corpus.path).resolve() == project.parent / "recordings"
    assert Path(params.corpus.labels).read_text("utf-8") == "track_id,genre\n"
    assert Path(params.split.lists).is_dir()
    assert Path("dvc.yaml").is_file()


def test_the_registry_keeps_the_models_of_corpora_apart(project):
    """Under the corpus's own name."""
    make("archive", Path("../recordings"))

    assert read_params("corpora/archive/params.yaml").register_.name == "archive"


def test_a_path_is_kept_as_it_was_given(project):
    """A relative one moves with the checkout, an absolute one does not."""
    make("near", Path("../recordings"))
    make("far", project.parent / "recordings")

    assert read_params("corpora/near/params.yaml").corpus.path == "../../../recordings"
    assert read_params("corpora/far/params.yaml").corpus.path == str(project.parent / "recordings")


def test_it_can_be_made_from_any_folder_of_the_checkout(project, monkeypatch):
    """And never inside of another corpus."""
    make("one", Path("../recordings"))
    monkeypatch.chdir("corpora/one")
    make("two", Path("../../../recordings"))

    assert read_params(project / "corpora/two/params.yaml").corpus.path == "../../../recordings"
    assert sorted(path.name for path in (project / "corpora").iterdir()) == ["one", "two"]


def test_what_was_said_of_the_project_s_recordings_does_not_hold_for_others(project):
    """Their columns and folds are theirs; how the network learns is not."""
    text = (project / "params.yaml").read_text("utf-8")
    for old, new in (
        ("columns: {}", "columns: {path: file}"),
        ("layout: auto", "layout: manifest"),
        ("dropout: 0.3", "dropout: 0.1"),
    ):
        assert old in text
        text = text.replace(old, new)
    (project / "params.yaml").write_text(text, "utf-8")

    make("archive", Path("../recordings"))

    params = read_params("corpora/archive/params.yaml")
    assert (params.corpus.columns, params.corpus.layout) == ({}, "auto")
    assert params.train.dropout == 0.1


def test_an_editor_finds_the_schema_of_a_corpus_s_settings(project):
    """It is the project's, two folders up."""
    make("archive", Path("../recordings"))

    first = (project / "corpora/archive/params.yaml").read_text("utf-8").partition("\n")[0]
    named = Path(first.removeprefix(modeline("").strip()))
    assert (project / "corpora/archive" / named).resolve() == project / SCHEMA


def test_recipes_lie_over_the_settings_and_the_comments_stay(project, recipe):
    """The file is the user's from then on, and is to be read."""
    make("archive", Path("../recordings"), recipes=[recipe("train: {epochs: 77}")])

    text = (project / "corpora/archive/params.yaml").read_text("utf-8")
    head = "# Made from the project's params.yaml with mine; yours to change.\n"
    assert text.removeprefix(modeline("../../params.schema.json")).startswith(head)
    assert "  epochs: 77" in text
    assert text.count("#") == (project / "params.yaml").read_text("utf-8").count("#") + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: {epoch: 3}", "params.yaml with mine: train.epoch is not a setting. Did you mean"),
        ("features: {overlap_s: 9}", "overlap_s is 9.0 s and window_s is 3.0 s"),
        ("corpus: 3", "mine.yaml: corpus is 3: expected settings"),
        ("[1]", "expected sections"),
        ("corpus: {path: x}", "mine.yaml: sets corpus.path; each corpus has its own"),
        ("{register: {name: x}, split: {lists: y}}", "sets register.name, split.lists; each"),
        ("{corpus: {layout: folders}, split: {policy: lists}}", "there are none: give --lists"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_before_anything_is_written(
    text, message, project, recipe
):
    """By the file's name and the setting's."""
    with pytest.raises((ParamsError, DataError), match=message):
        make("archive", Path("../recordings"), recipes=[recipe(text)])

    assert not (project / "corpora").exists()


def test_an_unknown_recipe_is_told_with_the_nearest_known(project):
    """A misspelt name."""
    (project / "docs/recipes").mkdir(parents=True)
    (project / "docs/recipes/dastgah.yaml").touch()

    with pytest.raises(ParamsError, match=r"Did you mean 'dastgah'\?"):
        make("archive", Path("../recordings"), recipes=["dastgh"])


def test_recordings_that_are_not_there_are_told(project):
    """Before hours of work."""
    with pytest.raises(DataError, match=r"nothing is at 'recording'"):
        make("archive", Path("recording"))

    assert not (project / "corpora").exists()


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "a/b", "a b", "../x", "-x", "a:b"])
def test_what_is_no_name_is_refused(name, project):
    """It becomes a folder, and a model's name in MLflow."""
    with pytest.raises(DataError, match=r"is no name for a corpus: give letters"):
        make(name, Path("../recordings"))


def test_a_name_in_any_script_will_do(project):
    """As genres may be in any."""
    make("موسیقی-1.2", Path("../recordings"))

    assert read_params("corpora/موسیقی-1.2/params.yaml").register_.name == "موسیقی-1.2"


def test_the_project_s_own_model_keeps_its_name(project):
    """Two corpora under one name would pass for versions of one model."""
    with pytest.raises(DataError, match=r"'genrenet' is what the project's own model is called"):
        make(Params().register_.name, Path("../recordings"))


def test_a_corpus_that_is_there_is_left_as_it_is(project):
    """Its settings may have been changed by hand."""
    make("archive", Path("../recordings"))
    (project / "corpora/archive/params.yaml").write_text("train: {epochs: 3}", "utf-8")
    before = files(project / "corpora")

    with pytest.raises(DataError, match=r"is there already. .* --overwrite"):
        make("archive", Path("../recordings"))

    assert files(project / "corpora") == before


def test_overwriting_writes_the_settings_anew_and_nothing_else(project, recipe):
    """Corrections and data that were made stay."""
    make("archive", Path("../recordings"))
    folder = project / "corpora/archive"
    (folder / "labels.csv").write_text("track_id,genre\na,b\n", "utf-8")
    before = files(folder)

    make("archive", Path("../recordings"), recipes=[recipe("train: {epochs: 3}")], overwrite=True)

    after = files(folder)
    assert {path for path in before if before[path] != after[path]} == {Path("params.yaml")}
    assert after.keys() == before.keys()


def test_published_lists_are_copied(project, recipe, tmp_path):
    """The corpus then has all that its split depends on."""
    published = recipe("{corpus: {layout: folders}, split: {policy: lists}}")
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "train_filtered.txt").write_text("blues/1.wav\n", "utf-8")

    make("archive", Path("../recordings"), recipes=[published], lists=lists)

    copied = project / "corpora/archive/lists/train_filtered.txt"
    assert copied.read_text("utf-8") == "blues/1.wav\n"


def test_a_folder_without_lists_is_told(project, tmp_path):
    """The wrong folder was named."""
    with pytest.raises(DataError, match=r"--lists .*: holds no \.txt files"):
        make("archive", Path("../recordings"), lists=tmp_path)
