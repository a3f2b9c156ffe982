"""Grade many variants of a solution in parallel: what `make reference` and `autograder audit` are made of."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import repeat
from pathlib import Path

from autograder.checking import rubric
from autograder.checking.rubric import Check
from autograder.classroom import grader as warm
from autograder.course import assignment as assignments
from autograder.course.definition import Course
from autograder.grading import engine, marking
from autograder.grading.exam import Exam
from autograder.grading.marking import Verdict
from autograder.reports.scores import Outcome, Scorecard

Files = Mapping[str, bytes]
SECONDS = 600.0
DATASET = "shapes:1000"  # judges checkpoints; fewer images than a grading takes


def run(
    course: Course,
    variants: Iterable[Files],
    parts: tuple[int, ...],
    jobs: int,
    seconds: float | None = None,
    todos: Iterable[Collection[str]] = repeat(()),
    until: Collection[Outcome] = (),
) -> Iterator[Scorecard]:
    """Grade each variant with the checks of some parts, and yield the score cards in order.

    Args:
        course: whose checks they are.
        variants: each a whole submission, content by path.
        parts: whose checks to run.
        jobs: processes, each with its own warm box.
        seconds: a shorter limit for each check.
        todos: for each variant, the TODOs whose checks it can lose; the others count as passed, unasked. Empty: all.
        until: outcomes after which nothing else is to be learned of a variant; what is left of it stays pending.
    """
    with warm.pool(jobs) as pool:
        yield from pool.map(_grade, repeat(course), variants, repeat(parts), repeat(seconds), todos, repeat(until))


class _EnoughError(Exception):
    """Nothing else is to be learned of this variant."""


def _grade(
    course: Course,
    files: Files,
    parts: tuple[int, ...],
    seconds: float | None,
    todos: Collection[str],
    until: Collection[Outcome],
) -> Scorecard:
    # What builds on a check that fails is not asked: the question is which check tells, and it costs time.
    assignment = assignments.load(course).on(DATASET).model_copy(update={"blocked": "lose"})
    box = warm.box(assignment.limits)
    checks = [_within(check, seconds) for check in course.checks() if check.part in parts]
    card = marking.blank(assignment, checks)
    for check in checks:
        if todos and check.todo not in todos:
            marking.settle(card, check, Verdict(Outcome.PASSED))
    checks = [check for check in checks if card.marks[check.id].outcome is Outcome.PENDING]

    def watch(card: Scorecard) -> None:
        if any(mark.outcome in until for mark in card.marks.values()):
            raise _EnoughError

    with box.room() as folder, suppress(_EnoughError):
        write(folder, files)
        exam = Exam(folder, assignment)
        deadline = time.monotonic() + SECONDS
        engine.grade_folder(folder, box, assignment, card, checks, rubric.PUBLIC_SEED, deadline, watch, exam)
    return card


def write(folder: Path, files: Files) -> None:
    """Lay out a variant in a folder, readable for everyone."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _within(check: Check, seconds: float | None) -> Check:
    return check if seconds is None else replace(check, seconds=min(seconds, check.seconds))
