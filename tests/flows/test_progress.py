"""Progress: how far, how fast, how long still."""

import io

import pytest
from rich.console import Console

from flows import progress as module
from flows.progress import Tally, progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand; it begins at 0."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_pace_tells_rate_real_time_and_what_is_left(clock):
    """100 of 400 tracks in 10 s, half of the sound: 10 s are left, not 30."""
    tally = Tally(total=400, unit="tracks", audio_s=20_000, begun=0)
    clock[0] += 10
    tally.add(100, audio_s=10_000, new=True)

    assert tally.pace() == "10.0 tracks/s, 1,000 x real time, 10 s left"


def test_without_sound_the_units_are_counted(clock):
    """Epochs have no length."""
    tally = Tally(total=40, unit="epochs", begun=0)
    clock[0] += 10
    tally.add(1, audio_s=0, new=True)

    assert tally.pace() == "10 s/epoch, 6 min left"


@pytest.mark.parametrize(
    ("done", "said"), [(20, "2.0 epochs/s"), (8, "1.2 s/epoch"), (2, "5.0 s/epoch")]
)
def test_what_takes_its_time_is_told_in_time(clock, done, said):
    """Nobody reads much in 0.0 epochs/s."""
    tally = Tally(total=100, unit="epochs", begun=0)
    clock[0] += 10
    tally.add(done, audio_s=0, new=True)

    assert tally.pace().startswith(f"{said}, ")


def test_work_that_is_done_has_nothing_left(clock):
    """It tells how fast it was."""
    tally = Tally(total=20, unit="tracks", begun=0)
    clock[0] += 10
    tally.add(20, audio_s=0, new=True)

    assert tally.pace() == "2.0 tracks/s"


def test_what_was_kept_is_no_work(clock):
    """A resumed run is not a thousand times as fast as it was."""
    tally = Tally(total=400, unit="tracks", audio_s=4_000, begun=0)
    tally.add(300, audio_s=3_000, new=False)
    assert tally.pace() == ""
    clock[0] += 10
    tally.add(50, audio_s=500, new=True)

    assert tally.done == 350
    assert tally.pace() == "5.0 tracks/s, 50 x real time, 10 s left"


def test_the_clock_starts_when_the_work_does(clock):
    """What an engine needs to come up is not the pace of the work."""
    tally = Tally(total=20, unit="tracks", begun=0)
    clock[0] += 60
    tally.add(0, audio_s=0, new=True)
    clock[0] += 10
    tally.add(10, audio_s=0, new=True)

    assert tally.pace() == "1.0 tracks/s, 10 s left"


@pytest.mark.parametrize(
    ("seconds", "said"), [(40, "40 s left"), (720, "12 min left"), (12_600, "3.5 h left")]
)
def test_what_is_left_is_told_in_the_unit_that_fits(clock, seconds, said):
    """Nobody counts in 12,600 s."""
    tally = Tally(total=seconds + 1, unit="tracks", begun=0)
    clock[0] += 1
    tally.add(1, audio_s=0, new=True)

    assert tally.pace().endswith(said)


def test_a_terminal_shows_a_bar_with_the_pace(clock, monkeypatch):
    """Count, rate, times real time and what is left, in one line."""
    screen = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr(module, "console", screen)

    with progress("features", total=4, unit="tracks", audio_s=400) as advance:
        advance(0)
        clock[0] += 10
        advance(2, audio_s=200)

    shown = screen.file.getvalue()
    assert "2/4" in shown
    assert "5.0 s/track, 20 x real time, 10 s left" in shown
