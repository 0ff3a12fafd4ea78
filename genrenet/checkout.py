"""The checkout: the folder that holds what all corpora share."""

import os
from pathlib import Path

MARKS = ("mlruns", ".dvc")
"""MLflow's store, and DVC's: a checkout may lack the one that is still to be made."""


def checkout() -> Path:
    """The nearest folder, from the current one upwards, that holds a store; else the current one.

    A further corpus is worked on in its own folder of the checkout, and keeps no store there. Nor
    does an experiment that DVC runs in a temporary copy: what DVC runs is told where it belongs.
    """
    if root := os.environ.get("DVC_ROOT"):
        return Path(root)
    here = Path.cwd()
    above = (here, *here.parents)
    return next((p for p in above if any((p / mark).is_dir() for mark in MARKS)), here)
