"""Synthesis of the demo corpus: pieces in several styles, as recordings of made-up artists.

An artist keeps to one style and has a sound: an equaliser, a room, a noise floor, favourite
instruments, tempo and register. That sound is a shortcut planted on purpose. Whoever splits the
corpus at random lets a model recognise the artists, and measures too much.

Nothing else tells the style. The tracks of every style take the same formats, rates, channels,
durations and levels in turn.
"""

import hashlib
import io
import os
from dataclasses import dataclass
from itertools import product
from math import ceil, pi
from pathlib import Path

import numpy as np
import soundfile
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import oaconvolve

from genrenet.corpus.instruments import Samples, Tone
from genrenet.corpus.styles import STYLES, Style, compose, perform, pick
from genrenet.sections.corpus import Demo

FORMATS = ("wav", "flac", "mp3", "ogg")
RATES = (22_050, 32_000, 44_100, 48_000)
SHORTEST_S, SPREAD_S = 10.0, 4.0
"""Durations: long enough for several 3 s windows, short enough for a quick demo."""
QUIETEST_DB, SPREAD_DB = -26.0, 6.0
"""Root mean squares, in dBFS: under `PEAK` they leave the crests almost 17 dB or more."""
NAMES = ("C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
PEAK = 0.7
"""Of the samples before encoding; decoded MP3 and Vorbis overshoot it by less than 3 dB."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What all recordings of one artist share.

    Attributes
    ----------
    ensemble : tuple of Tone
        Instruments of the melody and of the accompaniment.
    home : int
        MIDI number around which the tonics lie.
    haste : float in [0, 1]
        Place in the style's range of tempi.
    tilt_db : float
        Slope of the equaliser, in dB an octave.
    bell_hz, bell_db : float
        Centre and gain of the equaliser's one-octave bell.
    reverb_s, wet : float
        Time in which the room decays by 60 dB, and its share in the amplitude.
    noise_db : float
        Noise floor, relative to the music.
    width : float in [0, 1]
        How far melody and accompaniment stand apart in stereo.
    seed : int
        Seed of the room's reflections.
    """

    ensemble: tuple[Tone, Tone]
    home: int
    haste: float
    tilt_db: float
    bell_hz: float
    bell_db: float
    reverb_s: float
    wet: float
    noise_db: float
    width: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class DemoTrack:
    """One recording of the plan: what it is called, what it holds and how it is stored.

    Attributes
    ----------
    style, artist, album, title : str
        Labels; an artist has one style.
    format : str
        One of `FORMATS`.
    sr, channels : int
        Sampling rate in Hz, and 1 or 2.
    duration_s : float
        Length; ``duration_s * sr`` is whole.
    level_db : float
        Root mean square, in dBFS.
    tempo : float
        Beats per minute.
    tonic : int
        MIDI number of degree 0; semitones are tuned to A = 440 Hz.
    signature : Signature
        The artist's sound.
    seed : int
        32 bits: seed of the piece, and serial number of its Ogg stream.
    path : str
        Where it is stored below the corpus, with forward slashes.
    """

    style: str
    artist: str
    album: str
    title: str
    format: str
    sr: int
    channels: int
    duration_s: float
    level_db: float
    tempo: float
    tonic: int
    signature: Signature
    seed: int
    path: str

    @property
    def n_samples(self) -> int:
        """Samples in a channel."""
        return round(self.duration_s * self.sr)


def plan_demo(settings: Demo) -> list[DemoTrack]:
    """Plan the corpus; equal settings, equal plan.

    Returns
    -------
    list of DemoTrack
        ``artists_per_style * tracks_per_artist`` for each of `STYLES`, style by style.
    """
    n_artists, n_tracks = settings.artists_per_style, settings.tracks_per_artist
    tracks = []
    for number, (style, a) in enumerate(product(STYLES, range(n_artists)), start=1):
        artist = f"artist-{number:02d}"
        signature = _sign(STYLES[style], seed=_seed(settings.seed, artist))
        slots = range(a * n_tracks, (a + 1) * n_tracks)
        tracks += [_plan_track(settings, style, artist, signature, slot) for slot in slots]
    return tracks


def _plan_track(
    settings: Demo, style: str, artist: str, signature: Signature, slot: int
) -> DemoTrack:
    """Plan the track in one slot of a style; how it is stored depends on the slot alone.

    Formats, rates and channels go round as in a Latin square, so that none foretells another.
    Durations and levels are Weyl sequences: multiples of an irrational, modulo 1, spread evenly.
    """
    column, row = slot % len(FORMATS), slot // len(FORMATS)
    album, number = divmod(slot % settings.tracks_per_artist, ceil(settings.tracks_per_artist / 2))
    path = f"{style}/{artist}/album-{album + 1}/track-{number + 1:02d}.{FORMATS[column]}"
    seed = _seed(settings.seed, path)
    rng = np.random.default_rng(seed)
    slowest, fastest = STYLES[style].tempo
    place = 0.7 * signature.haste + 0.3 * rng.random()
    tonic = signature.home + int(rng.integers(-5, 7))
    return DemoTrack(
        style=style,
        artist=artist,
        album=f"{artist} album {album + 1}",
        title=f"{style} {slot + 1} in {NAMES[tonic % 12]}",
        format=FORMATS[column],
        sr=RATES[(column + row) % len(RATES)],
        channels=1 + (column // 2 + row) % 2,
        duration_s=round(SHORTEST_S + SPREAD_S * (slot * 5**0.5 % 1), 1),
        level_db=QUIETEST_DB + SPREAD_DB * (slot * 2**0.5 % 1),
        tempo=round(slowest + place * (fastest - slowest), 1),
        tonic=tonic,
        signature=signature,
        seed=seed,
        path=path,
    )


def _sign(style: Style, *, seed: int) -> Signature:
    """Draw an artist's sound. The ranges are wide, on purpose: see the module's docstring."""
    rng = np.random.default_rng(seed)
    return Signature(
        ensemble=(pick(style.leads, rng), pick(style.backings, rng)),
        home=int(rng.integers(55, 68)),  # G3 to G4
        haste=rng.random(),
        tilt_db=rng.uniform(-4, 2),
        bell_hz=300 * 16 ** rng.random(),  # within four octaves, where music has its power
        bell_db=rng.uniform(5, 12) * (1 if rng.random() < 0.5 else -1),
        reverb_s=rng.uniform(0.2, 1.8),  # from a booth to a church
        wet=rng.uniform(0.05, 0.4),
        noise_db=rng.uniform(-65, -35),  # from a digital studio to a worn tape
        width=rng.random(),
        seed=seed,
    )


def _seed(seed: int, name: str) -> int:
    """32 bits that depend on the corpus' seed and a name, the same in every process."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=4).digest())


def render(track: DemoTrack) -> Samples:
    """Compose, play and produce one track; it depends on nothing but `track`.

    Returns
    -------
    np.ndarray [shape=(n_samples, channels), dtype=float32]
        At most `PEAK` in magnitude.
    """
    rng = np.random.default_rng([track.seed, 1])  # 0 would be the plan's
    parts = compose(
        STYLES[track.style],
        ensemble=track.signature.ensemble,
        tempo=track.tempo,
        tonic_hz=440 * 2 ** ((track.tonic - 69) / 12),
        duration_s=track.duration_s,
        rng=rng,
    )
    played = np.stack([perform(notes, track.n_samples, sr=track.sr, rng=rng) for notes in parts])
    y = _pan(track.signature.width, track.channels) @ played
    y += _noise(track.signature, y, rng)
    return _master(_produce(y, track.signature, sr=track.sr), track.level_db).T


def _pan(width: float, channels: int) -> Samples:
    """Gain of melody, accompaniment and drums in each channel, of equal power."""
    angles = pi / 4 * (1 + width * np.array([0.6, -0.6, 0.0]))  # 0.6: nobody at the very edge
    sides = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    return sides if channels == 2 else np.ones((1, 3), dtype=np.float32)


def _noise(signature: Signature, y: Samples, rng: np.random.Generator) -> Samples:
    """Noise at the artist's level below `y`."""
    gain = np.sqrt(np.mean(y**2)) * 10 ** (signature.noise_db / 20)
    return np.float32(gain) * rng.standard_normal(y.shape, dtype=np.float32)


def _produce(y: Samples, signature: Signature, *, sr: int) -> Samples:
    """Put `y` [shape=(channels, n_samples)] through the artist's room and equaliser."""
    rng = np.random.default_rng(signature.seed)
    n = next_fast_len(round(signature.reverb_s * sr), real=True)
    # exp(-6.9) is -60 dB: the definition of the reverberation time.
    tail = rng.standard_normal((2, n)) * np.exp(-6.9 * np.arange(n) / (signature.reverb_s * sr))
    response = signature.wet * tail / np.linalg.norm(tail, axis=1, keepdims=True)
    response[:, 0] += 1 - signature.wet
    octaves = np.log2(np.maximum(np.fft.rfftfreq(n, 1 / sr), 20) / 1_000)
    bell = np.exp(-0.5 * (octaves - np.log2(signature.bell_hz / 1_000)) ** 2 / 0.5**2)
    gain_db = signature.tilt_db * octaves + signature.bell_db * bell
    response = irfft(rfft(response) * 10 ** (gain_db / 20), n)
    wet: Samples = oaconvolve(y, response[: len(y)].astype(np.float32), axes=1)
    return wet[:, : y.shape[1]]


def _master(y: Samples, level_db: float) -> Samples:
    """Bring `y` to a level, and bend its crests under `PEAK`."""
    gain = 10 ** (level_db / 20) / np.sqrt(np.mean(y**2))
    limited: Samples = np.float32(PEAK) * np.tanh(np.float32(gain / PEAK) * y)
    return limited


def write_track(track: DemoTrack, folder: Path) -> Path:
    """Write one track below `folder`, whole or not at all; the same track, the same bytes.

    That holds for one processor and one set of libraries; others may round a last bit differently.

    Returns
    -------
    Path
        ``folder / track.path``.
    """
    path = folder / track.path
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(_encode(track))
    os.replace(unfinished, path)
    return path


def _encode(track: DemoTrack) -> bytes:
    y, file = render(track), io.BytesIO()
    with soundfile.SoundFile(
        file, "w", samplerate=track.sr, channels=track.channels, format=track.format.upper()
    ) as encoder:
        for start in range(0, len(y), track.sr):  # libsndfile's Vorbis keeps a block on the stack
            encoder.write(y[start : start + track.sr])
    encoded = file.getvalue()
    return with_ogg_serial(encoded, track.seed) if track.format == "ogg" else encoded


def with_ogg_serial(stream: bytes, serial: int) -> bytes:
    """Give every page of an Ogg stream the serial number `serial`.

    libsndfile draws it at random, so that no two files are equal. The page's checksum is a
    remainder of polynomials over GF(2) (RFC 3533, section 6), which is linear: it changes by the
    checksum of the change, and the page need not be read.
    """
    pages, start = bytearray(stream), 0
    while start < len(pages):
        n_segments = pages[start + 26]
        end = start + 27 + n_segments + sum(pages[start + 27 : start + 27 + n_segments])
        old = int.from_bytes(pages[start + 14 : start + 18])
        change = old ^ int.from_bytes(serial.to_bytes(4, "little"))
        checksum = int.from_bytes(pages[start + 22 : start + 26], "little")
        checksum ^= _times(change, _x_to_the(8 * (end - start - 18) + 32))
        pages[start + 14 : start + 18] = serial.to_bytes(4, "little")
        pages[start + 22 : start + 26] = checksum.to_bytes(4, "little")
        start = end
    return bytes(pages)


def _x_to_the(power: int) -> int:
    """``x ** power`` modulo Ogg's polynomial, by squaring."""
    if power == 0:
        return 1
    root = _x_to_the(power // 2)
    return _times(_times(root, root), 2 if power % 2 else 1)


def _times(a: int, b: int) -> int:
    """Product of two polynomials over GF(2), modulo Ogg's; bit k is the coefficient of x**k."""
    product = 0
    for k in reversed(range(32)):
        product <<= 1
        product ^= 0x1_04C1_1DB7 if product >> 32 else 0
        product ^= a if b >> k & 1 else 0
    return product
