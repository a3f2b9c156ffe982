"""Figures on disk, with when, where and by which command they came about: what the docs quote is read from them."""

from __future__ import annotations

import datetime
import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from autograder.grading.versions import versions
from autograder.sandbox import cores

GIB = 2**30


def circumstances() -> dict[str, str]:
    """Say by which command something is measured, when, on which machine, beside how much else, with which versions."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    kernel = ".".join(platform.release().split(".")[:2])
    busy = os.getloadavg()[0]  # what the machine does besides, before we begin
    return {
        "command": " ".join(["autograder", *sys.argv[1:]]),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{cores.available()} cores of {_processor()}, {memory:.0f} GB, {platform.system()} {kernel}",
        "beside": f"{busy:.1f} busy processes",
        "versions": versions(),
    }


def _processor() -> str:
    """The name that Linux knows it by."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def write(path: Path, figures: Mapping[str, object]) -> None:
    """Write figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, object]:
    """Read what was written; nothing where no file is."""
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found
