"""Overlaps: planted copies are found whatever the order, and nothing is found in noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrenet.corpus import overlaps as search
from genrenet.corpus.overlaps import MOST, overlaps
from genrenet.corpus.prints import Prints, starts_of
from genrenet.sections.corpus import Duplicates

FRAME_S, REACH = 512 / 22_050, 32
SECOND = 43  # words


def prints(tracks):
    """Fingerprints by id."""
    ids = sorted(tracks)
    starts = starts_of([len(tracks[name]) for name in ids])
    words = np.zeros(starts[-1], np.uint32)
    for name, start in zip(ids, starts, strict=False):
        words[start : start + len(tracks[name])] = tracks[name]
    begin_s = np.zeros(len(ids))
    return Prints(
        track_ids=ids, words=words, starts=starts, begin_s=begin_s, frame_s=FRAME_S, reach=REACH
    )


def found(tracks, **changes):
    """Pairs of ids and what they share."""
    about = prints(tracks)
    pairs = overlaps(about, Duplicates(**changes))
    return {(about.track_ids[p.track], about.track_ids[p.other]): p for p in pairs}


def few(rng, n, share=16):
    """Words with one bit in 2, 4, 8 or 16 set."""
    draws = rng.integers(2**32, size=(int(np.log2(share)), n), dtype=np.uint32)
    return np.bitwise_and.reduce(draws)


def walk(rng, n):
    """Words that change as slowly as music's."""
    return np.bitwise_xor.accumulate(few(rng, n)) ^ rng.integers(2**32, dtype=np.uint32)


@st.composite
def corpora(draw):
    """Some recordings, some excerpts of them with errors under other names, and which is whose."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, 5))
    tracks = {f"{k} original": walk(rng, rng.integers(7, 40) * SECOND) for k in range(n)}
    pairs = {}
    for copy in range(draw(st.integers(1, 4))):
        of = f"{rng.integers(n)} original"
        length = int(rng.integers(6 * SECOND, len(tracks[of]) + 1))
        begin = int(rng.integers(len(tracks[of]) - length + 1))
        lead, tail = (walk(rng, rng.integers(0, 9 * SECOND)) for _ in range(2))
        excerpt = tracks[of][begin : begin + length] ^ few(rng, length)
        name = f"{rng.choice(['+', 'z'])} copy {copy}"
        tracks[name] = np.concatenate([lead, excerpt, tail])
        pairs[of, name] = (begin, len(lead), length)
    return tracks, pairs


@settings(max_examples=40, deadline=None)  # no deadline: the machine is shared
@given(corpora())
def test_planted_copies_are_found_whatever_the_order(corpus):
    """With one bit in 16 wrong, and wherever they lie, to a word or two at the ends."""
    tracks, planted = corpus

    pairs = found(tracks)

    for (of, name), (begin, at, length) in planted.items():
        pair = pairs[tuple(sorted((of, name)))]
        places = (begin, at) if of < name else (at, begin)
        assert abs(pair.begin - places[0]) < 10
        assert pair.other_begin - pair.begin == places[1] - places[0]
        assert abs(pair.n_words - length) < 20
        assert pair.bit_error == pytest.approx(1 / 16, abs=0.03)
    backwards = dict(reversed(tracks.items()))
    assert found(backwards) == pairs


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_is_found_in_independent_noise(seed):
    """Nor in words that change slowly."""
    rng = np.random.default_rng(seed)
    tracks = {str(k): walk(rng, 30 * SECOND) for k in range(20)}

    assert found(tracks) == {}


def test_nothing_is_looked_up_twice_or_left_out_between_batches(monkeypatch):
    """Small batches find what large ones do."""
    rng = np.random.default_rng(0)
    tracks = {str(k): walk(rng, rng.integers(1, 30) * SECOND) for k in range(12)}
    tracks |= {f"{k} again": tracks[str(k)] ^ few(rng, len(tracks[str(k)])) for k in range(12)}
    expected = found(tracks)
    told = []

    for batch in (7, 1_000):
        monkeypatch.setattr(search, "BATCH", batch)
        assert found(tracks) == expected
    list(overlaps(prints(tracks), Duplicates(), advance=told.append))

    assert sum(told) == len(tracks)
    assert len(expected) >= 10


def test_silence_is_no_common_sound():
    """Two recordings that pause for a minute share nothing; the words of a pause are 0."""
    rng = np.random.default_rng(0)
    pause = np.zeros(60 * SECOND, np.uint32)
    tracks = {name: np.concatenate([walk(rng, 300), pause, walk(rng, 300)]) for name in "ab"}

    assert found(tracks) == {}


def test_a_pause_does_not_part_what_is_common():
    """It is not counted: what is common is heard."""
    rng = np.random.default_rng(0)
    sound = np.concatenate([walk(rng, 200), np.zeros(500, np.uint32), walk(rng, 200)])

    [pair] = found({"a": sound, "b": sound}).values()

    assert (pair.begin, pair.n_words, pair.bit_error) == (0, 400, 0)


def test_less_than_the_settings_ask_for_is_no_duplicate():
    """Four common seconds are found where three are enough, and not where ten are."""
    rng = np.random.default_rng(0)
    common = walk(rng, 4 * SECOND)
    tracks = {n: np.concatenate([walk(rng, 400), common, walk(rng, 400)]) for n in "ab"}

    assert len(found(tracks, min_overlap_s=4)) == 1
    assert found(tracks, min_overlap_s=10) == {}


def test_a_short_track_is_found_as_a_whole():
    """Two and a half seconds are all there is, if they agree well; parts of them are not enough."""
    rng = np.random.default_rng(0)
    bark = walk(rng, round(2.5 * SECOND) - REACH)
    rain = walk(rng, 20 * SECOND)
    rain[300 : 300 + len(bark)] = bark
    half = np.concatenate([bark[: len(bark) // 2], walk(rng, len(bark) // 2)])

    assert list(found({"bark": bark, "rain": rain, "half": half})) == [("bark", "rain")]


def test_errors_over_the_setting_are_no_duplicates():
    """One bit in eight is another recording where at most one in ten may differ."""
    rng = np.random.default_rng(0)
    sound = walk(rng, 20 * SECOND)
    other = sound ^ few(rng, len(sound), share=8)

    assert len(found({"a": sound, "b": other})) == 1
    assert found({"a": sound, "b": other}, max_bit_error=0.1) == {}


def test_a_hundred_copies_do_not_take_their_square():
    """Each is paired with the next ones, and all are connected."""
    rng = np.random.default_rng(0)
    sound = walk(rng, 10 * SECOND)
    tracks = {f"{k:03d}": sound ^ few(rng, len(sound), share=64) for k in range(100)}

    pairs = found(tracks)

    assert len(pairs) <= 100 * 3 * MOST
    assert {(f"{k:03d}", f"{k + 1:03d}") for k in range(99)} <= set(pairs)


def test_tracks_without_words_are_no_trouble():
    """Shorter than a word hears, or silent; or there is no track at all."""
    rng = np.random.default_rng(0)
    nothing = np.empty(0, np.uint32)
    tracks = {"a": nothing, "b": walk(rng, 400), "c": nothing, "d": np.zeros(400, np.uint32)}

    assert found(tracks) == {}
    assert found({"a": nothing}) == {}
