"""What `make submit` tries in a process of its own, on the unpacked zip: the public checks, and each checkpoint.

    python -m autograder.students.trial_process COURSE ASSIGNMENT FOLDER MARK

writes one line a step to its output, MARK and then JSON, among whatever the student's code prints. Models run with one
thread, as half a CPU does not serve two, and nothing of it finds a network.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checking import rubric
from autograder.checking.local_student import LocalStudent
from autograder.checking.rubric import Check
from autograder.course import assignment as assignments
from autograder.course.assignment import Assignment
from autograder.course.definition import Course
from autograder.errors import GraderError, OutOfTime
from autograder.grading import blocked, marking
from autograder.grading.exam import Exam
from autograder.students import speed
from autograder.students.as_graded import AsGraded
from autograder.students.time_limit import time_limit

Say = Callable[..., None]


def run(assignment: Assignment, folder: Path, say: Say) -> None:
    """Try everything, and say each step as it is done."""
    say(speed=(here := speed.speed()))
    slower = speed.slower(here, speed.load())
    course, checks = assignment.course, assignment.checks()
    card = marking.blank(assignment, checks)
    student, exam = LocalStudent(folder), Exam(folder, assignment, slower=slower)
    for check in checks:
        if check.exam:
            continue
        limit = math.ceil(slower * check.seconds)
        say(begins=check.id, limit=limit)
        began = time.monotonic()
        ask = partial(_judge, course, check, student, exam, limit)
        result = blocked.settled(check, card.marks, assignment, ask)
        marking.settle(card, check, result)
        cents = card.marks[check.id].max_cents
        seconds = time.monotonic() - began
        say(check=check.id, outcome=result.outcome.value, message=result.message, cents=cents, seconds=seconds)
    if any(check.exam for check in checks):
        _load_models(course, student, exam, say)


def _judge(course: Course, check: Check, student: LocalStudent, exam: Exam, seconds: float) -> marking.Verdict:
    """Run one check with the surroundings and the time that it has in grading."""
    student.surroundings = AsGraded(student.folder, course, check.part)
    try:
        with time_limit(seconds):
            return marking.judge(check, student, rubric.PUBLIC_SEED, exam)
    except OutOfTime as error:
        return marking.verdict(error)


def _load_models(course: Course, student: LocalStudent, exam: Exam, say: Say) -> None:
    numbers = {part.folder: number for number, part in course.parts.items()}
    for model, kind in course.models.items():
        student.surroundings = AsGraded(student.folder, course, numbers[kind.target.partition(".")[0]])
        say(begins=model, limit=exam.seconds)
        try:
            parameters, seconds = exam.public().try_out(student, np.random.default_rng(rubric.PUBLIC_SEED), model)
        except GraderError as error:
            say(model=model, message=str(error))
        else:
            say(model=model, message="", parameters=parameters, seconds=seconds)


def main() -> None:
    """Serve `autograder.students.submit`."""
    assignment = assignments.load(Course(Path(sys.argv[1])), sys.argv[2])
    folder, mark = Path(sys.argv[3]), sys.argv[4]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    out = sys.stdout

    def say(**step: Any) -> None:
        print(f"\n{mark}{json.dumps(step)}", file=out, flush=True)

    run(assignment, folder, say)


if __name__ == "__main__":
    main()
