"""``python -m benchmarks [ROW]``: every row, or the rows that are called so.

The whole run writes ``results.json``, ``results.png`` and the table in ``docs/performance.md``; a
run of some rows only prints.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import (
    decoding,
    duplicates,
    engines,
    features,
    peers,
    reading,
    report,
    stages,
    versions,
)
from benchmarks.rows import Result, Row, chosen, measure
from genrenet.errors import GenrenetError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
WIDTH = 150  # of the table in a log, where no terminal says how wide it is
console = Console()
if not console.is_terminal:
    console.width = WIDTH


@app.command()
def main(
    row: Annotated[str, typer.Argument(help="A row, or how the names of several begin.")] = "",
) -> None:
    """Check, measure, tell."""
    with tempfile.TemporaryDirectory(prefix="genrenet-bench-") as folder:
        rows = all_rows(Path(folder))
        wanted = chosen(rows, row)
        if not wanted:
            console.print(f"no row is called {row}; there are {', '.join(r.name for r in rows)}")
            raise typer.Exit(2)
        results = run(wanted)
    console.print(report.table(results, rows))
    if not row and len(results) == len(rows):
        write(results, rows)
    if len(results) < len(wanted):
        raise typer.Exit(1)


def all_rows(folder: Path) -> list[Row]:
    """Every row, in the order of the table; what they make goes to ``folder``."""
    return [
        *features.rows(folder),
        *duplicates.rows(folder),
        *versions.rows(folder),
        *decoding.rows(folder),
        *reading.rows(folder),
        *peers.rows(folder),
        *stages.rows(folder),
        *engines.rows(folder),
    ]


def run(rows: list[Row]) -> list[Result]:
    """Measure the rows one after the other; one that cannot be measured says why."""
    results = []
    for row in rows:
        begin = time.perf_counter()
        try:
            result = measure(row)
        except GenrenetError as error:
            console.print(f"[red]{row.name}: {error}[/red]")
            continue
        results.append(result)
        took = f"{time.perf_counter() - begin:.0f} s"
        ratio, target = report.ratio(result, row), report.target(result, row)
        aim = f" (target {target})" if target else ""
        console.print(f"{row.name}: {ratio}{aim}, measured in {took}", highlight=False)
    return results


def write(results: list[Result], rows: list[Row]) -> None:
    """Keep the results of a whole run."""
    report.write_results(results)
    kept = report.read_results()  # rounded once, so that page and file say the same
    report.save(report.picture(kept, rows), report.PICTURE)
    report.fill_page(report.markdown(kept, rows))


if __name__ == "__main__":
    sys.exit(app())
