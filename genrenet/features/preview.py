"""Preview: what a copy sounds like, what training sees of it, and what was done to it, in words."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from genrenet.features.audio import open_recording
from genrenet.features.augment import ORIGINAL, Draw, seed_of
from genrenet.features.noises import noise_folder
from genrenet.features.preprocessing import Windows, extract, extract_copies
from genrenet.features.render import render
from genrenet.sections.augment import Augment
from genrenet.sections.features import Preprocessing

LONGEST_S = 30.0  # of a recording: enough to hear, and one piece of what a stage reads


@dataclass(frozen=True, kw_only=True)
class Version:
    """The original or a copy.

    Attributes
    ----------
    number : int
        0: the original.
    what : Draw
        What was done to it.
    y : np.ndarray [shape=(n_samples,), dtype=float32]
        What it sounds like, at ``spec.sr``.
    mel : np.ndarray [shape=(n_frames, n_mels), dtype=spec.dtype]
        What training sees, in dB.
    """

    number: int
    what: Draw
    y: np.ndarray
    mel: np.ndarray


def versions(
    path: Path,
    spec: Preprocessing,
    settings: Augment,
    track_id: str,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> list[Version]:
    """The original and its copies: of ``LONGEST_S`` s of a recording, or of a segment of it.

    What is seen of a copy comes from the stage's own function. What is heard is rendered, also
    where the copies are made by ``warp``.

    Raises
    ------
    AudioError
        The recording cannot be used; the message gives the reason.
    """
    longest_s = start_s + spec.head_skip_s + LONGEST_S
    end_s = longest_s if end_s is None else min(end_s, longest_s)
    part: dict[str, Any] = {"start_s": start_s, "end_s": end_s}
    y = _heard(path, spec, **part)
    seen = extract(path, spec, **part)
    made = [Version(number=0, what=ORIGINAL, y=y, mel=_frames(seen, spec))]
    copies = extract_copies(path, spec, settings, track_id, **part)
    for number, (what, windows) in enumerate(copies, start=1):
        seed = seed_of(settings.seed, track_id, number)
        copy = render(y, spec.sr, what, seed=seed, noises=noise_folder(settings))
        made.append(Version(number=number, what=what, y=copy, mel=_frames(windows, spec)))
    return made


def in_words(what: Draw) -> str:
    """What was done to a copy, for people."""
    said = []
    if (pitch := what.pitch_semitones) is not None:
        said.append(f"{abs(pitch):.1f} semitones {'up' if pitch > 0 else 'down'}")
    if (rate := what.stretch_rate) is not None:
        said.append(f"{100 * abs(rate - 1):.0f} % {'faster' if rate > 1 else 'slower'}")
    if what.snr_db is not None:
        said.append(f"white noise {what.snr_db:.0f} dB below")
    said += [_WORDS[name](values) for name, values in _further(what)]
    return ", ".join(said) or "the original"


def file_name(version: Version) -> str:
    """What a version is called as a file, with what was drawn."""
    if version.number == 0:
        return "original.wav"
    what, parts = version.what, [f"copy-{version.number}"]
    if what.pitch_semitones is not None:
        parts.append(f"pitch{what.pitch_semitones:+.1f}")
    if what.stretch_rate is not None:
        parts.append(f"tempo{what.stretch_rate:.2f}")
    if what.snr_db is not None:
        parts.append(f"noise{what.snr_db:.0f}dB")
    parts += [name.replace("_", "-") for name, _ in _further(what)]
    return "_".join(parts) + ".wav"


def _heard(path: Path, spec: Preprocessing, *, start_s: float, end_s: float) -> np.ndarray:
    recording = open_recording(path, spec, start_s=start_s, end_s=end_s)
    y = np.concatenate([piece for piece, _ in recording.pieces])
    return np.asarray(soxr.resample(y, recording.sr, spec.sr, quality="HQ"))


def _frames(windows: Windows, spec: Preprocessing) -> np.ndarray:
    """The log-mel [shape=(n_frames, n_mels)] from which windows were cut."""
    starts = np.rint((windows.start_s - windows.start_s[0]) * spec.sr / spec.hop_length).astype(int)
    cut = windows.features["mel"]
    mel = np.empty((starts[-1] + cut.shape[1], cut.shape[2]), cut.dtype)
    for start, window in zip(starts, cut, strict=True):
        mel[start : start + len(window)] = window
    return mel


def _further(what: Draw) -> list[tuple[str, dict[str, Any]]]:
    return list(json.loads(what.transforms or "{}").items())


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "gain": lambda v: f"gain {v['gain_db']:+.0f} dB",
    "equalizer": lambda v: f"bands {min(v['gain_db']):+.0f} to {max(v['gain_db']):+.0f} dB",
    "room": lambda v: "room {:.0f}×{:.0f} m, heard from {:.1f} m".format(
        *v["size_m"][:2], v["distance_m"]
    ),
    "mp3": lambda v: f"MP3 {v['kbps']} kbit/s",
    "background_noise": lambda v: f"{v['file']} {v['snr_db']:.0f} dB below",
}
