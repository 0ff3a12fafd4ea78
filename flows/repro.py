"""``dvc repro``, followed: what it runs and skips is told, and it ends when it is told to."""

import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import IO

from flows.engines import end
from flows.orchestrator import console, orchestrator
from flows.reports import log
from flows.runs import add_cached_task, is_deployed
from tasks.signals import handle

DVC_STOP_S = 15
COMPLAINT = "ERROR: "
RUNNING = re.compile(r"Running stage '(.+)':")
SKIPPED = re.compile(r"(?:Stage )?'(.+)' (?:didn't change, skipping|is cached - skipping run)")


def follow(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run DVC and pass its lines on; when interrupted, end it and all that it started.

    Its exit code, and what it complained of last where no terminal has shown that already.
    """
    # Ray and Prefect have put their own; and what a background job ignores, DVC would ignore too
    handle((signal.SIGINT,), signal.default_int_handler)
    if not is_deployed():  # else Prefect's own: it tells a cancelled run by it
        handle((signal.SIGTERM,), signal.default_int_handler)
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=None if console.is_terminal else subprocess.PIPE,  # bars want the terminal itself
        text=True,
        start_new_session=True,
    )
    complaints: list[str] = []
    listening = threading.Thread(target=_hear, args=(process.stderr, complaints), daemon=True)
    listening.start()
    try:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            if skipped := SKIPPED.match(line):
                orchestrator.report(partial(add_cached_task, skipped[1]))
                log(f"{skipped[1]}: unchanged")
            elif running := RUNNING.match(line):
                log(f"{running[1]}: runs")
        code = process.wait()
        listening.join()
        return code, complaints[-1] if complaints else ""
    finally:
        if not end(process, by=signal.SIGINT, patience_s=DVC_STOP_S):
            console.print("warning: DVC did not stop by itself and was killed")


def _hear(lines: IO[str] | None, complaints: list[str]) -> None:
    """Pass on what DVC and the stages say to standard error, and keep what DVC complains of."""
    with suppress(ValueError):  # closed by whoever ends DVC
        for line in lines or ():
            sys.stderr.write(line)
            sys.stderr.flush()
            if line.startswith(COMPLAINT):
                complaints.append(line.removeprefix(COMPLAINT).strip())
            elif complaints:  # it says who, and what to do, in further lines
                complaints[-1] = f"{complaints[-1]} {line.strip()}".strip()
