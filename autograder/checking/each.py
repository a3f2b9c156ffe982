"""Run what a check asks for one case after the other, and say of the first that fails which it was, and why that one.

Why is found out by asking the simpler cases near it, until one passes. Only where cases are public: on secret ones
nothing is asked that could tell of them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from autograder.checking.expect import no_suspects, rehearsing
from autograder.checking.properties import AnyCase, difference, undecided
from autograder.checking.student import Student
from autograder.errors import CheckFailed, NotRecorded, OutOfTime, RubricError, StudentRaised, Unfinished

SECONDS = 1.0  # that neighbours may take together

Kind = TypeVar("Kind", bound=AnyCase)
Body = Callable[[Student, np.random.Generator, Kind], None]


class NoCase(Exception):
    """What was drawn is no case: nobody can say what is right there."""


def for_each(student: Student, rng: np.random.Generator, cases: Iterable[Kind], body: Body[Kind]) -> None:
    """Run `body` for one case after the other; it draws the arrays of its case and asks the student about them.

    Raises:
        GraderError: what the body raised, with the case and with what tells it from cases that pass.
    """
    passed: list[Kind] = []
    for sizes in cases:
        try:
            body(student, rng, sizes)
        except Unfinished:
            raise
        except NoCase:
            continue
        except (CheckFailed, StudentRaised) as error:
            if isinstance(error, StudentRaised) and error.whatever:
                raise
            told = f"{error}, for {sizes}"
            named = isinstance(error, CheckFailed) and error.finding is not None and error.finding.suspect
            why = _why(student, sizes, passed, body) if student.explains and not named else ""
            error.args = ("; ".join(filter(None, (told, why))),)
            raise
        passed.append(sizes)
        if rehearsing():
            _rehearse(student, sizes, body)
    if not passed:
        raise RubricError("nobody can say what is right in any of the cases")


def _why(student: Student, failed: Kind, passed: Iterable[Kind], body: Body[Kind]) -> str:
    """Ask the neighbours of a case that failed, and say what tells those that pass from those that do not."""
    outcomes = dict.fromkeys(passed, True)
    end = time.monotonic() + SECONDS
    for sizes in failed.neighbours():
        if not undecided(failed, outcomes):
            return ""
        try:
            outcomes[sizes] = _passes(student, sizes, body, end - time.monotonic())
        except (NoCase, NotRecorded):  # the latter of a handout, whose neighbours are fewer
            continue
        except KeyboardInterrupt:
            raise
        except BaseException:  # out of time, and even a fault of ours, is no reason to lose what was found before
            return ""
        if outcomes[failed]:  # with other values it passes: its sizes are not what matters
            return ""
    return difference(failed, outcomes)


def _passes(student: Student, sizes: Kind, body: Body[Kind], seconds: float) -> bool:
    """Whether a neighbour passes.

    Raises:
        GraderError: where that cannot be told: it took too long, or its code is still to be written.
    """
    if seconds <= 0:
        raise OutOfTime("the neighbours took too long")
    try:
        with student.within(seconds), no_suspects():
            body(student, sizes.rng(), sizes)
            student.finish()
    except Unfinished:
        raise
    except (CheckFailed, StudentRaised):
        return False
    return True


def _rehearse(student: Student, sizes: Kind, body: Body[Kind]) -> None:
    """Ask the neighbours of a case that passed, so that what their oracles return is recorded as well."""
    with no_suspects():
        for one in sizes.neighbours():
            with contextlib.suppress(NoCase):
                body(student, one.rng(), one)
