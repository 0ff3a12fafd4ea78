"""The audit of a split that was made elsewhere, beside the pipeline."""

import json
from pathlib import Path
from typing import Any

import typer

from flows.stage import StageError
from genrenet.corpus.audit import LEVELS, LeakError, audit
from genrenet.corpus.audit_page import audit_page
from genrenet.corpus.confounds import find_confounds
from genrenet.corpus.split_table import read_split_table
from genrenet.errors import DataError
from genrenet.serving.bundle import write_json

LEAK = 1
"""The exit code where something crosses; a table that cannot be read has that of bad input."""


def audit_table(
    path: Path, columns: str, *, level: str, as_json: bool = False, out: Path | None = None
) -> None:
    """Audit a table and print the verdict.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    columns : str
        What the table calls its columns: ``ours=theirs``, separated by commas.
    level : str
        What its groups are.
    as_json : bool
        Whether a program reads the verdict.
    out : Path, optional
        Where the verdict is written, as JSON.

    Raises
    ------
    DataError
        The table cannot be audited.
    StageError
        Something crosses; the pairs have been printed.
    """
    claims = [name for name in LEVELS if name != "unknown"]
    if level not in claims:
        raise DataError(f"--level is '{level}'; expected one of {', '.join(claims)}.")
    splits = read_split_table(path, _pairs(columns))
    try:
        certificate = audit(splits, level)
    except LeakError as error:
        crossings = error.crossings.to_dict("records")
        _tell({"passed": False, "crossings": crossings}, str(error), as_json=as_json, out=out)
        raise StageError(str(error), exit_code=LEAK) from error
    found = {**certificate.to_json(), "confounds": find_confounds(splits).to_json()}
    _tell({"passed": True, **found}, audit_page(found), as_json=as_json, out=out)


def _pairs(columns: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in columns.split(",") if pair]
    if wrong := [ours for ours, sign, _ in pairs if not sign]:
        raise DataError(
            f"--columns has '{wrong[0]}'; expected ours=theirs, as in track_id=file,group=artist."
        )
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _tell(verdict: dict[str, Any], page: str, *, as_json: bool, out: Path | None) -> None:
    if out:
        write_json(verdict, out)
    typer.echo(json.dumps(verdict, indent=1, ensure_ascii=False) if as_json else page.rstrip())
