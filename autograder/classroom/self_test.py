"""Whether this machine can grade at all: asked before its first submission, and again after a fault.

What a submission cannot bring about ends a class at once: no box, no data set, no place to write, or a grader that
cannot grade what is known to be right. A fault on a machine that passes here is the submission's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.course.assignment import Assignment
from autograder.errors import GraderError, MachineUnfit, SetupError
from autograder.grading import engine
from autograder.reports.scores import Outcome
from autograder.sandbox.box import Box
from autograder.submission import packing

ROOM = 1 << 20  # bytes that must be writable where submissions are unpacked


def expect_fit(box: Callable[[], Box], assignment: Assignment, checks: Sequence[Check], seed: int) -> None:
    """Pass a machine that has all that grading needs, whatever is handed in.

    Args:
        box: returns the box of this process, or starts one.

    Raises:
        MachineUnfit: with one sentence that says what is missing.
    """
    try:
        if any(check.exam for check in checks):
            assignment.images()  # first: what is forgotten most often is told at once
        started = box()
        with tempfile.TemporaryFile(dir=started.submissions) as file:
            file.write(bytes(ROOM))
        started.try_start(*assignment.libraries(checks))
        if seed != PUBLIC_SEED and not started.isolation.keeps_secrets:
            raise SetupError(f"a secret seed needs a box that keeps it, found {started.isolation.sentence()}")
    except GraderError as error:
        raise MachineUnfit(str(error)) from error
    except OSError as error:
        raise MachineUnfit(f"nothing can be unpacked on this machine: {error.strerror or error}") from error


def expect_grades(box: Box, assignment: Assignment, checks: Sequence[Check], seed: int) -> None:
    """Pass a machine that grades what is known to be no trouble: the reference, or the skeletons where it is not.

    Raises:
        MachineUnfit: if it cannot; with the check that fails by itself.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canary.zip"
        packing.write_zip(path, assignment.course.files())
        card = engine.grade_zip(path, box, assignment, checks, seed, lambda card: None)
    broken = (f"{mark.check}: {mark.message}" for mark in card.marks.values() if mark.outcome is Outcome.BROKEN)
    if fault := card.fault or next(broken, ""):
        raise MachineUnfit(f"not even the grader's own solution can be graded: {fault}")
