"""What the tests of the engine share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import pytest
from declaring import OWN

from autograder.checking.local_student import LocalStudent
from autograder.course import mistaken, skeleton
from autograder.course.definition import Course
from autograder.errors import CheckFailed, StudentRaised


@pytest.fixture
def ask(tmp_path) -> Callable[[Course, str, Mapping[str, bytes]], list[str]]:
    """Run the checks of a TODO on files, until one fails; its id, what it says, and the suspect."""
    count = iter(range(10_000))

    def run(course: Course, todo: str, files: Mapping[str, bytes], seed: int = 0) -> list[str]:
        for name in [name for name in sys.modules if name.partition(".")[0] in OWN[course]]:
            del sys.modules[name]
        folder = tmp_path / str(next(count))
        skeleton.lay_out(dict(files), folder)
        student = LocalStudent(folder)
        student.mistakes = mistaken.known(course)
        try:
            for check in course.checks():
                if check.todo == todo:
                    try:
                        check.run(student, seed, None)
                    except CheckFailed as error:
                        return [check.id, str(error), error.finding.suspect if error.finding else ""]
                    except StudentRaised as error:
                        return [check.id, str(error), ""]
        finally:
            sys.path.remove(str(student.folder))
        return []

    return run
