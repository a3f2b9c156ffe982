"""How a check ends, and how that enters the score card: the same in the box and on a student's machine."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.checking.rubric import Check
from autograder.checking.student import Student
from autograder.course.assignment import Assignment
from autograder.errors import (
    NOTHING,
    CheckFailed,
    Finding,
    OutOfMemory,
    OutOfTime,
    OwnWords,
    SetupError,
    StudentRaised,
    SubmissionError,
    Unfinished,
    WorkerLost,
)
from autograder.grading.exam import Exam
from autograder.grading.public_exam import PublicExam
from autograder.reports.scores import Mark, Outcome, Scorecard

LIMITS = {OutOfTime: "out of time", OutOfMemory: "out of memory"}
HELPED = (Outcome.FAILED, Outcome.UNFINISHED, Outcome.SKIPPED)  # a check's help speaks of values, not of crashes
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """How one check ended, and what to say about it."""

    outcome: Outcome
    message: str = ""
    finding: Finding = NOTHING
    limit: str = ""  # that was exceeded: one of a few fixed words
    own_words: bool = False  # nothing that student code has said is in the message
    blocker: str = ""  # id of the check whose failure this one repeats, or would


def blank(assignment: Assignment, checks: Sequence[Check]) -> Scorecard:
    """Make the score card of a submission of which nothing has been graded yet."""
    cents = assignment.cents(assignment.course.checks())
    marks = {check.id: Mark(check.id, check.todo, check.title, cents.get(check.id, 0)) for check in checks}
    titles = {number: part.title for number, part in assignment.parts.items()}
    return Scorecard(assignment.title, marks, titles, places=dict(assignment.course.places()))


def refuse(card: Scorecard, error: SubmissionError) -> None:
    """Enter why nothing of a submission is graded."""
    card.refusal = str(error)
    card.marks = {id: replace(mark, message="not graded") for id, mark in card.marks.items()}


def judge(check: Check, student: Student, seed: int, exam: Exam | PublicExam) -> Verdict:
    """Run one check and tell how it ended; never raises."""
    try:
        check.run(student, seed, exam)
    except Exception as error:  # the edge: whatever it is becomes a verdict
        return verdict(error)
    return Verdict(Outcome.PASSED)


def verdict(error: Exception) -> Verdict:
    """Say what an exception that ended a check means."""
    own = isinstance(error, OwnWords)
    match error:
        case CheckFailed():
            return Verdict(Outcome.FAILED, str(error), error.finding, own_words=own)
        case Unfinished():
            return Verdict(Outcome.UNFINISHED, str(error), Finding(cause=error.cause), own_words=own)
        case StudentRaised():
            return Verdict(Outcome.RAISED, str(error), Finding(cause=error.cause))
        case WorkerLost():
            return Verdict(Outcome.LOST, str(error), limit=LIMITS.get(type(error), ""))
        case SetupError():  # it says what this machine lacks
            return Verdict(Outcome.BROKEN, str(error))
    log.error("a check failed by itself", exc_info=error)
    return Verdict(Outcome.BROKEN, f"the check itself failed: {type(error).__name__}")


def settle(card: Scorecard, check: Check, result: Verdict, seconds: float = 0.0, printed: str = "") -> None:
    """Enter a verdict into the score card."""
    card.seconds[check.id] = seconds
    card.marks[check.id] = replace(
        card.marks[check.id],
        outcome=result.outcome,
        message=result.message,
        finding=result.finding,
        blocker=result.blocker,
        help=check.help if result.outcome in HELPED and not result.finding.suspect else "",
        printed=printed,
    )
