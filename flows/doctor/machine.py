"""The machine: room on its disks and in memory, what its file system can do, its GPU."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from flows.doctor.finding import Finding, note, ok, problem
from flows.doctor.repository import dvc_cache

GB = 1e9
LEAST_DISK_GB, GOOD_DISK_GB = 1, 10
LEAST_MEMORY_GB, GOOD_MEMORY_GB = 1, 3  # evaluate takes 1.0, a rebuild of two seeds at once 2.6
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
NVIDIA_GPUS = Path("/proc/driver/nvidia/gpus")
NVIDIA_SMI = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]


def disk(project: Path) -> Iterator[Finding]:
    """Room for what the stages make, for DVC's copies of it and for MLflow's."""
    places = {"data": project / "data", ".dvc/cache": dvc_cache(project)}
    by_device = defaultdict(list)
    for name, place in (places | {"mlruns": project / "mlruns"}).items():
        there = next(p for p in (place, *place.parents) if p.exists())
        by_device[there.stat().st_dev].append((name, there))
    for on_it in by_device.values():
        free = shutil.disk_usage(on_it[0][1]).free / GB
        found = f"{free:.1f} GB free for {', '.join(name for name, _ in on_it)}"
        cure = (
            "Make room: 'dvc gc --workspace' drops what only former runs need, 'make clean' more."
        )
        if free < LEAST_DISK_GB:
            yield problem("disk", found, cure)
        elif free < GOOD_DISK_GB:
            yield note("disk", found, cure)
        else:
            yield ok("disk", found)


def links(project: Path) -> Iterator[Finding]:
    """Whether files can be replaced in one step, and be linked to DVC's cache."""
    try:
        with tempfile.TemporaryDirectory(dir=project, prefix=".doctor-") as folder:
            one, two = Path(folder, "one"), Path(folder, "two")
            one.write_bytes(b"")
            one.replace(two)
            yield from _hard_link(two, dvc_cache(project))
    except OSError as error:
        cure = "Work on a disk of this machine, in a folder that you may write to."
        yield problem("files", f"{project}: cannot be written and renamed in ({error})", cure)


def memory(_: Path) -> Iterator[Finding]:
    """What is free now, of what this process may have at most."""
    import psutil

    total, free = psutil.virtual_memory().total, psutil.virtual_memory().available
    limits = [int(t) for p in CGROUP_LIMITS if (t := _text(p)).isdigit()]  # else it is "max"
    total = min([total, *limits])
    free = min(free, total)
    found = f"{free / GB:.1f} of {total / GB:.1f} GB free"
    cure = "Close what else runs, or lower compute.n_workers; compute.executor: serial needs least."
    if free / GB < LEAST_MEMORY_GB:
        yield problem("memory", found, cure)
    elif free / GB < GOOD_MEMORY_GB:
        yield note("memory", found, cure)
    else:
        yield ok("memory", found)


def gpu(_: Path) -> Iterator[Finding]:
    """Whether TensorFlow would find a GPU, told without loading it."""
    names = _gpus()
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not names:
        yield ok("GPU", "none of NVIDIA's: TensorFlow works on the CPU")
    elif hidden is not None and hidden.strip() in ("", "-1"):
        cure = "To use it: unset CUDA_VISIBLE_DEVICES"
        yield note("GPU", f"{names}, hidden by CUDA_VISIBLE_DEVICES={hidden!r}", cure)
    elif not _has_cuda():
        cure = "To use it: pip install 'tensorflow[and-cuda]' in TensorFlow's present version."
        yield note(
            "GPU", f"{names}, but TensorFlow has no CUDA libraries: it will not see it", cure
        )
    else:
        yield ok("GPU", f"{names}, and the CUDA libraries by which TensorFlow sees it")


def _gpus() -> str:
    """The names of NVIDIA's GPUs, empty if there are none."""
    try:
        told = subprocess.run(NVIDIA_SMI, capture_output=True, text=True, timeout=3, check=True)
        names = [line.strip() for line in told.stdout.splitlines()]
    except (OSError, subprocess.SubprocessError):  # no driver, or one that hangs
        names = [_model(card) for card in sorted(NVIDIA_GPUS.glob("*/information"))]
    return ", ".join(filter(None, names))


def _model(card: Path) -> str:
    lines = dict(line.partition(":")[::2] for line in _text(card).splitlines())
    return lines.get("Model", "NVIDIA GPU").strip()


def _has_cuda() -> bool:
    """Whether cuDNN is there, from a wheel beside TensorFlow or from the system."""
    if importlib.util.find_spec("nvidia") and importlib.util.find_spec("nvidia.cudnn"):
        return True
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    usual = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/cuda/lib64"]
    return any(any(Path(f).glob("libcudnn.so*")) for f in [*filter(None, folders), *usual])


def _hard_link(file: Path, cache: Path) -> Iterator[Finding]:
    target = cache if cache.is_dir() else file.parent
    try:
        with tempfile.TemporaryDirectory(dir=target, prefix=".doctor-") as folder:
            Path(folder, "link").hardlink_to(file)
    except OSError as error:
        cure = "DVC copies instead; for large data put checkout and cache on one disk."
        yield note("files", f"no hard links between the checkout and {cache} ({error})", cure)
    else:
        yield ok("files", "can be written, renamed and linked")


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError:
        return ""
