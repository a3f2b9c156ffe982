"""The one test function of `make test`; `autograder.local.Session` gives it its cases."""

from __future__ import annotations

from autograder.local import Session, is_students
from autograder.rubric import Check


def test(check: Check, session: Session) -> None:
    """Run one check on the student's code."""
    __tracebackhide__ = is_students
    session.run(check)
