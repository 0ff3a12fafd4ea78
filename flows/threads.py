"""The thread budget: how many cores a stage's own process uses; its Ray tasks have their own."""

import os

import pyarrow as pa
from threadpoolctl import threadpool_limits

TENSORFLOW = {"TF_NUM_INTRAOP_THREADS": "{n}", "TF_NUM_INTEROP_THREADS": "1"}
"""What TensorFlow reads when it is first used, where nothing was asked of it by name."""


def limit_threads(n: int | None) -> None:
    """Keep the numerical libraries of this process to ``n`` threads each; None leaves them alone.

    Sums come in another order then, so that results may differ by rounding.
    """
    if n is None:
        return
    threadpool_limits(n)
    pa.set_cpu_count(n)
    os.environ.update({name: value.format(n=n) for name, value in TENSORFLOW.items()})
