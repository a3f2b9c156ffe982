"""Grade one submission: the one path from a zip to a score card, and what each way to fail means."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.course import mistaken, recorded_slips
from autograder.course.assignment import Assignment
from autograder.course.definition import Course
from autograder.errors import (
    ENDS,
    GraderError,
    OutOfTime,
    SetupError,
    SubmissionError,
)
from autograder.grading import blocked, expected
from autograder.grading.exam import Exam
from autograder.grading.known_models import KnownModels
from autograder.grading.marking import LIMITS, Verdict, blank, judge, refuse, settle
from autograder.grading.public_exam import PublicExam
from autograder.grading.versions import versions
from autograder.reports.scores import Mark, Outcome, Scorecard
from autograder.submission.receive import open_submission

if TYPE_CHECKING:  # `make test` runs where no sandbox can be imported
    from autograder.sandbox.box import Box
    from autograder.sandbox.boxed_student import BoxedStudent

Publish = Callable[[Scorecard], None]
SLOWEST_NAMED = 3
BLAMED = (Outcome.FAILED, Outcome.RAISED, Outcome.LOST)
# All that is said of a check on secret cases, with the name of the cases; continues "your code raised" and the like.
FIXED_WORDS = {
    Outcome.FAILED: "a wrong value",
    Outcome.RAISED: "an exception",
    Outcome.UNFINISHED: "NotImplementedError",
    Outcome.LOST: "its process ended, or sent what is no answer,",
}
CASES, PUBLIC_CASES = "the cases of grading", "those of make test"
TEST_IMAGES, NOISE = "the test images", "noise in their place"
log = logging.getLogger(__name__)


def grade_zip(
    zip_path: Path,
    box: Box,
    assignment: Assignment,
    checks: Sequence[Check],
    seed: int,
    publish: Publish,
    known: KnownModels | None = None,
) -> Scorecard:
    """Grade a zip, and hand the score card to `publish` before the first check and after each.

    What is known of its models is not found out again, and what is found is added.

    Nothing that a submission does is raised: it ends up in the marks, or in `refusal`; a fault of ours in `fault`.
    """
    card = blank(assignment, checks)
    card.graded_with = versions()
    publish(card)
    deadline = time.monotonic() + assignment.limits.total_seconds - assignment.limits.reserve_seconds
    try:
        if seed != PUBLIC_SEED and not box.isolation.keeps_secrets:
            raise SetupError(f"a secret seed needs a box that keeps it, found {box.isolation.sentence()}")
        card.isolation = box.isolation.sentence()
        card.mechanisms = {
            name: f"not held: {why}" if why else "held" for name, why in box.isolation.mechanisms.items()
        }
        with expected.kept(assignment.course, seed, box.isolation.keeps_secrets), box.room() as folder:
            examined = any(check.exam for check in checks)
            submission = open_submission(zip_path, folder, assignment.limits, assignment.course, examined)
            card.notes.extend(submission.notes)
            exam = Exam(folder, assignment)
            if known and examined:
                known.recall(exam, folder, assignment)
            grade_folder(folder, box, assignment, card, checks, seed, deadline, publish, exam)
            if exam.results:
                _look_again(exam, _student(folder, box, assignment.course, exam.part), deadline)
            if known:
                known.keep(exam, card)
    except SubmissionError as error:
        refuse(card, error)
    except Exception as error:  # a fault of ours must not cost the marks that were earned
        log.exception("grading %s", zip_path.name)
        card.fault = str(error) if isinstance(error, GraderError) else f"the grader failed: {type(error).__name__}"
    publish(card)
    return card


def grade_folder(
    folder: Path,
    box: Box,
    assignment: Assignment,
    card: Scorecard,
    checks: Sequence[Check],
    seed: int,
    deadline: float,
    publish: Publish,
    exam: Exam,
) -> None:
    """Run the checks on code that lies in a room of the box: first all marks, then what to say of them.

    Args:
        folder: made by `box.room()`; holds the parts.
        assignment: whose course says which libraries each part has.
        card: made by `blank`; gets the marks.
        deadline: time.monotonic() seconds after which no check begins.
        exam: of the checkpoints in that folder.
    """
    card.models = exam.results
    card.secret = seed != PUBLIC_SEED or exam.private

    def mark(check: Check, student: BoxedStudent) -> None:
        _grade_check(check, student, assignment, card, seed, deadline, exam)
        publish(card)

    def explain(check: Check, student: BoxedStudent) -> None:
        if time.monotonic() < deadline:
            _explain(check, student, card, deadline, exam)
            publish(card)

    students = partial(_student, folder, box, assignment.course)
    _part_by_part(checks, students, card, mark)
    if card.secret:
        wrong = [check for check in checks if _explainable(check, card.marks[check.id])]
        _part_by_part(wrong, students, card, explain)


def _student(folder: Path, box: Box, course: Course, part: int) -> BoxedStudent:
    home = course.parts[part].folder
    student = box.student(folder, course.parts[part].libraries, course.adaptation(part, folder / home, home))
    student.mistakes, student.slips = mistaken.known(course), recorded_slips.known(course)
    return student


def _part_by_part(
    checks: Sequence[Check],
    students: Callable[[int], BoxedStudent],
    card: Scorecard,
    do: Callable[[Check, BoxedStudent], None],
) -> None:
    """Do something for each check, with the student of its part; what that one tried goes into the score card.

    A part's worker ends before that of the next part begins: so a submission never has more than one at a time, whose
    limits are those of the whole, and none that is asked the public cases meets one that has seen a secret one.
    """
    for part, group in groupby(checks, key=lambda check: check.part):
        student = students(part)
        try:
            for check in group:
                do(check, student)
        finally:
            student.renew()
            card.attempts = dict(Counter(card.attempts) + student.attempts)


def _look_again(exam: Exam, student: BoxedStudent, deadline: float) -> None:
    """What instructors get to see of the models, once every mark is written."""
    student.allow(deadline - time.monotonic())
    try:
        exam.look_again(student)
        if student.ended:  # perhaps by the machine: nobody is to look like hiding something for that
            exam.look_again(student)
    finally:
        student.renew()


def _grade_check(
    check: Check,
    student: BoxedStudent,
    assignment: Assignment,
    card: Scorecard,
    seed: int,
    deadline: float,
    exam: Exam,
) -> None:
    began = time.monotonic()
    if skipped := blocked.unasked(check, card.marks, assignment):
        settle(card, check, skipped)
    elif began >= deadline:
        settle(card, check, Verdict(Outcome.LOST, _out_of_budget(card)))
    else:
        result, printed = _ask(check, student, seed, deadline, exam)
        if card.secret:
            result, printed = _without_secrets(check, result), ""  # why it failed, the public cases tell afterwards
        else:
            result = blocked.own(check, result, card.marks)
        settle(card, check, result, time.monotonic() - began, printed)


def _ask(
    check: Check, student: BoxedStudent, seed: int, deadline: float, exam: Exam | PublicExam
) -> tuple[Verdict, str]:
    """Run one check within its time, and return how it ended and what the student's code printed.

    What may have another cause than the code that was asked is asked again, where nothing has run: a failure beside
    code of another TODO, and the end of a process, which the machine may have brought about, until ENDS of them are
    the code's own. Each asking has the check's time, and all of them no more than is left of the submission's.
    """
    seconds = exam.seconds if check.exam else check.seconds
    shared, ends = student.take_up(check.todo), 0
    while True:
        student.allow(min(seconds, deadline - time.monotonic()))
        result, printed = judge(check, student, seed, exam), student.printed()
        ends += student.ended
        doubtful = (shared and result.outcome in BLAMED) or (student.ended and ends < ENDS)
        if not doubtful or time.monotonic() >= deadline:
            return result, printed
        student.renew()
        shared = False


def _explainable(check: Check, mark: Mark) -> bool:
    """Whether the public cases are worth asking; not where they may take all of the time once more."""
    late = mark.message.startswith(LIMITS[OutOfTime]) and not check.exam
    return mark.outcome in FIXED_WORDS and mark.message.endswith(_cases(check)[0]) and not late


def _cases(check: Check) -> tuple[str, str]:
    """Name the secret cases of a check, and the public ones."""
    return (TEST_IMAGES, NOISE) if check.exam else (CASES, PUBLIC_CASES)


def _without_secrets(check: Check, result: Verdict) -> Verdict:
    """Keep the outcome of a check on secret cases, and say it in fixed words.

    Exceptions, values, places, sizes and exit statuses are the student's to shape, by what it has seen.
    """
    if result.outcome not in FIXED_WORDS or result.own_words:
        return result
    return Verdict(result.outcome, f"{result.limit or FIXED_WORDS[result.outcome]} with {_cases(check)[0]}")


def _explain(check: Check, student: BoxedStudent, card: Scorecard, deadline: float, exam: Exam) -> None:
    """Let the student read what a check that failed on secret cases says of the public ones, which can be repeated.

    Args:
        student: has never seen a secret case.
    """
    began, mark = time.monotonic(), card.marks[check.id]
    public, printed = _ask(check, student, PUBLIC_SEED, deadline, exam.public())
    cases = _cases(check)[1]
    if public.outcome is Outcome.PASSED:
        public, printed = Verdict(mark.outcome, f"{mark.message}, while it is right with {cases}"), ""
    else:
        public = blocked.own(check, public, card.marks)
        if public.outcome not in (mark.outcome, Outcome.SKIPPED):
            public = replace(public, message=f"{mark.message}; with {cases}: {public.message}")
    if public.outcome is not Outcome.SKIPPED:
        public = replace(public, outcome=mark.outcome)
    seconds = card.seconds[check.id] + time.monotonic() - began
    settle(card, check, public, seconds, printed)


def _out_of_budget(card: Scorecard) -> str:
    text = "the time for all checks was used up before this one"
    if card.secret:  # how long it took with secret cases, and which took longest, is the student's to shape
        return text
    slowest = sorted(card.seconds.items(), key=lambda item: -item[1])[:SLOWEST_NAMED]
    return f"{text}; the slowest were {', '.join(f'{id} {seconds:.0f} s' for id, seconds in slowest)}"
