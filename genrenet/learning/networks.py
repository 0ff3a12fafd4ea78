"""Networks: built from the shape that the specification declares, returned uncompiled.

The compact network, trained from scratch, answers 87.6 ± 3.4 % of ESC-10's clips rightly without
augmentation and 89.3 ± 3.5 % with it (official folds, 15 trainings each: docs/decisions.md). It
hears pitch classes as it hears bands: that the last class is the first one's neighbour it has to
learn.
"""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers

from genrenet.learning.network_input import block_size

BN_MOMENTUM = 0.9  # Keras' 0.99 lags hundreds of steps behind, longer than a short run lasts


def compact_cnn(
    n_frames: int,
    n_bins: int,
    n_classes: int,
    *,
    scaler: layers.Layer,
    channels: Sequence[int],
    dropout: float,
) -> keras.Model:
    """Convolution blocks that halve the picture, then mean and maximum over what is left.

    Parameters
    ----------
    n_frames, n_bins : int
        A window's shape.
    n_classes : int
        Outputs; they are logits.
    scaler : keras layer
        Brings levels to the network's scale.
    channels : sequence of int
        Feature maps of each 3 x 3 block.
    dropout : float
        Share dropped before the last layer.

    Returns
    -------
    keras.Model
        [shape=(n_windows, n_frames, n_bins)] to logits [shape=(n_windows, n_classes)].
    """
    inputs = keras.Input((n_frames, n_bins), name="windows")
    x = layers.Reshape((n_frames, n_bins, 1))(scaler(inputs))
    for width in channels:
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=BN_MOMENTUM)(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(n_classes, name="logits")(x), name="compact_cnn")


def standard(mean: np.ndarray, variance: np.ndarray) -> layers.Layer:
    """``scaling: standard``: mean 0 and variance 1 in each bin [n_bins] over the train rows."""
    return layers.Normalization(mean=mean, variance=variance)


def unit(low: float, high: float) -> layers.Layer:
    """``scaling: unit``: [low, high] becomes [0, 1]."""
    return layers.Rescaling(1 / (high - low), offset=-low / (high - low))


def unscaled() -> layers.Layer:
    """``scaling: clip``: dB relative to the clip's maximum stay what they are."""
    return layers.Rescaling(1.0)


def logits(network: keras.Model, x: np.ndarray) -> np.ndarray:
    """Outputs [shape=(n_windows, n_classes), dtype=float32] in inference mode."""
    size = block_size(x.shape[1:])
    batches = [x[at : at + size] for at in range(0, len(x), size)]
    outputs = [keras.ops.convert_to_numpy(network(batch, training=False)) for batch in batches]
    return np.concatenate(outputs)


def save(network: keras.Model, path: Path) -> None:
    """Write a network without its optimizer, whose state is twice the weights."""
    keras.Model(network.input, network.output, name=network.name).save(path)
