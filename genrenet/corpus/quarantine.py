"""The quarantine: recordings that cannot be used, each with its reason."""

import csv
from pathlib import Path

import pandas as pd

from genrenet.atomic import replacing
from genrenet.corpus.tracks import usable
from genrenet.errors import DataError

QUARANTINE = Path("reports/quarantine.csv")


def write_quarantine(catalog: pd.DataFrame, found: dict[str, str], path: Path = QUARANTINE) -> int:
    """Write the list, whole or not at all.

    Parameters
    ----------
    catalog : pd.DataFrame
        The catalog, whose ``problem`` column names what could not be opened.
    found : dict
        Track id and reason of what could be opened and not be used.
    path : Path
        Where the list goes.

    Returns
    -------
    int
        How many tracks are on it.
    """
    reasons = {**dict(_problems(catalog)), **found}
    paths = dict(zip(catalog["track_id"], catalog["path"], strict=True))
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["track_id", "path", "reason"])
        writer.writerows([i, paths[i], reasons[i]] for i in sorted(reasons))
    return len(reasons)


def _problems(catalog: pd.DataFrame) -> list[tuple[str, str]]:
    bad = catalog[catalog["problem"].notna()]
    return list(zip(bad["track_id"], bad["problem"], strict=True))


def read_quarantine(path: Path = QUARANTINE) -> pd.DataFrame:
    """The list as it was written, all text: a track may be called ``NA``."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def without_quarantined(catalog: pd.DataFrame, path: Path = QUARANTINE) -> pd.DataFrame:
    """The catalog's tracks that have features."""
    quarantined = set(read_quarantine(path)["track_id"])
    return usable(catalog)[lambda rows: ~rows["track_id"].isin(quarantined)]


def check_share(n_bad: int, n_tracks: int, most: float, path: Path = QUARANTINE) -> None:
    """Refuse a corpus of which more than the share ``most`` is bad.

    Raises
    ------
    DataError
        With the first reasons and where the whole list is.
    """
    if n_bad <= most * n_tracks:
        return
    rows = read_quarantine(path).head(5).itertuples()
    first = "\n".join(f"  {row.path}: {row.reason}" for row in rows)
    raise DataError(
        f"{n_bad} of {n_tracks} tracks cannot be used, more than corpus.max_bad_share = {most:g} "
        f"allows:\n{first}\nThe whole list is in {path}. Mend or remove the files, or raise "
        "corpus.max_bad_share. What was extracted is kept."
    )
