"""Transforms: drawn by seed alone, recorded whole, refused before the work where it cannot be."""

import importlib.util
import json
import pickle
import re
import shutil

import numpy as np
import pytest

from genrenet.errors import ParamsError
from genrenet.features.augment import draw
from genrenet.features.noises import noise_folder
from genrenet.features.plans import ShardPlan
from genrenet.features.transforms import draw_transforms, ready
from genrenet.params import read_params
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing
from genrenet.transforms import Equalizer, Gain, Mp3, Room
from tests.signals import noise, write

SR = 22_050
EVERY = (Gain(probability=1), Equalizer(probability=1), Room(probability=1), Mp3(probability=1))


def drawn(*transforms, seed=3):
    """What is drawn for these transforms."""
    return json.loads(draw_transforms(transforms, seed=seed) or "{}")


def with_noise(folder):
    """Settings with background noise from a folder."""
    noise = {"name": "background_noise", "folder": str(folder), "probability": 1}
    return Augment.model_validate({"method": "render", "transforms": [noise]})


def identity(settings):
    """What the footer of a shard with these copies says."""
    plan = ShardPlan(path="shard", sources=(), spec=Preprocessing(), augment=settings)
    return json.dumps(plan.identity, sort_keys=True)


@pytest.fixture
def noises(tmp_path):
    """A folder with two recordings, one of them in a folder of its own."""
    folder = tmp_path / "noises"
    write(folder / "street.wav", noise(sr=SR, duration_s=1), SR)
    write(folder / "rooms" / "hall.flac", noise(sr=SR, duration_s=1, seed=1), SR)
    (folder / "notes.txt").write_text("no recording", "utf-8")
    return folder


@pytest.fixture
def read(tmp_path):
    """Read the section ``augment`` from a text."""

    def read_text(text):
        path = tmp_path / "params.yaml"
        path.write_text(f"augment: {text}", "utf-8")
        return read_params(path).augment

    return read_text


def test_the_settings_are_as_documented(read):
    """A transform is named, and what is left out has its default."""
    settings = read("{method: render, transforms: [{name: gain, gain_db: [-3, 3]}, {name: mp3}]}")

    assert settings.transforms == (Gain(gain_db=(-3, 3)), Mp3())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{name: gian}]", "transforms.0: 'gian' is not a transform. Did you mean 'gain'?"),
        ("[{name: qqq}]", "Known: gain, equalizer, room, mp3, background_noise."),
        ("[{name: gain, gain_dbb: 3}]", "gain_dbb is not a setting. Did you mean 'gain_db'?"),
        ("[gain]", "transforms.0 is 'gain': give each transform its name"),
        ("[{gain_db: [0, 3]}]", "give each transform its name"),
        ("[{name: background_noise}]", "background_noise.folder is missing"),
        ("[{name: gain, gain_db: [3, -3]}]", "[3.0, -3.0] has its ends the wrong way round"),
        ("[{name: room, absorption: [0, 2]}]", "[0.0, 2.0] is not within 0.1 and 0.99"),
        ("[{name: mp3, kbps: [17, 18]}]", "MP3 has no bit rate between"),
        ("[{name: gain}, {name: gain}]", "transforms has gain, gain: each of them once"),
        ("[{name: gain}], method: warp", "method is 'warp' and transforms has gain"),
    ],
)
def test_what_is_impossible_is_refused_by_its_name(read, text, message):
    """Before anything is run, with what to write instead."""
    with pytest.raises(ParamsError, match=re.escape(message)):
        read(f"{{method: render, transforms: {text}}}")


@pytest.mark.parametrize("seed", range(20))
def test_source_and_microphone_stand_in_the_room_as_far_apart_as_drawn(seed):
    """However small the room is; audiomentations would push them back in silently."""
    room = Room(probability=1, size_m=(2, 5), distance_m=(0.1, 20))
    values = drawn(room, seed=seed)["room"]
    x, y = values["source_m"][:2]
    azimuth, distance = values["azimuth"], values["distance_m"]
    at = (x - distance * np.sin(azimuth), y + distance * np.cos(azimuth))

    for place, size in zip(
        [*at, *values["source_m"]], [*values["size_m"][:2], *values["size_m"]], strict=True
    ):
        assert 0.29 < place < size - 0.29


def test_transforms_are_drawn_in_their_order():
    """Which is the order in which they are made."""
    orders = [(Gain(probability=1), Mp3(probability=1)), (Mp3(probability=1), Gain(probability=1))]

    names = [list(drawn(*order)) for order in orders]

    assert names == [["gain", "mp3"], ["mp3", "gain"]]


def test_one_more_transform_changes_nothing_of_the_others():
    """Two settings can be compared."""
    alone = drawn(Gain(probability=1))
    beside = drawn(*EVERY)

    assert beside["gain"] == alone["gain"]


def test_each_transform_has_its_own_probability():
    """Half of the copies, within 4 standard deviations of 400 coins."""
    settings = Augment(method="render", transforms=(Gain(probability=0.5),))

    made = sum(draw(settings, str(n), 1).transforms is not None for n in range(400))

    assert abs(made - 200) < 40


def test_what_is_drawn_for_pitch_does_not_depend_on_transforms():
    """So that a study of transforms changes nothing else."""
    without, given = (
        draw(Augment(), "track", 1),
        draw(Augment(method="render", transforms=EVERY), "track", 1),
    )

    assert (without.pitch_semitones, without.stretch_rate, without.snr_db) == (
        given.pitch_semitones,
        given.stretch_rate,
        given.snr_db,
    )


def test_every_part_of_a_draw_is_within_its_limits():
    """Over 200 draws of the defaults."""
    for seed in range(200):
        values = drawn(*EVERY, seed=seed)
        assert abs(values["gain"]["gain_db"]) <= 6
        assert max(map(abs, values["equalizer"]["gain_db"])) <= 6
        assert 0.2 <= values["room"]["absorption"] <= 0.6
        assert min(values["room"]["size_m"][:2]) >= 3
        assert values["mp3"]["kbps"] in (32, 40, 48, 56, 64, 80, 96, 112, 128)


def test_noise_is_drawn_from_all_recordings_of_the_folder(noises):
    """By names that mean the same on another machine; hidden and other files are passed over."""
    write(noises / ".hidden.wav", noise(sr=SR, duration_s=1), SR)
    settings = ready(with_noise(noises), SR)

    names = {
        json.loads(draw(settings, str(n), 1).transforms)["background_noise"]["file"]
        for n in range(40)
    }

    assert names == {"street.wav", "rooms/hall.flac"}


def test_a_folder_is_absolute_for_every_worker(noises, monkeypatch):
    """Ray's workers have another current folder; settings travel to them pickled."""
    monkeypatch.chdir(noises.parent)

    settings = pickle.loads(pickle.dumps(ready(with_noise("noises"), SR)))  # noqa: S301  our own bytes

    assert noise_folder(settings) == noises
    assert draw(settings, "track", 1).transforms is not None


def test_copies_are_made_anew_when_a_noise_changes(noises):
    """Another recording, another name or one more: another shard."""
    before = identity(ready(with_noise(noises), SR))

    (noises / "street.wav").rename(noises / "road.wav")
    renamed = identity(ready(with_noise(noises), SR))
    write(noises / "road.wav", noise(sr=SR, duration_s=1, seed=2), SR)
    rewritten = identity(ready(with_noise(noises), SR))

    assert len({before, renamed, rewritten}) == 3


def test_copies_stay_when_the_folder_moves(noises, tmp_path):
    """The recordings decide, not where they lie."""
    shutil.copytree(noises, tmp_path / "elsewhere")

    assert identity(ready(with_noise(noises), SR)) == identity(
        ready(with_noise(tmp_path / "elsewhere"), SR)
    )


def test_a_folder_that_is_not_there_is_named(tmp_path):
    """Before the work."""
    with pytest.raises(ParamsError, match=r"no folder is at '.*/nowhere'"):
        ready(with_noise(tmp_path / "nowhere"), SR)


def test_a_folder_without_a_recording_is_refused(tmp_path):
    """Silence is no background noise."""
    with pytest.raises(ParamsError, match=r"holds no recording .* Expected one of .*\.wav"):
        ready(with_noise(tmp_path), SR)


def test_a_damaged_noise_is_refused_with_its_reason(noises):
    """It would fail in a worker, hours later."""
    (noises / "bad.wav").write_bytes(b"RIFF and then nothing")

    with pytest.raises(ParamsError, match=r"bad\.wav' cannot be used as 'background_noise'"):
        ready(with_noise(noises), SR)


@pytest.mark.parametrize("name", ["room", "mp3"])
def test_a_package_that_is_missing_is_named_with_the_command(monkeypatch, name):
    """Both are extras."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(ParamsError, match=r"pip install 'genrenet\[robustness\]'"):
        ready(Augment.model_validate({"method": "render", "transforms": [{"name": name}]}), SR)


@pytest.mark.parametrize(("sr", "kbps"), [(22_000, 32), (22_050, 192), (8_000, 96)])
def test_a_rate_that_mp3_does_not_have_is_refused(sr, kbps):
    """LAME would silently take another."""
    with pytest.raises(ParamsError, match="MP3"):
        ready(Augment(method="render", transforms=(Mp3(kbps=(32, kbps)),)), sr)
