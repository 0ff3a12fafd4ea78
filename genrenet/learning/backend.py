"""The back end: TensorFlow, loaded without its greetings, with the threads that were asked for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

STDERR = 2  # file descriptor


def prepare_backend(n_threads: int | None = None) -> None:
    """Load TensorFlow; call it before the first import of keras.

    Parameters
    ----------
    n_threads : int or None
        Cores for one operation; None leaves them to TensorFlow. With a number, results are also
        made repeatable to the last bit. Only the first call in a process decides.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _silent():
        import tensorflow as tf

        if n_threads is not None:
            tf.config.experimental.enable_op_determinism()
            _limit_threads(tf, n_threads)
        tf.zeros(1)  # the first operation looks for a GPU, and says so where there is none


def _limit_threads(tf: object, n_threads: int) -> None:
    threading = tf.config.threading  # type: ignore[attr-defined]  # TensorFlow has no types
    try:
        threading.set_intra_op_parallelism_threads(n_threads)
        threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        return  # TensorFlow is at work in this process already, with its first setting


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing goes to standard error, where C++ writes before it has read its log level."""
    kept = os.dup(STDERR)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), STDERR)
    try:
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
