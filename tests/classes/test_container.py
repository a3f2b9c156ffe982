"""What a container says of its size, in both versions of Linux's control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring import variants as trials
from autograder.classroom import grader as warm
from autograder.course.assignment import Limits
from autograder.sandbox import container, cores
from autograder.sandbox.box import Box

TWO = {"memory.max": b"805306368\n", "cpu.max": b"50000 100000\n"}
ONE = {
    "memory/memory.limit_in_bytes": b"805306368\n",
    "cpu/cpu.cfs_quota_us": b"50000\n",
    "cpu/cpu.cfs_period_us": b"100000\n",
}
FREE = {"memory.max": b"max\n", "cpu.max": b"max 100000\n"}
FREE_ONE = {
    "memory/memory.limit_in_bytes": b"9223372036854771712\n",
    "cpu/cpu.cfs_quota_us": b"-1\n",
    "cpu/cpu.cfs_period_us": b"100000\n",
}
MACHINE = b"MemTotal:       16000000 kB\nMemFree:  1 kB\n"


def _notes(folder: Path, files: dict[str, bytes], torch: bool, cpus: float = 0.5) -> list[str]:
    trials.write(folder, {**files, "meminfo": MACHINE})
    return container.notes(Limits(cpus=cpus), torch, cgroup=folder, meminfo=folder / "meminfo")


@pytest.mark.parametrize("files", [TWO, ONE], ids=["version 2", "version 1"])
def test_a_small_container_is_told_with_what_to_do(tmp_path, files) -> None:
    (note,) = _notes(tmp_path, files, True)
    assert note.startswith("this container has 768 MB of memory, and grading takes up to ")
    assert "choose a larger one" in note


def test_numpy_alone_fits_into_a_small_container(tmp_path) -> None:
    assert _notes(tmp_path, TWO, False) == []


@pytest.mark.parametrize("files", [FREE, FREE_ONE, {}], ids=["version 2", "version 1", "none"])
def test_a_machine_without_limits_is_large_enough(tmp_path, files) -> None:
    assert _notes(tmp_path, files, True) == []
    assert container.memory_megabytes(tmp_path, tmp_path / "meminfo") == 15625


def test_less_cpu_than_the_limits_reckon_with_is_told(tmp_path) -> None:
    (note,) = _notes(tmp_path, TWO, False, cpus=1)
    assert note.startswith("this container has 0.5 of a CPU, and the limits reckon with 1:")


def test_nothing_is_said_where_nothing_is_known(tmp_path) -> None:
    assert container.memory_megabytes(tmp_path, tmp_path / "meminfo") is None
    trials.write(tmp_path, {"memory.max": b"what\n", "cpu.max": b"\xff 0\n"})
    assert container.memory_megabytes(tmp_path, tmp_path / "meminfo") is None
    assert container.cpus(tmp_path)


def threads_of_a_worker() -> int:
    """What torch, which is told in the environment, would compute with in a box of this process."""
    with Box(Limits(threads=64)) as box, box.room() as folder:
        trials.write(folder, {"own.py": b"import os\ndef threads(): return int(os.environ['OMP_NUM_THREADS'])\n"})
        student = box.student(folder, "numpy")
        student.allow(10)
        try:
            return int(student.call("own:threads"))
        finally:
            student.renew()


def test_boxes_side_by_side_have_no_more_threads_than_there_are_cores(monkeypatch) -> None:
    monkeypatch.delenv(cores.VARIABLE)
    alone = threads_of_a_worker()
    assert alone == cores.available() >= 1
    with warm.pool(2) as pool:
        beside = pool.submit(threads_of_a_worker).result()
    assert beside == max(1, alone // 2)
    monkeypatch.setenv(cores.VARIABLE, "1")
    assert (cores.available(), cores.share(4)) == (1, 1)
