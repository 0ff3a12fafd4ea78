"""The classifier: a bundle that answers.

>>> classifier = Classifier.load("models/genrenet")
>>> classifier.predict("song.mp3").label
'waltz'
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from genrenet.features.audio import mix_down
from genrenet.features.header import probe
from genrenet.features.preprocessing import Windows, extract, from_signal
from genrenet.learning.backend import prepare_backend
from genrenet.learning.calibration import probabilities as calibrated
from genrenet.learning.network_input import block_size
from genrenet.serving.bundle import BUNDLE, Bundle, read_bundle
from genrenet.serving.location import locate


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One answer for a track.

    Attributes
    ----------
    label : str
        The most probable class.
    confidence : float
        Its calibrated probability.
    probabilities : dict of str to float
        All classes, the most probable first.
    timeline : list of dict
        Of each window ``start_s``, ``end_s`` and its ``label`` and ``confidence``.
    """

    label: str
    confidence: float
    probabilities: dict[str, float]
    timeline: list[dict[str, Any]]


class Classifier:
    """Answers for recordings, with the features that the network was trained on."""

    def __init__(self, bundle: Bundle, network: Any) -> None:
        self.bundle = bundle
        self.network = network

    @classmethod
    def load(cls, model: str | Path = BUNDLE) -> Self:
        """Load a bundle from a folder or from MLflow (``models:/NAME@ALIAS``).

        Raises
        ------
        DataError
            There is no such bundle, or this version cannot reproduce its features.
        """
        folder = locate(model)
        bundle = read_bundle(folder)
        prepare_backend()
        import keras

        return cls(bundle, keras.saving.load_model(folder / "model.keras", compile=False))

    def predict(self, recording: str | Path | np.ndarray, sr: int | None = None) -> Prediction:
        """Classify a recording of any length.

        Parameters
        ----------
        recording : path or np.ndarray [shape=(n_samples,) or (n_samples, n_channels), dtype=float]
            A file, or samples relative to full scale (1.0).
        sr : int
            Sampling rate of the samples, in Hz; for arrays alone.

        Raises
        ------
        AudioError
            The recording cannot be used; the message gives the reason.
        """
        spec = self.bundle.specification
        if not isinstance(recording, np.ndarray):
            path = Path(recording)
            probe(path)
            return self._answer(extract(path, spec))
        if sr is None:
            raise TypeError("predict() needs sr, the sampling rate in Hz, for an array")
        return self._answer(from_signal(mix_down(_samples(recording)), sr, spec))

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Calibrated probabilities [shape=(n_windows, n_classes)] of what the network takes.

        Parameters
        ----------
        x : np.ndarray [shape=(n_windows, n_frames, n_bins), dtype=float32]
            As ``bundle.network_input`` gives it.
        """
        from genrenet.learning.networks import logits

        return calibrated(logits(self.network, x), self.bundle.temperature)

    def network_input(self, clip: Windows, where: slice = slice(None)) -> np.ndarray:
        """A clip's windows, or some of them, as the network takes them."""
        prepare = self.bundle.network_input
        values = clip.features[prepare.feature][where]
        return prepare(values, np.full(len(values), clip.peak_db, dtype=np.float32))

    def _answer(self, clip: Windows) -> Prediction:
        size = block_size(clip.features[self.bundle.network_input.feature].shape[1:])
        parts = (slice(begin, begin + size) for begin in range(0, len(clip), size))
        by_window = np.concatenate([self.probabilities(self.network_input(clip, p)) for p in parts])
        by_track = by_window.mean(axis=0)
        order = np.argsort(-by_track, kind="stable")
        labels = self.bundle.labels
        length_s = self.bundle.specification.window_s
        return Prediction(
            label=labels[order[0]],
            confidence=float(by_track[order[0]]),
            probabilities={labels[i]: float(by_track[i]) for i in order},
            timeline=[
                {
                    "start_s": round(float(start), 3),
                    "end_s": round(float(start) + length_s, 3),
                    "label": labels[int(p.argmax())],
                    "confidence": float(p.max()),
                }
                for start, p in zip(clip.start_s, by_window, strict=True)
            ],
        )


def _samples(recording: np.ndarray) -> np.ndarray:
    """Samples as [shape=(n_samples, n_channels), dtype=float32]."""
    if recording.dtype.kind != "f":
        raise TypeError(
            f"predict() needs floats relative to full scale, got {recording.dtype}: divide 16-bit "
            "samples by 32768"
        )
    if recording.ndim > 2 or (recording.ndim == 2 and recording.shape[1] > recording.shape[0]):
        raise ValueError(
            f"predict() needs an array (n_samples,) or (n_samples, n_channels), got "
            f"{recording.shape}: transpose it"
        )
    return np.atleast_2d(recording.astype(np.float32, copy=False).T).T
