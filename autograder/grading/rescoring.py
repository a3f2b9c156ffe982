"""Marks anew from what is known: a submission is graded once, however often `assignment.toml` changes.

What became of a check depends on the zip, the seed, the checks, the limits and the libraries. What that earns depends
on `assignment.toml` too: points, parts, titles, and the accuracies that checkpoints must exceed, which are compared
with those that were measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.checking.rubric import Check
from autograder.checking.student import Prompt, Student
from autograder.course.assignment import Assignment
from autograder.errors import GraderError, SetupError, SubmissionError
from autograder.grading import blocked, marking
from autograder.grading.exam import expect_exceeds
from autograder.grading.marking import Verdict
from autograder.reports.scores import Mark, ModelResult, Outcome, Scorecard

JUDGED = (Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED)  # by an accuracy, or it may be; not by a clock or a crash

NO_CASES = np.random.default_rng(0)  # accuracies are compared with thresholds, and nothing is drawn


class NotKnown(SetupError):
    """What is asked was not measured: it must be graded."""


class NoAccuracy(SetupError):
    """The model could not be graded, for a reason that is told already."""


class MeasuredExam:
    """Stands in for an `Exam` where the accuracies are known, and nobody is asked.

    Args:
        results: by the model's name.
        assignment: has the thresholds.
        suspect: what was said before of the images that a model may have learned from.
    """

    def __init__(self, results: Mapping[str, ModelResult], assignment: Assignment, suspect: str) -> None:
        self._results, self._assignment, self._suspect = results, assignment, suspect

    def expect_above(self, student: Student, rng: np.random.Generator, model: str, tier: str) -> None:
        """Pass a model whose accuracy exceeds the threshold of today.

        Raises:
            CheckFailed: if it does not.
            NoAccuracy: if there is none.
        """
        if model not in self._results:
            raise NoAccuracy(f"{model} has no accuracy")
        expect_exceeds(self._results[model], self._assignment.threshold(tier), lambda: self._suspect)


class Rescoring:
    """What it takes to make score cards anew, worked out once for a class.

    Args:
        assignment: as it is now.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment, self._checks = assignment, assignment.checks()
        self._blank = marking.blank(assignment, self._checks)
        parts = {name: int(kind.todo.partition(".")[0]) for name, kind in assignment.course.models.items()}
        self._now: dict[int, tuple[Mark, Mark]] = {}  # by the identity of a mark, which is many students'
        self._models = [name for name, part in parts.items() if part in assignment.parts]

    def rescored(self, card: Scorecard) -> Scorecard | None:
        """Make the score card that grading would make now; None where that takes a grading.

        Args:
            card: of a grading without a fault, with the same checks, limits and data set.
        """
        known = replace(
            card,
            title=self._blank.title,
            marks=dict(self._blank.marks),
            part_titles=self._blank.part_titles,
            places=self._blank.places,
            models={name: card.models[name] for name in self._models if name in card.models},
            seconds={check.id: card.seconds[check.id] for check in self._checks if check.id in card.seconds},
        )
        if card.refusal:
            marking.refuse(known, SubmissionError(card.refusal))
            return known
        other: set[str] = set()
        try:
            for check in self._checks:
                before = card.marks.get(check.id)
                if before and not other and not check.exam:  # nearly always, for each of a class
                    known.marks[check.id] = self._as_now(before)
                else:
                    self._settle(check, known, before, other)
        except NotKnown:
            return None
        return known

    def _settle(self, check: Check, card: Scorecard, before: Mark | None, other: set[str]) -> None:
        """Enter what became of a check, in the order in which grading does.

        Args:
            before: its mark as it was graded.
            other: the checks so far that have another outcome than they had; this one is added if it has.

        Raises:
            NotKnown: if it was never asked what is to be known now.
        """
        if before is None:
            raise NotKnown(f"{check.id} was not graded")
        seconds, same = card.seconds.get(check.id, 0.0), other.isdisjoint(check.needs)
        if (check.exam or not same) and (skipped := blocked.unasked(check, card.marks, self._assignment)):
            marking.settle(card, check, skipped, seconds)
        elif check.exam and before.outcome in JUDGED and (verdict := _judged(check, card, before, self._assignment)):
            shown = verdict if card.secret else blocked.own(check, verdict, card.marks)
            marking.settle(card, check, shown, seconds, before.printed)
        elif same or before.outcome is Outcome.PASSED:
            card.marks[check.id] = self._as_now(before)
        else:  # how it failed, or that it was skipped, followed from what has another outcome now
            raise NotKnown(f"{check.id} was not asked with what it needs")
        if card.marks[check.id].outcome is not before.outcome:
            other.add(check.id)

    def _as_now(self, before: Mark) -> Mark:
        """Put a mark under the points and titles of now: one for all students who have the same."""
        known = self._now.get(id(before))  # which stays its own as long as it is kept here
        if known is None:
            blank = self._blank.marks[before.check]
            now = replace(before, todo=blank.todo, title=blank.title, max_cents=blank.max_cents)
            known = self._now[id(before)] = before, now
        return known[1]


def _judged(check: Check, card: Scorecard, before: Mark, assignment: Assignment) -> Verdict | None:
    """Judge measured accuracies once more; None where there are none, as the model could not be graded.

    Raises:
        NotKnown: if the check asks for more than accuracies.
    """
    exam = MeasuredExam(card.models, assignment, before.finding.suspect)
    try:
        check.ask(Prompt(_nobody), NO_CASES, exam)
    except NoAccuracy:
        return None
    except GraderError as error:
        if isinstance(error, NotKnown):
            raise
        return marking.verdict(error)
    return Verdict(Outcome.PASSED)


def _nobody(request: dict[str, Any]) -> tuple[object, list[str]]:
    raise NotKnown("nobody is there who could be asked")
