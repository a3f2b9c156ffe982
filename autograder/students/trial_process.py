"""What `make submit` tries in a process of its own, on the unpacked zip: the public checks, and each checkpoint.

    python -m autograder.students.trial_process FOLDER MARK

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
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checking import rubric
from autograder.checking.rubric import Check
from autograder.checking.student import LocalStudent
from autograder.course import assignment as assignments
from autograder.errors import GraderError, OutOfTime
from autograder.grading import engine
from autograder.grading.candidates import MODELS
from autograder.grading.exam import Exam
from autograder.reports.scores import Outcome
from autograder.students import speed
from autograder.students.as_graded import AsGraded
from autograder.students.time_limit import time_limit

Say = Callable[..., None]


def run(folder: Path, say: Say) -> None:
    """Try everything, and say each step as it is done."""
    say(speed=(here := speed.speed()))
    slower = speed.slower(here, speed.load())
    assignment = assignments.load()
    checks = [check for check in rubric.load() if check.part in assignment.parts]
    card = engine.blank(assignment, checks)
    student, exam = LocalStudent(folder), Exam(folder, assignment, slower=slower)
    for check in checks:
        if check.exam:
            continue
        limit = math.ceil(slower * check.seconds)
        say(begins=check.id, limit=limit)
        began = time.monotonic()
        reason = engine.unmet(check, card.marks)
        result = engine.Verdict(Outcome.SKIPPED, reason) if reason else _judge(check, student, exam, limit)
        engine.settle(card, check, result)
        cents = card.marks[check.id].max_cents
        seconds = time.monotonic() - began
        say(check=check.id, outcome=result.outcome.value, message=result.message, cents=cents, seconds=seconds)
    if 2 in assignment.parts:
        _load_models(student, exam, say)


def _judge(check: Check, student: LocalStudent, exam: Exam, seconds: float) -> engine.Verdict:
    """Run one check with the surroundings and the time that it has in grading."""
    student.surroundings = AsGraded(student.folder, check.part)
    try:
        with time_limit(seconds):
            return engine.judge(check, student, rubric.PUBLIC_SEED, exam)
    except OutOfTime as error:
        return engine.verdict(error)


def _load_models(student: LocalStudent, exam: Exam, say: Say) -> None:
    student.surroundings = AsGraded(student.folder, 2)
    for model in MODELS:
        say(begins=model, limit=exam.seconds)
        try:
            parameters, seconds = exam.public().try_out(student, np.random.default_rng(rubric.PUBLIC_SEED), model)
        except GraderError as error:
            say(model=model, message=str(error))
        else:
            say(model=model, message="", parameters=parameters, seconds=seconds)


def main() -> None:
    """Serve `autograder.students.submit`."""
    folder, mark = Path(sys.argv[1]), sys.argv[2]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    out = sys.stdout

    def say(**step: Any) -> None:
        print(f"\n{mark}{json.dumps(step)}", file=out, flush=True)

    run(folder, say)


if __name__ == "__main__":
    main()
