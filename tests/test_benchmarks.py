"""The benchmarks' own arithmetic, and rows that cost little."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import clips, decoding, report, usual
from benchmarks.__main__ import all_rows
from benchmarks.clips import music
from benchmarks.features import COMPARABLE, check_warp
from benchmarks.rows import Contest, Result, Row, WrongAnswerError, agree, chosen, measure
from genrenet.features.augment import Draw


class Clock:
    """Time that passes only when it is told to, and who was at work."""

    def __init__(self) -> None:
        self.now_s, self.turns = 0.0, ""

    def __call__(self) -> float:
        return self.now_s

    def worker(self, name: str, *durations_s: float):
        """Work that takes so long, call by call."""
        left = iter(durations_s)

        def work() -> None:
            self.turns += name
            self.now_s += next(left)

        return work


def row(contest: Contest) -> Row:
    """A row that is the given contest."""
    return Row(name="row", ours="a", theirs="b", unit="clip", target=None, prepare=lambda: contest)


def test_the_two_ways_take_turns():
    """What disturbs the machine falls on both."""
    clock = Clock()
    ours, theirs = clock.worker("A", 1, 1, 1), clock.worker("B", 1, 1, 1)

    measure(row(Contest(ours=ours, theirs=theirs, check=lambda: None, n_rounds=3, clock=clock)))

    assert clock.turns == "ABABAB"


def test_times_are_for_one_unit_and_the_ratio_is_theirs_over_ours():
    """A way that is timed on more clips is not slower for that."""
    clock = Clock()
    contest = Contest(
        ours=clock.worker("A", 2.0),
        theirs=clock.worker("B", 6.0),
        check=lambda: None,
        n_ours=4,
        n_theirs=2,
        n_rounds=1,
        clock=clock,
    )

    result = measure(row(contest))

    assert (result.ours_ms, result.theirs_ms, result.ratio) == (500, 3_000, 6)


def test_on_the_wall_the_best_round_counts():
    """Wall time only ever grows by what else runs."""
    clock = Clock()
    contest = Contest(
        ours=clock.worker("A", 9, 1, 5), theirs=4_000, check=lambda: None, n_rounds=3, clock=clock
    )

    assert measure(row(contest)).ratio == 4


def test_cpu_time_counts_by_its_median(monkeypatch):
    """One slow round of three changes nothing."""
    clock = Clock()
    monkeypatch.setattr("benchmarks.rows.cpu_s", clock)
    contest = Contest(
        ours=clock.worker("A", 9, 1, 2), theirs=4_000, check=lambda: None, n_rounds=3, clock=clock
    )

    assert measure(row(contest)).ratio == 2


def test_seconds_that_may_be_added_are_a_target():
    """100 s in one process and 45 s allowed: 160 s miss it, 140 s do not."""
    for ours_s, reached in ((160, False), (140, True)):
        clock = Clock()
        contest = Contest(
            ours=clock.worker("A", ours_s),
            theirs=100_000,
            check=lambda: None,
            n_rounds=1,
            clock=clock,
        )
        engines = replace(row(contest), allowance_s=45)

        result = measure(engines)

        assert result.reached == reached
        assert report.ratio(result, engines) == f"+{ours_s - 100} s"
        assert report.target(result, engines) == "≤ +45 s"


def test_a_fast_wrong_answer_is_not_timed():
    """The check comes first, and its refusal ends the row."""
    clock = Clock()
    contest = Contest(
        ours=clock.worker("A", 1),
        theirs=clock.worker("B", 1),
        check=lambda: agree("the windows", 0.5, at_most=0.1),
        clock=clock,
    )

    with pytest.raises(WrongAnswerError, match=r"the windows differ by 0\.5; at most 0\.1"):
        measure(row(contest))
    assert clock.turns == ""


def test_what_is_not_a_number_does_not_agree():
    """NaN is no small difference."""
    with pytest.raises(WrongAnswerError):
        agree("the levels", float("nan"), at_most=1)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("augment", ["augment", "augment_default"]),
        ("read", ["read_pylist", "read_tensor"]),
        ("read_tensor", ["read_tensor"]),
        ("rea", []),
    ],
)
def test_a_row_is_chosen_by_its_name_or_its_first_words(tmp_path, name, found):
    """``make bench ROW=read`` means ``read_pylist`` and ``read_tensor``."""
    assert [row.name for row in chosen(all_rows(tmp_path), name)] == found


def test_no_two_rows_have_one_name(tmp_path):
    """Rows are told apart by their names in ``results.json``."""
    names = [row.name for row in all_rows(tmp_path)]

    assert len(set(names)) == len(names)


def test_results_are_read_as_they_were_written(tmp_path):
    """A list of rows with the five keys that readers rely on."""
    result = Result(row="mel", ratio=2.5, target=None, ours_ms=4.0, theirs_ms=10.0)
    report.write_results([result], tmp_path / "results.json")

    assert report.read_results(tmp_path / "results.json") == [result]
    [line] = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert list(line) == ["row", "ratio", "target", "ours_ms", "theirs_ms"]


def test_the_page_shows_the_results_that_are_kept(tmp_path):
    """Documentation and ``results.json`` come from one run, and rows know their targets."""
    rows, results = all_rows(tmp_path), report.read_results()
    *table, _, _ = report.markdown(results, rows).splitlines()  # the last line is this machine's

    assert "\n".join(table) in report.PAGE.read_text("utf-8")
    assert [result.row for result in results] == [row.name for row in rows]
    for row, result in zip(rows, results, strict=True):
        assert row.allowance_s or result.target == row.target


def test_the_readme_says_what_was_measured():
    """Its figures are those of the table, rounded."""
    results = {result.row: result for result in report.read_results()}
    readme = (report.PAGE.parents[1] / "README.md").read_text("utf-8")
    for name in ("windows", "lhotse_wav", "gtzan_size_npy"):
        assert f"{results[name].ratio:.2g} × as fast as" in readme
    for name in ("stage_wav", "stage_mp3"):
        assert f"{results[name].ratio:,.0f} ×" in readme
    assert f"takes {results['gtzan_size_npy'].ours_ms:.0f} s" in readme  # 1,000 clips


def test_the_table_stands_between_its_marks(tmp_path):
    """What is written by hand around it stays."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", "utf-8")

    report.fill_page("new", page)
    report.fill_page("newer", page)

    assert page.read_text("utf-8") == f"before\n{report.BEGIN}\n\nnewer\n\n{report.END}\nafter\n"


def test_the_picture_has_a_bar_for_each_row_with_a_target(tmp_path):
    """Rows that are only told are left out."""
    rows = all_rows(tmp_path)
    results = [
        Result(row=row.name, ratio=9.0, target=row.target, ours_ms=1.0, theirs_ms=9.0)
        for row in rows
    ]

    [axes] = report.picture(results, rows).axes

    assert len(axes.patches) == sum(row.target is not None for row in rows)


def test_a_clip_is_the_same_every_time():
    """The input is decided by its seed."""
    assert np.array_equal(music(1, duration_s=2), music(1, duration_s=2))
    assert not np.array_equal(music(1, duration_s=2), music(2, duration_s=2))


def test_many_clips_are_all_different_files(tmp_path):
    """Equal files would be hashed and cached as one."""
    paths = clips.many(tmp_path, 6, n_different=2, sr=8_000)

    assert len({path.read_bytes() for path in paths}) == 6


def test_warp_is_nearer_to_the_truth_than_librosas_shifters(tmp_path):
    """The gate of row ``augment``, at its settings."""
    check_warp(tmp_path, COMPARABLE)


def test_the_gate_refuses_another_copy(tmp_path, monkeypatch):
    """A copy at the wrong pitch would be as fast, and does not pass."""
    monkeypatch.setattr("genrenet.features.warp.analysis_rate", lambda _, sr: sr)

    with pytest.raises(WrongAnswerError, match="warp and truth"):
        check_warp(tmp_path, COMPARABLE)


@pytest.mark.filterwarnings("ignore:.*slated for removal in Python 3.13:DeprecationWarning")
@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_decoding_is_librosas_to_the_last_bit(tmp_path, suffix, monkeypatch):
    """The gate of rows ``decode_wav`` and ``decode_mp3``."""
    monkeypatch.setattr(decoding, "N_CLIPS", 1)
    names = {row.name: row for row in decoding.rows(tmp_path)}

    names[f"decode_{suffix[1:]}"].prepare().check()


def test_the_usual_loop_saves_every_window(tmp_path):
    """The other side does the whole work: original and copies, mel and MFCC."""
    y = music(0, sr=COMPARABLE.sr, duration_s=6)
    copies = [y, usual.altered(y, COMPARABLE.sr, Draw(snr_db=20.0))]

    usual.save_json([usual.windows(x, COMPARABLE) for x in copies], tmp_path / "clip.json")

    rows = json.loads((tmp_path / "clip.json").read_text("utf-8"))
    assert [np.shape(rows[0][name]) for name in ("mel", "mfcc")] == [(128, 130), (20, 130)]
    assert len(rows) == 2 * 3
