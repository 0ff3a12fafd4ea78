"""The images, by the steps of their own Containerfile in an empty folder and environment."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from genrenet.serving.classifier import Classifier
from tests.containerfile import Containerfile, Image
from tests.signals import tune, write

ROOT = Path(__file__).parents[1]
ENGINES = ("prefect", "ray", "dvc", "mlflow", "librosa", "audiomentations", "pandas", "sklearn")

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image for prediction."""
    root = tmp_path_factory.mktemp("image")
    return Containerfile(ROOT / "Containerfile").build("predict", root)


def test_the_core_alone_answers_as_it_does_here(image, bundle, tmp_path):
    """Built with the locked packages that prediction needs, and not a word beside the answer."""
    song = write(tmp_path / "a song.wav", tune(sr=8_000, duration_s=3), 8_000)
    shutil.copytree(bundle, image.workdir / "models/genrenet")

    done = image.run(*image.command, str(song))

    answer = Classifier.load(bundle).predict(song)
    assert done.stdout == f"🎵 a song.wav: {answer.label} ({answer.confidence:.2%} confidence)\n"
    assert done.stderr == ""


def test_it_holds_no_engine(image):
    """What trains models has no place where they answer."""
    code = f"import importlib.util as u; print([n for n in {ENGINES} if u.find_spec(n)])"

    assert all(map(find_spec, ENGINES))
    assert image.run("python", "-c", code).stdout == "[]\n"
