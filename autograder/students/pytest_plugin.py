"""Plain `pytest`, and the editors that run it: each check is a case in the file of its TODO.

A case lies where its TODO does, so an editor that lists cases jumps there, and reports and annotations name that line;
what the student's code raises is shown in its own lines. A handout's `pytest.ini` loads this; `make test` prints the
score table as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import TerminalRepr

from autograder.checking.rubric import Check
from autograder.course import assignment as assignments
from autograder.course import definition
from autograder.course.definition import Course
from autograder.students.test import Session, own_lines

SESSION = pytest.StashKey[Session]()
CHECKS = pytest.StashKey[dict[str, list[Check]]]()


def pytest_configure(config: pytest.Config) -> None:
    """Load the checks of the course that is here, by the file of their TODO."""
    assignment = assignments.load(definition.find())
    places = assignment.course.places()
    by_file: dict[str, list[Check]] = {}
    for check in assignment.checks():
        by_file.setdefault(places[check.todo], []).append(check)
    config.stash[CHECKS] = by_file
    config.stash[SESSION] = Session(config.rootpath, assignment, list(assignment.checks()))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CheckFile | None:
    """Take the files that hold a TODO with checks."""
    try:
        name = file_path.relative_to(parent.config.rootpath).as_posix()
    except ValueError:  # named on the command line, and elsewhere
        return None
    checks = parent.config.stash[CHECKS].get(name)
    return CheckFile.of(parent, file_path, checks) if checks else None


class CheckFile(pytest.File):
    """A file with TODOs."""

    checks: list[Check]

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, checks: list[Check]) -> CheckFile:
        """Make the one at this path."""
        file: CheckFile = cls.from_parent(parent, path=path)
        file.checks = checks
        return file

    def collect(self) -> Iterator[CheckItem]:
        """Yield a case for each check."""
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        for check in self.checks:
            item: CheckItem = CheckItem.from_parent(self, name=check.id)
            item.check = check
            item.line = next((number for number, line in enumerate(lines) if f"TODO {check.todo}" in line), 0)
            yield item


class CheckItem(pytest.Item):
    """A check.

    Attributes:
        line: of its TODO, from 0.
    """

    check: Check
    line: int

    def runtest(self) -> None:
        """Run it on the student's code."""
        self.config.stash[SESSION].run(self.check)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where it is: at its TODO."""
        return self.path, self.line, f"{self.check.id}: {self.check.title}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """Show what the student's code raised in its own lines, and anything else in a sentence."""
        lines = own_lines(excinfo.value.__traceback__, self.config.rootpath)
        if lines is None:
            return super().repr_failure(excinfo)
        own = pytest.ExceptionInfo.from_exception(excinfo.value.with_traceback(lines))
        return own.getrepr(style="short")


def ini(course: Course) -> str:
    """Write the `pytest.ini` of a handout."""
    folders = " ".join(part.folder for part in course.parts.values())
    return f"[pytest]\naddopts = -p {__name__}\ntestpaths = {folders}\nfilterwarnings = ignore\n"
