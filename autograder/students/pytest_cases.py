"""The one test function of `make test`; `autograder.students.test.Session` gives it its cases."""

from __future__ import annotations

from autograder.checking.rubric import Check
from autograder.students.test import Session, is_students


def test(check: Check, session: Session) -> None:
    """Run one check on the student's code."""
    __tracebackhide__ = is_students
    session.run(check)
