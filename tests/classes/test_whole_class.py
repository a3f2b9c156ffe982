"""A whole class from the command line: killed at random moments, on a cluster that loses a worker, and twice.

CLASS_SIZE and KILLS make it larger:
`CLASS_SIZE=200 KILLS=10 python -m pytest -m slow tests/classes/test_whole_class.py`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import make_class
import pytest
from homework import COURSE, ROOT

from autograder.classroom.store import Store

pytestmark = pytest.mark.slow

SIZE = int(os.environ.get("CLASS_SIZE", "12"))
KILLS = int(os.environ.get("KILLS", "4"))
SECONDS = 60 + 30 * SIZE  # for one batch, on a machine that is busy
PRESET = COURSE.folder / "assignments" / "hw2p1.toml"  # part 1 alone


def _command(folder: Path, out: Path, *options: str) -> list[str]:
    batch = [sys.executable, "-m", "autograder", "batch", str(folder), "--out", str(out)]
    return [*batch, "--assignment", str(PRESET), "--seed", "7", *options]


def _batch(folder: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        _command(folder, out, *options), cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def _marks(out: Path) -> dict[tuple[str, str], object]:
    """All that must be equal in two gradings of one class: each state, and every mark with its sentence."""
    store = Store(out)
    records = store.load(path.name for path in store.students.iterdir())
    marks = {(key, mark.check): mark for key, record in records.items() for mark in record.card.marks.values()}
    return marks | {(key, "state"): record.state for key, record in records.items()}


def _expect_equal(out: Path, whole: Path) -> None:
    """Compare marks, and name those that differ; then the gradebooks, byte by byte."""
    found, expected = _marks(out), _marks(whole)
    assert len([key for key, what in found if what == "state"]) == SIZE
    assert not {where: (mark, expected.get(where)) for where, mark in found.items() if mark != expected.get(where)}
    assert found.keys() == expected.keys()
    assert (out / "gradebook.csv").read_bytes() == (whole / "gradebook.csv").read_bytes()


def _finished(out: Path) -> dict[str, tuple[int, int]]:
    """Which results there are, and whether they are still the same files."""
    cards = (out / "students").glob("[!.]*/card.json")
    return {path.parent.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in cards}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("class")
    make_class.write(made, SIZE)
    return made


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The class graded without an interruption, and the seconds that took."""
    out = tmp_path_factory.mktemp("whole")
    began = time.monotonic()
    _batch(folder, out, "--jobs", "2")
    return out, time.monotonic() - began


def test_the_same_class_twice_gives_byte_equal_marks(folder, whole, tmp_path) -> None:
    _batch(folder, tmp_path, "--jobs", "1")
    _expect_equal(tmp_path, whole[0])


def test_a_batch_that_is_killed_again_and_again_loses_and_repeats_nothing(folder, whole, tmp_path) -> None:
    draw = random.Random(0)
    finished: dict[str, tuple[int, int]] = {}
    for _ in range(KILLS):
        process = subprocess.Popen(
            _command(folder, tmp_path, "--jobs", "2"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0, whole[1] * 2 / KILLS))
        family = _family(process.pid)
        process.kill()
        process.wait()
        _expect_gone(family)
        assert finished.items() <= _finished(tmp_path).items()
        finished = _finished(tmp_path)
    _batch(folder, tmp_path, "--jobs", "2")
    assert finished.items() <= _finished(tmp_path).items()
    _expect_equal(tmp_path, whole[0])


def test_a_cluster_that_loses_a_worker_gives_the_same_marks(folder, whole, tmp_path) -> None:
    with _cluster(tmp_path) as (address, workers):
        process = subprocess.Popen(
            _command(folder, tmp_path / "out", "--dask", address),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        deadline = time.monotonic() + SECONDS
        while len(_finished(tmp_path / "out")) < SIZE // 3:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        workers[0].send_signal(signal.SIGKILL)
        text, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, text
    _expect_equal(tmp_path / "out", whole[0])


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and three workers, each a process of its own."""
    file = folder / "scheduler.json"
    scheduler = ["dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1"]
    worker = ["dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
    commands = [scheduler, *[worker] * 3]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *options, "--scheduler-file", str(file)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name, *options in commands
    ]
    try:
        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], processes[1:]
    finally:
        for process in reversed(processes):  # a worker that outlives the scheduler may wait for it for ever
            process.terminate()
            process.wait(30)


def _family(pid: int) -> set[int]:
    """A process and all that it has started."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.splitlines()
    parents = {int(child): int(parent) for child, parent in (row.split() for row in rows)}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _expect_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + 20
    while left := {pid for pid in pids if _is_alive(pid)}:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
