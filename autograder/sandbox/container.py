"""Whether the machine, or the container of it that was given to us, is large enough to grade in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from autograder.course.assignment import Limits

CGROUP, MEMINFO = Path("/sys/fs/cgroup"), Path("/proc/meminfo")
MEBIBYTE = 2**20
# Grading the reference takes so many MB at most, in all processes together.
NUMPY_MEGABYTES, TORCH_MEGABYTES = 600, 1600


def notes(limits: Limits, torch: bool, cgroup: Path = CGROUP, meminfo: Path = MEMINFO) -> list[str]:
    """Say what is too small here to grade, with PyTorch or with NumPy alone, and what to do."""
    found, needed = [], TORCH_MEGABYTES if torch else NUMPY_MEGABYTES
    memory = memory_megabytes(cgroup, meminfo)
    if memory is not None and memory < needed:
        found.append(
            f"this container has {memory} MB of memory, and grading takes up to {needed} MB: whoever runs the course "
            "should choose a larger one (on Gradescope: Configure Autograder, Container Specifications)"
        )
    count = cpus(cgroup)
    if count is not None and count < limits.cpus:
        found.append(
            f"this container has {count:g} of a CPU, and the limits reckon with {limits.cpus:g}: code may run out of "
            "time here that is fast enough"
        )
    return found


def memory_megabytes(cgroup: Path = CGROUP, meminfo: Path = MEMINFO) -> int | None:
    """Return how much memory there is for us, in MB of 2**20 bytes; None where nothing says so."""
    # Version 2 of control groups, and version 1; the host's total stands in every container. The least of them holds.
    limits = [_number(cgroup / "memory.max"), _number(cgroup / "memory" / "memory.limit_in_bytes")]
    total = next((int(row.split()[1]) * 1024 for row in _lines(meminfo) if row.startswith("MemTotal:")), None)
    known = [value for value in (*limits, total) if value is not None]
    return min(known) // MEBIBYTE if known else None


def cpus(cgroup: Path = CGROUP) -> float | None:
    """Return how many CPUs there are for us; None where nothing says so."""
    # Each limits by itself: two cores may be there of which only half a one may be used.
    shares = [float(len(os.sched_getaffinity(0)))] if hasattr(os, "sched_getaffinity") else []
    shares += [float(count) for count in [os.cpu_count()] if count]
    for quota, period in _quotas(cgroup):
        if quota > 0 and period > 0:  # -1 means no limit in version 1
            shares.append(quota / period)
    return min(shares, default=None)


def _quotas(cgroup: Path) -> Iterator[tuple[int, int]]:
    words = next((row.split() for row in _lines(cgroup / "cpu.max")), [])
    # Without a limit it says "max 100000".
    if len(words) == 2 and all(word.isdecimal() for word in words):
        yield int(words[0]), int(words[1])
    quota, period = (_number(cgroup / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    if quota is not None and period is not None:
        yield quota, period


def _number(path: Path) -> int | None:
    text = next(iter(_lines(path)), "").strip()
    return int(text) if text.lstrip("-").isdecimal() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
