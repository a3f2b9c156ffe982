"""Run what a check asks for one case after the other, and say of the first that fails which it was, and why that one.

Why is found out by asking the simpler cases near it, until one passes. Only where cases are public: on secret ones
nothing is asked that could tell of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from autograder.cases.properties import AnyCase, difference, undecided
from autograder.checking import minor
from autograder.checking.oracles import clock
from autograder.checking.student import Student
from autograder.diagnosis.known_mistakes import adrift
from autograder.diagnosis.suspects import explained, no_suspects, rehearsing, review
from autograder.errors import NOTHING, CheckFailed, NotRecorded, OutOfTime, RubricError, StudentRaised, Unfinished

SECONDS = 2.0  # that neighbours may take together

T = TypeVar("T")
Kind = TypeVar("Kind", bound=AnyCase)
Body = Callable[[Student, np.random.Generator, Kind], None]
Judge = Callable[[], object]  # waits for the answers of a case, and raises what is wrong with them
Ahead = Callable[[Student, np.random.Generator, Kind], Judge]


class NoCase(Exception):
    """What was drawn is no case: nobody can say what is right there."""


def for_each(
    student: Student, rng: np.random.Generator, cases: Iterable[Kind], body: Body[Kind], seconds: float = SECONDS
) -> None:
    """Run `body` for one case after the other; it draws the arrays of its case and asks the student about them.

    Args:
        seconds: that neighbours may take together.

    Raises:
        GraderError: what the body raised, with the case and with what tells it from cases that pass.
    """
    turns = ((sizes, partial(body, student, rng, sizes)) for sizes in cases)
    _judge_each(student, turns, body, seconds)


def for_each_ahead(student: Student, rng: np.random.Generator, cases: Iterable[Kind], body: Ahead[Kind]) -> None:
    """Do what `for_each` does with a body that asks, and returns what judges the answers: all cases are asked first.

    In the box, a question and its answer then wait for each other once a check, and not once a case.
    """

    def whole(student: Student, rng: np.random.Generator, sizes: Kind) -> None:
        with student.together():
            judge = body(student, rng, sizes)
        judge()

    turns = [(sizes, _asked(student, partial(body, student, rng, sizes))) for sizes in cases]
    _judge_each(student, turns, whole, SECONDS)
    student.finish()


def ask_ahead(student: Student, turns: Iterable[Callable[[], Judge]]) -> None:
    """Ask several things that are no cases, then judge: each of them returns what judges its answers."""
    judges = [_asked(student, turn) for turn in turns]
    try:
        for judge in judges:
            judge()
        student.finish()
    finally:
        student.forget()


def _asked(student: Student, ask: Callable[[], Judge]) -> Judge:
    try:
        with student.together(ahead=True):
            return ask()
    except Exception as error:
        return partial(_raise, error)


def _raise(error: Exception) -> None:
    raise error


def _judge_each(student: Student, turns: Iterable[tuple[Kind, Judge]], body: Body[Kind], seconds: float) -> None:
    """Judge one case after the other.

    Args:
        turns: the cases, each with what judges it.
        body: asks and judges a case of its own, a neighbour.
    """
    passed: list[Kind] = []
    why = ""
    trivial: tuple[CheckFailed, Kind] | None = None
    for sizes, judge in turns:
        try:
            with minor.waiting() as waiting:
                judge()
        except Unfinished:
            raise
        except NoCase as error:
            why = str(error)
            continue
        except (CheckFailed, StudentRaised) as error:
            if isinstance(error, StudentRaised) and error.whatever:
                raise
            if review():  # of what cannot be asked here, other cases may tell
                adrift()
                continue
            student.forget()
            _explain(error, student, sizes, passed, body, seconds)
            raise
        if not waiting:
            passed.append(sizes)
        elif trivial is None:
            trivial = waiting[0], sizes
        if rehearsing():
            _rehearse(student, sizes, body)
    if trivial is not None:
        _explain(trivial[0], student, trivial[1], passed, body, seconds)
        minor.report(trivial[0])
    elif not passed and not review():
        raise RubricError("nobody can say what is right in any of the cases" + (why and f": {why}"))


def for_every(parts: Iterable[T], body: Callable[[T], None]) -> None:
    """Run `body` for several things of which some may be open: that is raised only once it has run for the others."""
    still_open: list[Unfinished] = []
    for part in parts:
        try:
            body(part)
        except Unfinished as error:
            still_open.append(error)
    if still_open:
        raise still_open[0]


def _explain(
    error: CheckFailed | StudentRaised,
    student: Student,
    sizes: Kind,
    passed: Iterable[Kind],
    body: Body[Kind],
    seconds: float,
) -> None:
    """Add to what is said of a failure for which case that is, and what tells that from cases that pass."""
    finding = error.finding if isinstance(error, CheckFailed) else NOTHING
    trivial = finding.kind == "dtype"
    why, began = "", clock()
    if student.explains and explained() and not finding.suspect:
        why = _why(student, sizes, passed, body, trivial, seconds)
        student.explaining += clock() - began
    error.args = ("; ".join(filter(None, (f"{error}, for {sizes}", why))),)
    if why and isinstance(error, CheckFailed):
        error.finding = replace(finding, cause=why)


def _why(
    student: Student, failed: Kind, passed: Iterable[Kind], body: Body[Kind], trivial: bool, seconds: float
) -> str:
    """Ask the neighbours of a case that failed, and say what tells those that pass from those that do not."""
    outcomes = dict.fromkeys(passed, True)
    end = clock() + seconds
    for sizes in failed.neighbours():
        if not undecided(failed, outcomes):
            return ""
        try:
            outcomes[sizes] = _passes(student, sizes, body, end - clock(), trivial)
        except (NoCase, NotRecorded):  # the latter of a handout, whose neighbours are fewer
            continue
        except KeyboardInterrupt:
            raise
        except BaseException:  # out of time, and even a fault of ours, is no reason to lose what was found before
            return ""
        if outcomes[failed]:  # with other values it passes: its sizes are not what matters
            return ""
    return difference(failed, outcomes)


def _passes(student: Student, sizes: Kind, body: Body[Kind], seconds: float, trivial: bool) -> bool:
    """Whether a neighbour passes, a wrong dtype aside where that is not the question.

    Raises:
        GraderError: where that cannot be told: it took too long, or its code is still to be written.
    """
    if seconds <= 0:
        raise OutOfTime("the neighbours took too long")
    try:
        with student.within(seconds), no_suspects(), minor.waiting() as waiting:
            body(student, sizes.rng(), sizes)
            student.finish()
    except Unfinished:
        raise
    except (CheckFailed, StudentRaised):
        return False
    return not (waiting and trivial)


def _rehearse(student: Student, sizes: Kind, body: Body[Kind]) -> None:
    """Ask the neighbours of a case that passed, so that what their oracles return is recorded as well."""
    with no_suspects():
        for one in sizes.neighbours():
            with contextlib.suppress(NoCase):
                body(student, one.rng(), one)
