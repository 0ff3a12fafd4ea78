"""The repository: its settings, Git, DVC and what killed runs have left of DVC's locks."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from pathlib import Path
from typing import Any

from flows.doctor.finding import Finding, note, ok, problem
from genrenet.serving.store import shown

RWLOCK, LOCK = Path(".dvc/tmp/rwlock"), Path(".dvc/tmp/lock")


def settings(project: Path) -> Iterator[Finding]:
    """The project's ``params.yaml``, and that of each further corpus."""
    from genrenet.errors import ParamsError
    from genrenet.params import read_params

    valid = []
    for path in (project / "params.yaml", *sorted(project.glob("corpora/*/params.yaml"))):
        name = str(path.relative_to(project))
        try:
            read_params(path)
        except ParamsError as error:
            cure = "Mend what is named; docs/settings.md tells how an editor helps."
            yield problem("settings", str(error).replace(str(path), name), cure)
        else:
            valid.append(name)
    if valid:
        yield ok("settings", f"{', '.join(valid)}: valid")


def git(project: Path) -> Iterator[Finding]:
    """Git, and whether the project is in a repository of its own or above it."""
    if not shutil.which("git"):
        yield problem("git", "not installed, and DVC asks it", "Debian: apt install git")
        return
    asked = ["git", "-C", str(project), "rev-parse", "--short", "HEAD"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=5)
    if not told.returncode:
        yield ok("git", f"at commit {told.stdout.strip()}")
    elif dvc_config(project).get("core", {}).get("no_scm", "").lower() == "true":
        yield ok("git", "no repository, which DVC has been told (core.no_scm)")
    else:
        why = (told.stderr.strip().splitlines() or ["it says nothing"])[-1]
        cure = "git init && git add --all && git commit; without Git: dvc config core.no_scm true"
        yield problem("git", f"no commit to compare with: {why}", cure)


def dvc(project: Path) -> Iterator[Finding]:
    """DVC's folder, and where it could send data and models."""
    if not (project / ".dvc").is_dir():
        yield problem("DVC", "there is no .dvc folder", "dvc init (without Git: dvc init --no-scm)")
        return
    config = dvc_config(project)
    if default := config.get("core", {}).get("remote"):
        url = config.get(f"'remote \"{default}\"'", {}).get("url", "an address not known here")
        yield ok("DVC", f"remote {default}: {url}")
    else:
        cure = "As a backup, or for others: dvc remote add --default NAME ADDRESS; dvc push"
        yield note("DVC", "no default remote: data and models are on this machine alone", cure)


def locks(project: Path) -> Iterator[Finding]:
    """What runs of DVC hold, and what killed ones have left."""
    try:
        holders = list(_holders(project / RWLOCK))
    except (ValueError, AttributeError, TypeError):  # cut off while it was written
        cure = f"A run was killed while it wrote it, and DVC refuses all work: rm {RWLOCK}"
        yield problem("locks", f"{RWLOCK} is damaged", cure)
        return
    running = {pid: _command(pid) for pid in {int(holder["pid"]) for holder in holders}}
    others = {pid: told for pid, told in running.items() if told and not _is_dvc(told)}
    if others:
        told = ", ".join(f"{pid} is now: {shown(' '.join(others[pid]))[:60]}" for pid in others)
        cure = f"The run was killed, and DVC takes that process for it: rm {RWLOCK}"
        yield problem("locks", f"{RWLOCK} names a PID of another program ({told})", cure)
    elif any(running.values()) or _is_held(project / LOCK):
        pids = [pid for pid, told in running.items() if told]
        told = ", ".join(map(str, pids)) or (project / LOCK).read_text("utf-8").strip()
        yield note("locks", f"DVC is at work (PID {told})", "Wait for it before you run DVC.")
    elif holders:
        told = ", ".join(map(str, running))
        cure = f"DVC passes over what is gone. To be rid of it: rm {RWLOCK}"
        yield note("locks", f"{RWLOCK} is of a run that was killed (PID {told})", cure)
    else:
        yield ok("locks", "none held")


def dvc_config(project: Path) -> dict[str, dict[str, str]]:
    """What DVC is told in this checkout: ``.dvc/config``, and ``.dvc/config.local`` over it."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read([project / ".dvc/config", project / ".dvc/config.local"], "utf-8")
    except ConfigError as error:
        raise ValueError(f".dvc/config: cannot be read: {error}") from error
    return {name: dict(parser[name]) for name in parser.sections()}


def dvc_cache(project: Path) -> Path:
    """Where DVC keeps its copies."""
    told = dvc_config(project).get("cache", {}).get("dir", "cache")
    return (project / ".dvc" / told).expanduser()


def _holders(path: Path) -> Iterator[Mapping[str, Any]]:
    """Who is written down as reading or writing something: ``pid`` and ``cmd`` of each."""
    if not path.is_file():
        return
    content = json.loads(path.read_text("utf-8"))
    for readers in content.get("read", {}).values():
        yield from readers
    yield from content.get("write", {}).values()


def _command(pid: int) -> list[str] | None:
    """What runs under ``pid``; None if nothing does."""
    import psutil

    try:
        return psutil.Process(pid).cmdline() or [psutil.Process(pid).name()]
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return ["a process of another user"]


def _is_dvc(command: list[str]) -> bool:
    return any(Path(word).stem == "dvc" for word in command)


def _is_held(path: Path) -> bool:
    """Whether a process holds DVC's lock: the file alone, which stays, says nothing."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
