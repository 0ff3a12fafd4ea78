"""``python -m benchmarks.one_process``: the demo's stages, called one after the other.

Prints the seconds of each stage, and of all. Ray, on which the seeds train, is up before.
"""

import sys
import time

from rich.console import Console

from flows.augment import augment
from flows.card import card
from flows.catalog import catalog
from flows.demo import demo
from flows.duplicates import duplicates
from flows.evaluate import evaluate
from flows.features import features
from flows.register import register
from flows.split import split
from flows.train import train
from genrenet.params import read_params
from tasks.fanout import connect

STAGES = (
    *(demo, catalog, features, duplicates, split),
    *(augment, card, train, evaluate, register),
)


def main() -> int:
    """Call every stage's function and tell how long it took."""
    console, params = Console(soft_wrap=True), read_params()
    begin = time.perf_counter()
    connect(params.compute)
    started = time.perf_counter()
    console.print(f"ray_s={started - begin:.2f}")
    for stage in STAGES:
        since = time.perf_counter()
        stage(params)
        console.print(f"{stage.__name__}_s={time.perf_counter() - since:.2f}")
    console.print(f"work_s={time.perf_counter() - started:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
