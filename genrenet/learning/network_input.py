"""What the network takes: a feature's values as float32, levels relative to the clip's maximum."""

from dataclasses import dataclass

import numpy as np

BLOCK_VALUES = 2**19  # 2 MB of float32; a network's first maps are sixteen times that


@dataclass(frozen=True, kw_only=True)
class NetworkInput:
    """How a feature becomes what the network takes, in training and in prediction.

    Attributes
    ----------
    feature : {'mel', 'mfcc', 'chroma', 'stft'}
        Which feature.
    floor_db : float
        Levels below this, relative to the clip's maximum, are raised to it (mel and stft).
    n_mels : int
        Bands that the cepstrum stems from.
    """

    feature: str
    floor_db: float
    n_mels: int

    def __call__(self, values: np.ndarray, peak_db: np.ndarray) -> np.ndarray:
        """Make levels relative to the clip's maximum; pitch classes have no level and stay.

        The maximum is the log-mel's, also for ``stft``, whose bins reach some 15 dB above it: its
        own would be that of a constant offset or of rumble, where there is one.

        Parameters
        ----------
        values : np.ndarray [shape=(n_windows, n_frames, n_bins), dtype=float16 or float32]
            Absolute levels in dB, their cepstrum, or pitch classes from 0 to 1.
        peak_db : np.ndarray [shape=(n_windows,), dtype=float32]
            Maximum of each window's clip, in dB.

        Returns
        -------
        np.ndarray [shape=(n_windows, n_frames, n_bins), dtype=float32]
        """
        relative = values.astype(np.float32)
        if self.feature == "chroma":
            return relative
        if self.feature == "mfcc":  # an orthonormal DCT turns a constant level into c0 alone
            relative[..., 0] -= peak_db[:, None] * np.float32(np.sqrt(self.n_mels))
            return relative
        relative -= peak_db[:, None, None]
        return np.maximum(relative, np.float32(self.floor_db), out=relative)

    @property
    def span(self) -> tuple[float, float]:
        """Between which values mel and chroma lie: what ``scaling: unit`` maps to 0 and 1."""
        return (0.0, 1.0) if self.feature == "chroma" else (self.floor_db, 0.0)


def block_size(shape: tuple[int, ...]) -> int:
    """How many windows of a shape go through a network at once: 63 of 64 bands, 3 of stft."""
    return max(1, BLOCK_VALUES // int(np.prod(shape)))
