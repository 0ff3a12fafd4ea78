"""Benchmarks: genrenet against the usual way, side by side on one machine.

Importing this package sets one thread for every numerical library, so it comes before NumPy.
"""

import os

THREADS = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "ARROW_IO_THREADS",
    ),
    "1",
)
os.environ.update(THREADS)
