"""Chroma: how the power of each frame spreads over the pitch classes, for modal music.

12, 24 (quarter tones) or 53 (commas) classes an octave, from C or from the clip's estimated tonic.
The power of each peak of the spectrum goes to the two classes beside its frequency, which is
interpolated by a parabola through the logarithms of three bins; octaves are weighted as in
librosa, around 880 Hz. Each frame is divided by its maximum.

This is no filter bank. librosa's (and its published ancestors') smears a tone over the width of
an FFT bin: at 220 Hz and the default ``n_fft`` that is 83 cents, almost four commas. On 180
synthetic melodies in 12 modes, with the tonic known, the share of a note's power within 35 cents
(or one class) of it, and how often the 5 nearest neighbours of a clip's mean chroma tell its mode:

    =============  ==============  ==============  ==============
    classes        12              24              53
    =============  ==============  ==============  ==============
    filter bank    0.67, 63 %      0.55, 61 %      0.47, 60 %
    peaks          0.80, 74 %      0.79, 87 %      0.80, 88 %
    =============  ==============  ==============  ==============

Also, librosa's first class of 53 is 28 cents under C: it rotates from A by 12 whole classes. So
the peaks are held against a slow program of few lines and against tones with a known answer, and,
loosely, at 12 classes against librosa. The method is Gómez's (Tonal description of music audio
signals, Universitat Pompeu Fabra, 2006), with power in place of her squared cosine.
"""

import numpy as np

from genrenet.errors import ParamsError
from genrenet.features import tonic
from genrenet.features.tonic import Notes
from genrenet.sections.features import CHROMA_HZ, Preprocessing

C0_HZ = 440 * 2 ** (-57 / 12)
CENTRE_OCTAVES, SPREAD_OCTAVES = 5.75, 2.0  # librosa's: 880 Hz, here as octaves above C0
LEAST_POWER = 1e-4  # of the frame's strongest peak: weaker ones are leakage and noise
SILENT_POWER = 1e-10  # the floor of the mel bands
FINE = 120  # classes that are held for each frame until the tonic is known: 10 cents each
CHUNK = 4_096  # frames that are rotated at a time


class Chroma:
    """The chroma of one clip, from consecutive blocks of its spectra.

    However the frames are divided into blocks, the same bits come out.

    Parameters
    ----------
    spec : Preprocessing
        ``sr``, ``n_fft``, ``hop_length``, ``n_chroma`` and ``chroma_from`` are used.

    Raises
    ------
    ParamsError
        ``n_chroma`` is null.
    """

    def __init__(self, spec: Preprocessing) -> None:
        if spec.n_chroma is None:
            raise ParamsError("n_chroma is null: chroma needs 12, 24 or 53 classes")
        self._spec, self._n_chroma = spec, spec.n_chroma
        self._range = _bins_between(spec, *CHROMA_HZ)
        self._rows: list[np.ndarray] = []
        self._notes: list[Notes] = []
        self._n_frames = 0

    def push(self, power: np.ndarray) -> None:
        """Take the next frames.

        Parameters
        ----------
        power : np.ndarray [shape=(n_frames, 1 + n_fft // 2), dtype=float32]
            Power spectra.
        """
        frame, place, level = peaks(power, *self._range)
        pitch = np.log2(place) + np.float32(np.log2(self._spec.sr / self._spec.n_fft / C0_HZ))
        away = (pitch - CENTRE_OCTAVES) / SPREAD_OCTAVES
        weight = np.exp(level - 0.5 * away**2)
        if self._spec.chroma_from == "c":
            rows = spread(frame, pitch, weight, (len(power), self._n_chroma))
            self._rows.append(_normalised(rows))
        else:
            rows = spread(frame, pitch, weight, (len(power), FINE))
            self._rows.append(_normalised(rows).astype(np.float16))
            self._notes.append(self._notes_of(power, frame, place, pitch))
        self._n_frames += len(power)

    def finish(self, first: int = 0, end: int | None = None) -> np.ndarray:
        """The chroma of the frames that are kept; the tonic is estimated from these alone.

        Parameters
        ----------
        first, end : int
            Of all frames pushed, ``first`` up to but not including ``end`` are kept; null: to
            the last.

        Returns
        -------
        np.ndarray [shape=(end - first, n_chroma), dtype=float32]
            Each frame's maximum is 1; a silent frame is 0. Class 0 is C or the tonic.
        """
        rows = np.concatenate(self._rows)[first:end]
        if self._spec.chroma_from == "c":
            return rows
        return rotated(rows, self.tonic(first, end), self._n_chroma)

    def tonic(self, first: int = 0, end: int | None = None) -> float:
        """Pitch class of the tonic of the frames from ``first`` to before ``end``, in [0, 1).

        In octaves above C; only where ``chroma_from`` is ``tonic``.
        """
        notes = Notes.joined(self._notes)
        end = self._n_frames if end is None else end
        kept = notes.kept((notes.frame >= first) & (notes.frame < end))
        return tonic.estimate(kept, frames_per_s=self._spec.sr / self._spec.hop_length)

    def _notes_of(
        self, power: np.ndarray, frame: np.ndarray, place: np.ndarray, pitch: np.ndarray
    ) -> Notes:
        """The candidates among the peaks of a block."""
        hz = place * np.float32(self._spec.sr / self._spec.n_fft)
        near = np.flatnonzero((hz >= tonic.LOWEST_HZ) & (hz <= tonic.HIGHEST_HZ))
        salience = tonic.salience(power, frame[near], place[near])
        most = np.zeros(len(power), dtype=np.float32)
        np.maximum.at(most, frame[near], salience)
        salient = salience > tonic.LEAST_SALIENCE * most[frame[near]]
        near = near[salient]
        return Notes(
            frame=(frame[near] + self._n_frames).astype(np.int32),
            pitch=pitch[near],
            salience=salience[salient],
        )


def peaks(power: np.ndarray, first: int, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Peaks of each spectrum, interpolated by a parabola through the logarithms of three bins.

    Parameters
    ----------
    power : np.ndarray [shape=(n_frames, n_bins), dtype=float32]
        Power spectra.
    first, end : int
        Bins in which peaks are sought; at least one more lies on either side.

    Returns
    -------
    frame : np.ndarray [shape=(n_peaks,), dtype=int64]
        Spectrum of each peak, rising.
    place : np.ndarray [shape=(n_peaks,), dtype=float32]
        Its frequency, in bins.
    level : np.ndarray [shape=(n_peaks,), dtype=float32]
        Natural logarithm of its power.
    """
    middle = power[:, first:end]
    least = np.maximum(LEAST_POWER * middle.max(axis=1, keepdims=True), np.float32(SILENT_POWER))
    rises = power[:, first : end + 1] > power[:, first - 1 : end]
    higher = rises[:, :-1] > rises[:, 1:]  # it rises to the bin, and not to the next
    higher &= middle > least
    frame, column = np.divmod(np.flatnonzero(higher), end - first)
    bins = column + first
    flat, at = power.ravel(), frame * power.shape[1] + bins  # faster than two indices
    below, top, above = (np.log(np.maximum(flat[at + k], np.float32(1e-30))) for k in (-1, 0, 1))
    # A curve so flat that it has no top, by rounding, has it in the middle.
    curve = np.minimum(below - 2 * top + above, np.float32(-1e-6))
    shift = np.clip(0.5 * (below - above) / curve, -0.5, 0.5)
    return frame, bins.astype(np.float32) + shift, top - 0.25 * (below - above) * shift


def spread(
    frame: np.ndarray, pitch: np.ndarray, weight: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Sum weights into pitch classes: each goes to the two nearest, in proportion to nearness.

    Parameters
    ----------
    frame : np.ndarray [shape=(n_peaks,), dtype=int]
    pitch : np.ndarray [shape=(n_peaks,), dtype=float32]
        In octaves above class 0.
    weight : np.ndarray [shape=(n_peaks,), dtype=float32]
    shape : tuple of int
        Frames and classes.

    Returns
    -------
    np.ndarray [shape=shape, dtype=float64]
    """
    n_frames, n_classes = shape
    place = (pitch - np.floor(pitch)) * np.float32(n_classes)
    lower = place.astype(np.intp)
    upper_share = weight * (place - lower)
    # Two more columns take what lies over the octave; a remainder for each peak is slower.
    width = n_classes + 2
    at, size = frame * width + lower, n_frames * width
    total = np.bincount(at, weight - upper_share, minlength=size)
    total += np.bincount(at + 1, upper_share, minlength=size)
    table = total.reshape(n_frames, width)
    table[:, :2] += table[:, n_classes:]
    return table[:, :n_classes]


def rotated(rows: np.ndarray, pitch_class: float, n_chroma: int) -> np.ndarray:
    """Fine classes gathered into ``n_chroma``, the first of which stands on a pitch class.

    Parameters
    ----------
    rows : np.ndarray [shape=(n_frames, n_fine), dtype=float16]
        Class k is ``k / n_fine`` octaves above C.
    pitch_class : float
        In octaves above C.
    n_chroma : int > 0
        Classes that come out.

    Returns
    -------
    np.ndarray [shape=(n_frames, n_chroma), dtype=float32]
        Each frame's maximum is 1; a silent frame is 0.
    """
    n_fine = rows.shape[1]
    fine = np.arange(n_fine)
    pitch = ((fine / n_fine - pitch_class) % 1).astype(np.float32)
    gather = spread(fine, pitch, np.ones(n_fine, np.float32), (n_fine, n_chroma))
    gather = gather.astype(np.float32)
    out = np.empty((len(rows), n_chroma), dtype=np.float32)
    for begin in range(0, len(rows), CHUNK):
        part = slice(begin, begin + CHUNK)
        out[part] = _normalised(rows[part].astype(np.float32) @ gather)
    return out


def _normalised(rows: np.ndarray) -> np.ndarray:
    """Each row divided by its maximum [dtype=float32]."""
    most = rows.max(axis=1, keepdims=True)
    return np.asarray(rows / np.where(most > 0, most, 1), dtype=np.float32)


def _bins_between(spec: Preprocessing, lowest_hz: float, highest_hz: float) -> tuple[int, int]:
    """First bin at or above a frequency and the one after the last up to another.

    Bins 0 and 1 hold the mean, and the last one has no neighbour.
    """
    first = max(2, int(np.ceil(lowest_hz * spec.n_fft / spec.sr)))
    end = min(spec.n_fft // 2, int(highest_hz * spec.n_fft / spec.sr) + 1)
    return first, end
