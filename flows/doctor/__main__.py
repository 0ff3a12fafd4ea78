"""``python -m flows.doctor``: a table of findings with their cures; exit code 2 for a problem."""

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.doctor import machine, packages, repository, services, store
from flows.doctor.finding import Finding, note, problem
from genrenet.checkout import checkout
from genrenet.errors import USER_ERROR

Check = Callable[[Path], Iterator[Finding]]

EVERYWHERE: tuple[Check, ...] = (
    packages.python,
    packages.packages,
    packages.extras,
    machine.memory,
    machine.gpu,
    services.prefect,
    services.mlflow,
    services.ray,
    services.ports,
    services.proxies,
)
IN_A_CHECKOUT: tuple[Check, ...] = (
    repository.settings,
    repository.git,
    repository.dvc,
    repository.locks,
    store.store,
    machine.disk,
    machine.links,
)
MARKS = ("params.yaml", "dvc.yaml")
STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


def main() -> int:
    """Look, show the table, and return the program's exit code."""
    findings = examine(checkout())
    Console(highlight=False).print(table(findings))
    return USER_ERROR if any(finding.state == "problem" for finding in findings) else 0


def examine(project: Path) -> list[Finding]:
    """All findings, in the order of the checks; those of a checkout only where there is one."""
    is_checkout = all((project / mark).is_file() for mark in MARKS)
    checks = (*EVERYWHERE, *(IN_A_CHECKOUT if is_checkout else (_no_checkout,)))
    with ThreadPoolExecutor(len(checks)) as pool:  # most of them wait for others
        found = pool.map(partial(_findings, project=project), checks)
        return [finding for findings in found for finding in findings]


def table(findings: Iterable[Finding]) -> Table:
    """The findings as a person reads them, the cure below what was found."""
    made = Table("", "what", "found, and its cure", box=None, pad_edge=False)
    for finding in findings:
        told = Text(finding.found)
        if finding.cure:
            told.append(f"\n→ {finding.cure}", style="bold")
        made.add_row(Text(finding.state, STYLES[finding.state]), finding.what, told)
    return made


def _findings(check: Check, *, project: Path) -> list[Finding]:
    """What a check finds; that it cannot look is a finding too."""
    name = check.__name__.strip("_")
    try:
        return list(check(project))
    except ImportError as error:  # the core alone is installed
        cure = "make setup, or pip install 'genrenet[pipeline]'"
        return [note(name, f"cannot be looked at: {error}", cure)]
    except Exception as error:
        cure = "What this says is not foreseen; the other findings hold."
        return [problem(name, f"cannot be looked at: {type(error).__name__}: {error}", cure)]


def _no_checkout(project: Path) -> Iterator[Finding]:
    found = f"{project}: neither here nor above is a folder with {' and '.join(MARKS)}"
    yield problem(
        "checkout", found, "Run in the project's folder; what it holds was not looked at."
    )


if __name__ == "__main__":
    sys.exit(main())
