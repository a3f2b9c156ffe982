"""A submission has one worker at a time, so that the limit of a worker's memory is the submission's."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from homework import COURSE

from autograder.authoring import variants as trials
from autograder.checking import rubric
from autograder.classroom import self_test
from autograder.grading import engine
from autograder.sandbox.box import Box
from autograder.submission import packing

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the box needs Linux")
HELD = 600 * 2**20  # more than torch takes
HOLD = f"\nheld = bytearray({HELD})\nheld[::4096] = bytes([1]) * len(held[::4096])\n".encode()
FILES = ("part1_numpy/linear.py", "part2_pytorch/models.py", "part3_imbalance/losses.py")
TODOS = ("1.2", "2.1", "3.2")


@pytest.mark.parametrize("seed", [rubric.PUBLIC_SEED, 20291])
def test_what_the_parts_of_a_submission_hold_does_not_add_up(box, assignment, reference, tmp_path, seed) -> None:
    wrong = reference["part1_numpy/linear.py"].replace(b"return", b"return 1 +")  # so that public cases are asked too
    files = {**reference, "part1_numpy/linear.py": wrong}
    packing.write_zip(tmp_path / "a.zip", {**files, **{name: files[name] + HOLD for name in FILES}})
    checks = [check for check in COURSE.checks() if check.todo in TODOS]
    seen, before = [], dict(_held(os.getpid()))

    def publish(card) -> None:
        reached = [check for check, mark in card.marks.items() if check in card.seconds]
        last = reached[-1].partition(".")[0] if reached else ""
        seen.append((last, [size for pid, size in _held(os.getpid()) if size > HELD - 2**24 and pid not in before]))

    card = engine.grade_zip(tmp_path / "a.zip", box, assignment.on(trials.DATASET), checks, seed, publish)
    assert not card.broken
    assert {part for part, sizes in seen if sizes} == {"1", "2", "3"}
    assert max(len(sizes) for _, sizes in seen) == 1


def test_a_class_without_pytorch_waits_for_none(assignment) -> None:
    before, most = dict(_held(os.getpid())), {}
    with Box(assignment.limits) as box:
        for part in (1, 2):
            checks = [check for check in COURSE.checks() if check.part == part and not check.exam]
            self_test.expect_fit(lambda: box, assignment, checks, rubric.PUBLIC_SEED)
            most[part] = max(size for pid, size in _held(os.getpid()) if pid not in before)
    assert most[1] < 200 * 2**20 < most[2]


def _held(pid: int | str, parent: int = 0) -> Iterator[tuple[int, int]]:
    """The number of each process below this one, and how many bytes of its own it has more than its parent."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return  # it has ended meanwhile
    memory = re.search(r"RssAnon:\s+(\d+) kB", status)
    size = 1024 * int(memory[1]) if memory else 0  # one that has ended, and waits for its parent, has none
    if parent:
        yield int(pid), size - parent
    for child in children:
        yield from _held(child, size)
