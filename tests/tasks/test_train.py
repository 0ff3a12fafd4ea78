"""The bundle's making: whole and valid, or not there."""

import dataclasses
import shutil

import pytest

from genrenet.errors import DataError
from genrenet.serving.bundle import read_bundle
from tasks.train import SeedReport, write_bundle


@pytest.fixture
def report(tmp_path):
    """A seed whose network is nothing but its name."""
    (tmp_path / "model.keras").write_bytes(b"new network")
    return SeedReport(
        seed=0,
        folder=tmp_path,
        history={"loss": [1.0]},
        ended_ms=[0],
        best_epoch=1,
        temperature=1.0,
        wall_s=1.0,
        provenance={"weights": []},
    )


def test_a_bundle_replaces_another(bundle, report, tmp_path):
    """With all four files, and nothing beside them."""
    folder, about = tmp_path / "bundle", read_bundle(bundle)
    shutil.copytree(bundle, folder)
    write_bundle(folder, about, [report], "0" * 16)

    assert read_bundle(folder) == about
    assert (folder / "model.keras").read_bytes() == b"new network"
    assert {path.name for path in folder.iterdir()} == {path.name for path in bundle.iterdir()}


def test_a_write_that_was_cut_off_leaves_no_valid_bundle(bundle, report, tmp_path):
    """Else the new network would answer under the former one's labels and temperature."""
    folder = tmp_path / "bundle"
    shutil.copytree(bundle, folder)
    unwritable = dataclasses.replace(report, provenance={"weights": {"a set"}})

    with pytest.raises(TypeError, match="not JSON serializable"):
        write_bundle(folder, read_bundle(bundle), [unwritable], "0" * 16)

    with pytest.raises(DataError, match=r"no readable bundle\.json"):
        read_bundle(folder)
