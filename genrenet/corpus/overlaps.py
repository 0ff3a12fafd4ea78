"""The overlap: a stretch of sound that two tracks share, found without comparing all with all.

Every fourth word of all fingerprints stands in a sorted index. Each track's words are looked up
there; a word that comes back in another track says how the two may lie over each other. Some
words around it are compared, which refuses all but one of some thousand coincidences, and then
all of them: the common part is the stretch in which most bits more agree than have to.

A word leads to at most the next 16 places in later tracks, in the order of the ids, so that the
work grows with the sound and not with its square. Of a recording that is there a hundred times
each copy is paired with the next ones, which still connects them all.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from genrenet.corpus.prints import STRIDE, Prints
from genrenet.sections.corpus import Duplicates

MOST = 16  # places that a word leads to
BATCH = 2**17  # words that are looked up together
PROBES = np.arange(-64, 65, 8)  # words around a coincidence: 8 apart they know little of each other
PROBE_ERROR = 0.4  # of the probes' bits; 0.5 is chance, and stretches of one recording vary
TRIES = 4  # alignments of two tracks that are compared as a whole
NEARLY = 0.9  # of what is asked for: the ends of a common part are blurred
N_BITS = 32
WORD = np.uint64(N_BITS)  # a key's upper half; the lower one is the place


class Overlap(NamedTuple):
    """A common part: tracks by number, where it begins and how long it is, in words."""

    track: int
    other: int
    begin: int
    other_begin: int
    n_words: int
    bit_error: float


def overlaps(
    prints: Prints, settings: Duplicates, *, advance: Callable[[int], object] = lambda _: None
) -> Iterator[Overlap]:
    """Every pair of tracks that share enough sound, in order.

    Parameters
    ----------
    prints : Prints
        The fingerprints.
    settings : Duplicates
        How much, and how alike.
    advance : callable
        Told how many more tracks have been looked up.
    """
    index, n_tracks, first = _index(prints.words), len(prints.track_ids), 0
    while first < n_tracks:
        end = max(first + 1, int(prints.track_at(prints.starts[first] + BATCH)))
        end = min(end, n_tracks)
        candidates = _candidates(prints, index, first, end)
        yield from _longest(prints, candidates, settings)
        advance(end - first)
        first = end


def _index(words: np.ndarray) -> np.ndarray:
    """Every fourth word, and its place in fours, as sorted keys [dtype=uint64]."""
    keys = words[::STRIDE].astype(np.uint64)
    keys <<= WORD
    keys |= np.arange(len(keys), dtype=np.uint32)
    keys.sort()
    return np.asarray(keys[np.searchsorted(keys, np.uint64(1) << WORD) :])  # 0 says nothing


def _candidates(prints: Prints, index: np.ndarray, first: int, end: int) -> np.ndarray:
    """Alignments of tracks from ``first`` to before ``end`` with later ones.

    Returns
    -------
    np.ndarray [shape=(n, 3), dtype=int64]
        Track, other track, and the other's word that lies over the track's first; one row for
        each word that says so.
    """
    found = [np.empty((0, 3), np.int64)]
    last = int(prints.starts[end])
    for begin in range(int(prints.starts[first]), last, BATCH):
        places = np.arange(begin, min(begin + BATCH, last))
        here, there = _looked_up(prints, index, places[prints.words[places] != 0])
        track, other = prints.track_at(here), prints.track_at(there)
        near = _bit_error_near(prints, (here, there), (track, other)) <= PROBE_ERROR
        offset = there - prints.starts[other] - (here - prints.starts[track])
        found.append(np.column_stack([track, other, offset])[near])
    return np.concatenate(found)


def _looked_up(
    prints: Prints, index: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Places, and places in later tracks that have the same word."""
    words = prints.words[places].astype(np.uint64)
    order = np.argsort(words)  # neighbours in the index are near in memory
    words, places = words[order], places[order]
    later = prints.starts[prints.track_at(places) + 1] // STRIDE
    at = np.searchsorted(index, words << WORD | later.astype(np.uint64))
    here, there = [], []
    for _ in range(MOST):
        inside = at < len(index)
        at, words, places = at[inside], words[inside], places[inside]
        same = index[at] >> WORD == words
        at, words, places = at[same], words[same], places[same]
        here.append(places)
        there.append((index[at] & np.uint64(2**N_BITS - 1)).astype(np.int64) * STRIDE)
        at = at + 1
    return np.concatenate(here), np.concatenate(there)


def _bit_error_near(
    prints: Prints, places: tuple[np.ndarray, np.ndarray], tracks: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Share of bits that differ around coincidences, between words that both tracks have."""
    n_heard, n_errors = np.zeros((2, len(places[0])), np.int64)
    for step in PROBES:
        x, y = (_word(prints, at + step, track) for at, track in zip(places, tracks, strict=True))
        heard = (x != 0) & (y != 0)
        n_heard += heard
        n_errors += np.where(heard, np.bitwise_count(x ^ y), 0)
    return np.asarray(n_errors / (N_BITS * n_heard))


def _word(prints: Prints, place: np.ndarray, track: np.ndarray) -> np.ndarray:
    """The words at places, 0 where they are not the track's."""
    own = (prints.starts[track] <= place) & (place < prints.starts[track + 1])
    return np.where(own, prints.words[np.where(own, place, 0)], np.uint32(0))


def _longest(prints: Prints, candidates: np.ndarray, settings: Duplicates) -> Iterator[Overlap]:
    """Of each pair the best of the alignments that most words speak for, if it is enough."""
    alignments, votes = np.unique(candidates, axis=0, return_counts=True)
    ranked = alignments[np.lexsort((-votes, alignments[:, 1], alignments[:, 0]))].tolist()
    for (track, other), rows in itertools.groupby(ranked, key=lambda row: (row[0], row[1])):
        offsets = [offset for _, _, offset in itertools.islice(rows, TRIES)]
        tries = [_common(prints, (track, other), offset, settings) for offset in offsets]
        best = max(tries, key=_evidence)
        if _is_enough(prints, best, settings):
            yield best


def _common(prints: Prints, pair: tuple[int, int], offset: int, settings: Duplicates) -> Overlap:
    """The stretch in which most bits more agree than have to."""
    skipped = max(0, -offset), max(0, offset)
    x, y = (prints.of(track)[n:] for track, n in zip(pair, skipped, strict=True))
    n = min(len(x), len(y))
    heard = (x[:n] != 0) & (y[:n] != 0)
    errors = np.where(heard, np.bitwise_count(x[:n] ^ y[:n]), 0) / N_BITS
    gain = np.concatenate([[0], np.cumsum(settings.max_bit_error * heard - errors)])
    end = int(np.argmax(gain - np.minimum.accumulate(gain)))
    begin = int(np.argmin(gain[: end + 1]))
    n_words = int(np.count_nonzero(heard[begin:end]))
    bit_error = float(errors[begin:end].sum() / max(1, n_words))
    return Overlap(*pair, skipped[0] + begin, skipped[1] + begin, n_words, bit_error)


def _evidence(overlap: Overlap) -> float:
    """How far from chance: the square of standard deviations, but for a factor."""
    return overlap.n_words * (0.5 - overlap.bit_error) ** 2


def _is_enough(prints: Prints, overlap: Overlap, settings: Duplicates) -> bool:
    """Whether so much is common; or all of a shorter track, which has to agree the better."""
    needed = prints.n_words(NEARLY * settings.min_overlap_s)
    shorter = min(np.count_nonzero(prints.of(n)) for n in (overlap.track, overlap.other))
    least = needed * (0.5 - settings.max_bit_error) ** 2
    return _evidence(overlap) >= least and overlap.n_words >= min(needed, NEARLY * shorter)
