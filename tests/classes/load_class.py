"""A class for load and faults: hundreds of submissions of the tiny course, right, wrong, hostile and no zip at all.

Each takes little time, so that many faults can strike while it is graded. The same number gives the same zip.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from homework import ROOT
from make_class import packed, students

TINY = ROOT / "tests" / "engine" / "tiny"
ASSIGNMENT = """title = "Signals"
due = 2027-03-01T12:00:00Z
grace = 2027-03-01T12:00:00Z
dataset = "shapes"
report = { points = 0 }
limits = { memory_megabytes = 1024 }

[parts.1]
title = "Signals"
points = 10
todos = { "1.1" = 10 }
"""
BODIES = {
    "right": "return (x[:-1] + x[1:]) / 2",
    "right, slowly": "return np.array([(a + b) / 2 for a, b in zip(x, x[1:])])",
    "wrong: adds": "return x[:-1] + x[1:]",
    "wrong: too short": "return (x[:-2] + x[1:-1]) / 2",
    "wrong: no number": "return x[:-1] * float('nan')",
    "raises": "return x[len(x)]",
    "open": "raise NotImplementedError('TODO 1.1: smooth')",
    "prints": "print('\\x1b[31m<script>' * 10**4)\n    return (x[:-1] + x[1:]) / 2",
    "hostile: exits": "import os\n    os._exit(0)",
    "hostile: ends by a signal": "import os, signal\n    os.kill(os.getpid(), signal.SIGTERM)",
    "hostile: crashes": "import ctypes\n    ctypes.string_at(0)",
    "hostile: takes all memory": "hoard = np.ones(2**31)",
    "hostile: writes everywhere": "for name in ('/results.json', '/tmp/x', '../x'): open(name, 'w')",
    "hostile: opens a connection": "import socket\n    socket.create_connection(('127.0.0.1', 80))",
    "no Python": "return (",
}
RARE = 50  # one in so many takes all its time, until it is stopped
MODULE = "signals/filters.py"


def course(folder: Path) -> Path:
    """Lay out the course, and an assignment of its cheap part; return the file of that."""
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    (folder / "assignment.toml").write_text(ASSIGNMENT)
    return folder / "assignment.toml"


def write(folder: Path, size: int) -> None:
    """Write the zips, one a student; no two are equal."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, content) in enumerate(zip(students(), _contents(), strict=False)):
        if number == size:
            return
        (folder / f"{name}.zip").write_bytes(content)


def _contents() -> Iterator[bytes]:
    bodies = list(BODIES.values())
    number = 0
    while True:
        for body in bodies:
            number += 1
            yield _zip("while True: pass" if number % RARE == 0 else body, number)
        whole = _zip(BODIES["right"], number)
        yield from (whole[: len(whole) // 2], b"", b"Rar!\x1a\x07\x01\x00" + bytes(100 + number))
        yield packed({"holidays/beach.jpg": b"\xff\xd8\xff" + bytes(number)})
        yield packed({MODULE: b"def smooth(x): ...", "../../evil.py": bytes(number)})


def _zip(body: str, number: int) -> bytes:
    return packed({MODULE: f"import numpy as np\n\n\ndef smooth(x):\n    {body}\n\n# student {number}\n".encode()})
