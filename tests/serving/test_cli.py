"""The command line: one line a recording, exit code 2 for what the user can mend."""

import io
import json
import re
import subprocess
import sys

import pytest

from genrenet.serving import classifier, cli
from genrenet.serving.classifier import Classifier, Prediction
from tests.signals import noise, tune, write

SR = 8_000


@pytest.fixture
def run(bundle, monkeypatch, capsys):
    """Run ``genrenet predict`` with the small bundle: exit code, output, errors."""

    def predict(*arguments, model=bundle):
        command = ["genrenet", "predict", *map(str, arguments), "--model", str(model)]
        monkeypatch.setattr(sys, "argv", command)
        code = cli.main()
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return predict


@pytest.fixture
def song(tmp_path):
    """A recording."""
    return write(tmp_path / "music" / "a song.wav", tune(sr=SR, duration_s=3), SR)


def test_an_answer_is_one_line(run, tmp_path, monkeypatch):
    """As the manual shows it, to the letter; the label and share are given here."""
    path = write(tmp_path / "sample_audio.wav", noise(sr=SR, duration_s=2), SR)
    shares = {"Deuda": 0.95674, "Salsa": 0.04326}
    answer = Prediction(label="Deuda", confidence=0.95674, probabilities=shares, timeline=[])
    monkeypatch.setattr(classifier.Classifier, "predict", lambda self, path: answer)

    assert run(path) == (0, "🎵 sample_audio.wav: Deuda (95.67% confidence)\n", "")
    assert run(path, "--top", 5)[1] == (
        "🎵 sample_audio.wav: Deuda (95.67% confidence), Salsa (4.33% confidence)\n"
    )


def test_the_answer_is_the_classifier_s(run, song, bundle):
    """Nothing is lost on the way to the terminal."""
    answer = Classifier.load(bundle).predict(song)

    assert run(song) == (
        0,
        f"🎵 a song.wav: {answer.label} ({answer.confidence:.2%} confidence)\n",
        "",
    )


def test_json_is_one_object_a_line(run, song, bundle):
    """With probabilities and timeline, for other programs."""
    code, out, _ = run(song, song, "--json")
    answers = [json.loads(line) for line in out.splitlines()]

    assert (code, len(answers)) == (0, 2)
    assert answers[0] == {"path": str(song), **vars(Classifier.load(bundle).predict(song))}


def test_a_folder_is_all_its_recordings(run, song):
    """Deep, sorted, without droppings and pictures."""
    write(song.parent / "deep" / "b.FLAC", noise(sr=SR, duration_s=2), SR)
    (song.parent / "._a song.wav").touch()
    (song.parent / "cover.jpg").touch()

    code, out, err = run(song.parent)

    assert (code, err) == (0, "")
    assert re.findall("🎵 (.*?):", out) == ["a song.wav", "b.FLAC"]


def test_a_folder_s_unread_formats_are_told(run, song):
    """With the way out, not passed over as if they were not there."""
    (song.parent / "b.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(99))

    code, out, err = run(song.parent)

    assert code == 2
    assert out.startswith("🎵 a song.wav: ")
    assert f"b.m4a: MPEG-4 (M4A, MP4, MOV) is not read; convert it: ffmpeg -i {song.parent}" in err


def test_a_bad_file_does_not_stop_the_others(run, song, tmp_path):
    """Its reason goes to standard error, and the exit code is 2."""
    bad, missing = tmp_path / "bad.wav", tmp_path / "missing.wav"
    bad.write_bytes(b"no music" * 99)

    code, out, err = run(bad, song, missing)

    assert code == 2
    assert out.startswith("🎵 a song.wav: ")
    assert err.splitlines() == [
        f"{bad}: unreadable: libsndfile says 'Format not recognised.'",
        f"{missing}: No such file or directory",
        "error: 2 of 3 recordings have no answer; reasons above.",
    ]


def test_a_model_that_is_nowhere_is_told(run, song, tmp_path):
    """In one line."""
    code, out, err = run(song, model=tmp_path)

    assert (code, out) == (2, "")
    assert err.startswith(f"error: {tmp_path}: is no model of genrenet")


def test_an_empty_folder_is_told(run, tmp_path):
    """With the suffixes that are expected."""
    code, _, err = run(tmp_path)

    assert code == 2
    assert err.startswith(f"error: no recording in {tmp_path}. Expected one of .aif")


def test_a_wrong_option_is_told(run, song):
    """By typer, with its exit code."""
    code, _, err = run(song, "--top", 0)

    assert code == 2
    assert "--top" in err


def test_an_interrupt_is_no_error(run, song, monkeypatch):
    """130, as the shell has it, and no traceback."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Classifier, "predict", interrupted)

    code, out, err = run(song)

    assert (code, out) == (130, "")
    assert "Traceback" not in err


def test_a_terminal_without_notes_gets_the_answer(run, song, monkeypatch):
    """No traceback for a symbol that the terminal's encoding does not have."""
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", terminal)

    code, _, err = run(song)

    terminal.flush()
    assert (code, err) == (0, "")
    assert terminal.buffer.getvalue().startswith(b"? a song.wav: ")


IMPORTED = """
import sys
sys.argv = ["genrenet", *sys.argv[1:]]
from genrenet.serving.cli import main
main()
print(*sys.modules)
"""
PIPELINE = {"pandas", "sklearn", "librosa", "audiomentations", "mlflow", "ray", "prefect", "dvc"}
NETWORK = {"keras", "tensorflow"}


def imported(*arguments):
    """The modules that a run of the program has imported."""
    command = [sys.executable, "-c", IMPORTED, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [("--help",), ("predict", "x.wav", "--model", "/nowhere")])
def test_what_needs_no_network_loads_none(arguments):
    """Help comes at once, and so does the answer to a wrong path."""
    assert not imported(*arguments) & (NETWORK | PIPELINE)


CORE = """
import sys
from pathlib import Path
sys.modules.update(dict.fromkeys(sys.argv[2:]))  # None: importing it fails
import numpy as np
from genrenet.serving.classifier import Classifier
from genrenet.serving.bundle import read_bundle
network = lambda x, training: np.zeros((len(x), 2), np.float32)
class Silent(Classifier):
    def probabilities(self, x):
        from genrenet.learning.calibration import probabilities
        return probabilities(network(x, False), self.bundle.temperature)
folder, song = map(Path, sys.argv[1].split("|"))
print(Silent(read_bundle(folder), network).predict(song).confidence)
"""


def test_an_answer_needs_the_core_alone(bundle, song):
    """``pip install genrenet`` without extras predicts; here with a network that knows nothing."""
    command = [sys.executable, "-c", CORE, f"{bundle}|{song}", *PIPELINE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("0.5\n", "")
