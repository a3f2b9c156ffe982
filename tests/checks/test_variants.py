"""Many gradings at once: nothing of them outlives who asked for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from homework import ROOT

GRADE_FOREVER = """
import itertools
from autograder.authoring import variants as trials
from autograder.course.definition import find

if __name__ == "__main__":
    variants = itertools.repeat(find().files(), 10_000)
    for card in trials.run(find(), variants, (1,), 2, todos=itertools.repeat({"1.3"})):
        print(card.cents, flush=True)
"""


def _children(pid: int) -> set[int]:
    """All processes below a process."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split()
    parents = dict(zip(map(int, rows[::2]), map(int, rows[1::2]), strict=True))
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def test_processes_of_a_killed_run_end_by_themselves(tmp_path) -> None:
    (tmp_path / "forever.py").write_text(GRADE_FOREVER)
    command = [sys.executable, str(tmp_path / "forever.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()  # one is graded: the pool, its boxes and their zygotes are there
        below = _children(run.pid)
        run.send_signal(signal.SIGKILL)
    assert len(below) >= 4  # two graders with a zygote each, at least
    deadline = time.monotonic() + 20
    while (left := {pid for pid in below if Path(f"/proc/{pid}/exe").exists()}) and time.monotonic() < deadline:
        time.sleep(0.1)  # the end of a parent takes a moment to be noticed
    assert not left
