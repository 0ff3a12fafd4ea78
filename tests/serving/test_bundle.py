"""The bundle: what was trained is what answers, or it is refused."""

import json
import shutil
import zipfile

import pytest

from genrenet.errors import DataError
from genrenet.serving.bundle import BUNDLE, make_repeatable, read_bundle, write_json
from genrenet.serving.location import locate


@pytest.fixture
def edited(bundle, tmp_path):
    """A copy of the bundle whose description has been changed."""

    def edit(change):
        folder = tmp_path / "bundle"
        shutil.copytree(bundle, folder)
        about = json.loads((folder / "bundle.json").read_text("utf-8"))
        change(about)
        (folder / "bundle.json").write_text(json.dumps(about), "utf-8")
        return folder

    return edit


def test_a_bundle_says_all_that_an_answer_depends_on(bundle, spec):
    """Specification, classes and settings come back as they were."""
    about = read_bundle(bundle)

    assert about.specification == spec
    assert about.labels == ("noise", "tunes")
    assert about.network_input.n_mels == spec.n_mels


def test_an_edited_specification_is_refused(edited):
    """The network would get other features than it was trained on."""
    folder = edited(lambda about: about["specification"].update(fmin=99.0))

    with pytest.raises(DataError, match=r"the file was edited. Train again"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda about: about["specification"].update(revision=1), "specification.revision"),
        (lambda about: about.update(format=2), "format"),
        (lambda about: about.update(new_key=1), "new_key"),
        (lambda about: about.pop("labels"), "labels"),
    ],
    ids=["revision", "format", "unknown", "missing"],
)
def test_a_bundle_of_another_version_is_refused(edited, change, place):
    """Before it gives a wrong answer; the message says what differs."""
    with pytest.raises(DataError, match=rf"another version of genrenet .{place}: .* Train again"):
        read_bundle(edited(change))


def test_a_folder_that_is_no_bundle_is_told(tmp_path):
    """With what --model takes."""
    with pytest.raises(DataError, match=r"is no model of genrenet .* models:/NAME@ALIAS"):
        read_bundle(tmp_path)


def test_a_bundle_without_its_network_is_told(edited):
    """As a clone before ``dvc pull`` has it."""
    folder = edited(lambda about: None)
    (folder / "model.keras").unlink()

    with pytest.raises(DataError, match=r"holds no model\.keras"):
        read_bundle(folder)


def test_json_is_the_same_bytes_for_the_same_value(tmp_path):
    """Whatever the order of the keys; readable in any script."""
    for name, value in (("1", {"a": 1, "شور": 2}), ("2", {"شور": 2, "a": 1})):
        write_json(value, tmp_path / name)

    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert "شور" in (tmp_path / "1").read_text("utf-8")


def test_json_that_cannot_be_written_leaves_what_was_there(tmp_path):
    """And nothing beside it; a lone surrogate is in no encoding."""
    path = tmp_path / "about.json"
    write_json("before", path)

    with pytest.raises(UnicodeEncodeError):
        write_json("\ud800", path)

    assert path.read_text("utf-8") == '"before"\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_network_s_file_has_no_date_and_no_address(tmp_path):
    """Keras writes both; objects that were one stay one."""
    path = tmp_path / "model.keras"
    objects = {key: {"shared_object_id": n} for key, n in (("a", 140012), ("b", 9), ("c", 140012))}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(
            "metadata.json", '{"keras_version": "3", "date_saved": "2026-01-01@00:00:00"}'
        )
        file.writestr("config.json", json.dumps(objects))
        file.writestr("model.weights.h5", b"weights 140012")
    make_repeatable(path)

    with zipfile.ZipFile(path) as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "2026" not in file.read("metadata.json").decode()
        config = json.loads(file.read("config.json"))
        assert file.read("model.weights.h5") == b"weights 140012"
    ids = [config[key]["shared_object_id"] for key in "abc"]
    assert ids == [0, 1, 0]


def test_a_model_that_is_being_trained_is_told_so(monkeypatch, tmp_path):
    """DVC takes the former one away first; it can be had back."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DataError, match=r"not there while that trains.*dvc checkout models"):
        read_bundle(BUNDLE)


def test_a_path_is_its_own_place(tmp_path):
    """No MLflow is asked."""
    assert locate(str(tmp_path)) == tmp_path
