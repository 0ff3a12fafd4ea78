"""Training: one network, one seed, the best epoch on validation groups."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from genrenet.errors import DataError
from genrenet.learning.balance import Balance
from genrenet.learning.dataset import WindowSet
from genrenet.learning.networks import compact_cnn, standard, unit, unscaled
from genrenet.sections.augment import SpecAugment
from genrenet.sections.train import Train


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A network and how it got there.

    Attributes
    ----------
    network : keras.Model
        With the weights of the best epoch.
    history : dict of str to list of float
        ``loss``, ``accuracy``, and with validation ``val_loss`` and ``val_accuracy``, by epoch,
        over windows.
    best_epoch : int
        From 1; the one with the least validation loss, or the last without validation.
    """

    network: keras.Model
    history: dict[str, list[float]]
    best_epoch: int


def train_network(
    train: WindowSet,
    validation: WindowSet | None,
    labels: Mapping[str, int],
    settings: Train,
    *,
    seed: int,
    on_epoch: Callable[[dict[str, float]], Any] = lambda _: None,
) -> Trained:
    """Train the compact network.

    Parameters
    ----------
    train, validation : WindowSet
        Windows to learn from and to choose the epoch by; without validation the last epoch stays.
    labels : mapping of str to int
        Track id and class, from 0.
    settings : Train
        The recipe.
    seed : int
        Decides initial weights, order, choice and masks.
    on_epoch : callable
        Told of each epoch's figures.

    Raises
    ------
    DataError
        The loss is no longer finite.
    """
    keras.utils.clear_session()  # layers are numbered from 1 again: the names are in the file
    keras.utils.set_random_seed(seed)
    network = _build(train, settings, 1 + max(labels.values()))
    balance = Balance(
        settings.balance, _classes(train, labels), train.n_chosen(settings.windows_per_track)
    )
    n_steps = -(-balance.n_drawn // settings.batch_size)
    network.compile(
        optimizer=_optimizer(settings, n_steps),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # XLA on a CPU: 1.4 times slower
    )
    stopping = keras.callbacks.EarlyStopping(
        "val_loss" if validation else "loss", patience=settings.patience, restore_best_weights=True
    )
    report = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: on_epoch({"epoch": epoch + 1, **(logs or {})})
    )
    fitted = network.fit(
        _epochs(train, balance, settings, seed),
        class_weight=balance.weights,
        epochs=settings.epochs,
        steps_per_epoch=n_steps,
        validation_data=validation and _validation(validation, labels),
        shuffle=False,  # the window set does that
        callbacks=[keras.callbacks.TerminateOnNaN(), report, *([stopping] if validation else [])],
        verbose=0,
    )
    history = {
        name: [round(float(v), 6) for v in values] for name, values in fitted.history.items()
    }
    if not np.isfinite(history["loss"]).all():
        raise DataError(
            f"training with seed {seed}: the loss is no number after epoch "
            f"{len(history['loss'])}. Lower train.learning_rate "
            f"(now {settings.learning_rate:g})."
        )
    best = int(np.argmin(fitted.history["val_loss"])) + 1 if validation else len(history["loss"])
    return Trained(network=network, history=history, best_epoch=best)


def _build(train: WindowSet, settings: Train, n_classes: int) -> keras.Model:
    return compact_cnn(
        *train.shape,
        n_classes,
        scaler=_scaler(train, settings.scaling),
        channels=settings.channels,
        dropout=settings.dropout,
    )


def _scaler(train: WindowSet, scaling: str) -> keras.layers.Layer:
    if scaling == "standard":
        return standard(*train.band_statistics())  # reads all train rows once
    return unit(*train.network_input.span) if scaling == "unit" else unscaled()


def _optimizer(settings: Train, n_steps: int) -> keras.optimizers.Optimizer:
    """AdamW with a linear warm-up and a cosine to zero."""
    total = settings.epochs * n_steps
    warmup = int(settings.warmup * total)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else settings.learning_rate,
        max(1, total - warmup),
        warmup_target=settings.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)


def _classes(windows: WindowSet, labels: Mapping[str, int]) -> np.ndarray:
    """Each track number's class [n_tracks]."""
    return np.array([labels[track_id] for track_id in windows.track_ids])


def _epochs(windows: WindowSet, balance: Balance, settings: Train, seed: int) -> tf.data.Dataset:
    """Endless batches, epoch after epoch; the order depends on the seed alone."""

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng(seed)
        while True:
            for x, track in windows.shuffled(
                rng,
                batch_size=settings.batch_size,
                windows_per_track=settings.windows_per_track,
                balanced=balance.drawn,
            ):
                yield _masked(x, settings.spec_augment, rng), balance.classes[track]

    return _dataset(batches, windows)


def _validation(windows: WindowSet, labels: Mapping[str, int]) -> tf.data.Dataset:
    classes = _classes(windows, labels)

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for x, track in windows.in_order():
            yield x, classes[track]

    n_batches = tf.data.experimental.assert_cardinality(windows.n_blocks)
    return _dataset(batches, windows).apply(n_batches)


def _dataset(batches: Callable[[], Iterator[Any]], windows: WindowSet) -> tf.data.Dataset:
    signature = (
        tf.TensorSpec((None, *windows.shape), tf.float32),
        tf.TensorSpec((None,), tf.int64),
    )
    return tf.data.Dataset.from_generator(batches, output_signature=signature).prefetch(2)


def _masked(x: np.ndarray, masks: SpecAugment, rng: np.random.Generator) -> np.ndarray:
    """Windows with one band of bins and one of frames set to the window's mean.

    Source: Park et al., SpecAugment, Interspeech 2019 (without time warping).
    """
    for axis, most in ((2, masks.frequency_bins), (1, masks.time_frames)):
        if most:
            width = rng.integers(0, most + 1, size=len(x))[:, None]
            begin = (rng.random(len(x))[:, None] * (x.shape[axis] - width + 1)).astype(int)
            at = np.arange(x.shape[axis])
            inside = (at >= begin) & (at < begin + width)
            inside = inside[:, None, :] if axis == 2 else inside[:, :, None]
            x = np.where(inside, x.mean(axis=(1, 2), keepdims=True), x)
    return x
