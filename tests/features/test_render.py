"""Rendered copies: what was drawn is what is heard, and it is the same bits anywhere."""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genrenet.features.augment import Draw, draw
from genrenet.features.render import render
from genrenet.features.transforms import draw_transforms
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing
from genrenet.transforms import Equalizer, Gain, Mp3, Room
from tests.resynthesis import analyse, log_spectral_distance
from tests.signals import noise, sine, tune, write

SR = 22_050
ROOT = Path(__file__).parents[2]
EVERY = (Gain(probability=1), Equalizer(probability=1), Room(probability=1), Mp3(probability=1))


def further(*transforms, seed=3):
    """A draw of these transforms alone."""
    return Draw(transforms=draw_transforms(transforms, seed=seed))


def level_db(y):
    """Mean power in dB."""
    return 10 * np.log10(np.mean(y.astype(float) ** 2))


@pytest.fixture
def noises(tmp_path):
    """A folder with one background noise, 3 s of a hum."""
    write(tmp_path / "hum.wav", sine(100, sr=SR, duration_s=3), SR)
    return tmp_path


@pytest.mark.parametrize("rate", [0.51, 0.85, 1.15, 1.49])
@pytest.mark.parametrize("semitones", [-12.0, 0.7, 12.0])
def test_pitch_and_tempo_are_altered_at_once(semitones, rate):
    """To the sample, from the least to the most that can be asked for."""
    y = render(
        sine(440, sr=SR, duration_s=3),
        SR,
        Draw(pitch_semitones=semitones, stretch_rate=rate),
        seed=1,
    )

    assert len(y) == round(3 * SR / rate)
    assert y.dtype == np.float32


@pytest.mark.parametrize("snr_db", [10.0, 20.0, 30.0])
def test_white_noise_has_the_level_that_was_drawn(snr_db):
    """Within 0.2 dB."""
    y = tune(sr=SR, duration_s=4)

    added = render(y, SR, Draw(snr_db=snr_db), seed=1) - y

    assert level_db(y) - level_db(added) == pytest.approx(snr_db, abs=0.2)


def test_gain_is_as_drawn():
    """Every sample by the same factor."""
    y = tune(sr=SR, duration_s=1)
    what = Draw(transforms='{"gain": {"gain_db": 6.0}}')

    assert np.allclose(render(y, SR, what, seed=1), y * 10 ** (6 / 20))


def test_an_equalizer_raises_the_band_that_was_drawn_and_no_other():
    """A peak of 12 dB at 600 Hz."""
    gain_db = [0.0, 0.0, 0.0, 12.0, 0.0, 0.0, 0.0]
    bands = {"center_hz": [60, 150, 300, 600, 1_500, 3_000, 6_000], "gain_db": gain_db}
    what = Draw(transforms=json.dumps({"equalizer": bands | {"q": [0.7] + [2.0] * 5 + [0.7]}}))

    raised = {}
    for hz in (60, 600, 6_000):
        y = sine(hz, sr=SR, duration_s=1)
        raised[hz] = level_db(render(y, SR, what, seed=1)[SR // 2 :]) - level_db(y[SR // 2 :])

    assert raised == pytest.approx({60: 0, 600: 12, 6_000: 0}, abs=0.3)


def test_a_band_above_the_signal_is_left_out():
    """At 8 kHz, audiomentations' highest two could not be made."""
    y = noise(sr=8_000, duration_s=1)

    assert np.isfinite(render(y, 8_000, further(Equalizer(probability=1)), seed=1)).all()


def test_a_room_sounds_on():
    """After a click there are reflections, none before it."""
    y = np.zeros(SR, np.float32)
    y[SR // 4] = 1

    heard = render(y, SR, further(Room(probability=1)), seed=1)

    before, after = heard[: SR // 4], heard[SR // 4 + SR // 20 : SR // 2]
    assert level_db(after) > level_db(before) + 40


@pytest.mark.parametrize("kbps", [16, 64, 160])
def test_compression_keeps_length_and_place(kbps):
    """An encoder's delay would shift the windows."""
    y = tune(sr=SR, duration_s=3)

    z = render(y, SR, Draw(transforms=json.dumps({"mp3": {"kbps": kbps}})), seed=1)

    lags = np.arange(-200, 201)
    likeness = [np.dot(z[SR : 2 * SR], y[SR + lag : 2 * SR + lag]) for lag in lags]
    assert (len(z), lags[np.argmax(likeness)]) == (len(y), 0)


def test_background_noise_comes_from_the_folder_at_its_level(noises):
    """A hum under a tone, 10 dB softer; it is repeated where it is shorter."""
    y = sine(1_000, sr=SR, duration_s=5)
    what = Draw(transforms='{"background_noise": {"file": "hum.wav", "snr_db": 10.0}}')

    added = render(y, SR, what, seed=1, noises=noises) - y

    assert level_db(y) - level_db(added) == pytest.approx(10, abs=0.2)
    spectrum = np.abs(np.fft.rfft(added[:SR]))
    assert spectrum.argmax() == 100


IN_A_PROCESS = """
import hashlib, json, random, sys
from pathlib import Path
import numpy as np
from genrenet.features.augment import Draw
from genrenet.features.render import render
from tests.signals import tune

y = tune(sr=22_050, duration_s=2)
for draw in json.loads(sys.argv[1]):
    random.random(), np.random.random()
    z = render(y, 22_050, Draw(**draw), seed=7, noises=Path(sys.argv[2]))
    print(hashlib.blake2b(z.tobytes()).hexdigest())
"""


def test_the_same_seed_renders_the_same_bytes_in_any_process_and_order(noises):
    """So that a shard that is built again, elsewhere or on one core, has the same bytes."""
    hum = {"background_noise": {"file": "hum.wav", "snr_db": 10.0}}
    draws = [
        {"pitch_semitones": -1.3},
        {"pitch_semitones": 12.0, "stretch_rate": 0.51},
        {"stretch_rate": 1.2, "snr_db": 20.0},
        {"transforms": json.dumps(hum)},
        *({"transforms": draw_transforms((one,), seed=2)} for one in EVERY),
    ]
    y = tune(sr=SR, duration_s=2)
    here = [
        hashlib.blake2b(render(y, SR, Draw(**d), seed=7, noises=noises).tobytes()).hexdigest()
        for d in draws
    ]

    for order, threads in [(1, "1"), (-1, "3")]:
        told = subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS, json.dumps(draws[::order]), str(noises)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=os.environ | {"PRA_NUM_THREADS": threads, "PYTHONPATH": str(ROOT)},
        )
        assert told.stdout.split()[::order] == here


def test_each_copy_has_noise_of_its_own():
    """Same level, other samples."""
    y = tune(sr=SR, duration_s=1)
    one, two = (render(y, SR, Draw(snr_db=20.0), seed=seed) for seed in (1, 2))

    assert not np.array_equal(one, two)


def test_the_global_random_states_are_left_alone():
    """Whoever seeded them relies on them."""
    random.seed(3)
    np.random.seed(3)
    before = random.getstate(), np.random.get_state()[1].tolist()

    render(tune(sr=SR, duration_s=1), SR, further(*EVERY), seed=1)

    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


@pytest.mark.parametrize("n_samples", [0, 1, 100, 2_000])
def test_the_end_of_a_long_recording_may_be_short_and_silent(n_samples):
    """It is rendered in pieces, and the last one is what is left."""
    what = Draw(pitch_semitones=-2.0, snr_db=20.0, transforms=further(*EVERY).transforms)

    for y in (np.zeros(n_samples, np.float32), noise(sr=SR, duration_s=1)[:n_samples]):
        rendered = render(y, SR, what, seed=1)
        assert len(rendered) == n_samples
        assert np.isfinite(rendered).all()


def test_the_original_is_not_touched():
    """It is rendered once for each copy."""
    y = noise(sr=SR, duration_s=1)
    before = y.copy()
    render(
        y, SR, Draw(pitch_semitones=1.0, snr_db=20.0, transforms=further(*EVERY).transforms), seed=1
    )

    assert np.array_equal(y, before)


@pytest.mark.parametrize("n", range(6))
def test_a_copy_sounds_other_than_its_original(n):
    """By more than 1 dB (root mean square of log-mel levels): else it teaches nothing."""
    spec, y = Preprocessing(), tune(sr=SR, duration_s=3, seed=n)

    altered = render(y, SR, draw(Augment(), f"track {n}", 1), seed=n)

    assert log_spectral_distance(analyse(altered, spec).mel, analyse(y, spec).mel) > 1
