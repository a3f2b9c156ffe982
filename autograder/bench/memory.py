"""How much memory the process takes that grades, and how much more after a thousand gradings."""

from __future__ import annotations

import multiprocessing
import os
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from autograder.bench.figures import Figure
from autograder.course import assignment as assignments
from autograder.course.definition import Course
from autograder.grading import engine
from autograder.sandbox.box import Box
from autograder.submission import packing

SET = "shapes"
GRADINGS = 1000
WARM = 20  # gradings until all is imported and remembered
MEGABYTE = 1024  # kB


def measure(course: Course) -> dict[str, Figure]:
    """Megabytes at most, for the first part and for all, and those by which it grows; Linux alone tells them.

    Whoever is the first to grade with a seed works the expected values out, for which it imports PyTorch.
    """
    first = min(course.parts)
    with tempfile.TemporaryDirectory() as kept:
        cold = _alone(course, [*course.parts], 0, kept)[1]
        warm, most, last = _alone(course, [first], GRADINGS, kept)
        whole = _alone(course, [*course.parts], 1, kept)[1]
    return {
        f"memory of the grader, part {first}": Figure(most, "MB", GRADINGS),
        f"growth over {GRADINGS - WARM} gradings of part {first}": Figure(last - warm, "MB", 1),
        "memory of the grader, all parts": Figure(whole, "MB", 1),
        "memory of the grader, all parts, the first of a seed": Figure(cold, "MB", 1),
    }


def _alone(course: Course, parts: list[int], more: int, kept: str) -> tuple[float, float, float]:
    """Grade in a process of its own, which finds expected values in a folder, and leaves them there."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _keep, (kept,)) as process:
        return process.submit(grade, course, parts, more).result()


def _keep(folder: str) -> None:
    os.environ["XDG_CACHE_HOME"] = folder


def grade(course: Course, parts: list[int], more: int) -> tuple[float, float, float]:
    """Grade the reference once and so many times more; megabytes once it is warm, the most, and those at the end."""
    assignment = assignments.load(course).on(SET)
    checks = [check for check in assignment.checks() if check.part in parts]
    with tempfile.TemporaryDirectory() as folder, Box(assignment.limits) as box:
        zip_path = Path(folder) / "submission.zip"
        packing.write_zip(zip_path, course.files(SET))
        sizes = []
        for _ in range(1 + more):
            engine.grade_zip(zip_path, box, assignment, checks, 1, lambda card: None)
            sizes.append(_now("VmRSS"))
    return sizes[min(WARM, more)], _now("VmHWM"), sizes[-1]


def _now(what: str) -> float:
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / MEGABYTE if found else 0.0
