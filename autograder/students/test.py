"""`make test`: each check is one pytest case on the student's own modules, followed by the score table.

Run in this process: tracebacks are real, `--pdb` stops in the student's code, and nothing is protected from anything.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import pytest
from rich.console import Console

from autograder.checking import rubric
from autograder.checking.local_student import LocalStudent
from autograder.checking.rubric import Check
from autograder.conformance.doctor import version_differences
from autograder.course import mistaken, recorded_slips
from autograder.course.assignment import Assignment
from autograder.errors import DataMissing, StudentRaised
from autograder.grading import blocked, marking
from autograder.grading.exam import Exam
from autograder.inside.targets import is_own
from autograder.reports import causes, terminal
from autograder.reports.scores import Outcome
from autograder.reports.words import names_exception
from autograder.students import choice, speed
from autograder.students.as_graded import AsGraded
from autograder.students.lines.finder import FAILS, PlaceFinder
from autograder.students.supervisor import Supervisor
from autograder.students.time_limit import time_limit

CASES = Path(__file__).parent / "pytest_cases.py"
SETTINGS = Path(__file__).parent / "pytest.ini"


class Session:
    """The checks of one run, and what became of them; a pytest plugin.

    Args:
        folder: holds the parts.
        assignment: of the course.
        checks: those to run.
        debugger: whether a person may stop in the student's code: it then has all the time, and reads what it likes.
        slower: how many times more time a check has than in grading.

    Attributes:
        card: the score card, filled as the cases run.
    """

    def __init__(
        self,
        folder: Path,
        assignment: Assignment,
        checks: list[Check],
        *,
        debugger: bool = False,
        slower: float = 1.0,
    ) -> None:
        self._course, self._assignment = assignment.course, assignment
        self.checks, self._debugger, self._slower = checks, debugger, slower
        self.card = marking.blank(assignment, checks)
        course, parts = assignment.course, {check.part for check in checks}
        homes = choice.homes(folder, course)
        self._students = {part: LocalStudent(homes[part], course.adaptation(part, homes[part])) for part in parts}
        for student in self._students.values():
            student.mistakes, student.slips = mistaken.known(course), recorded_slips.known(course)
        self._rules = {part: AsGraded(homes[part], course, part, files=not debugger) for part in parts}
        self._exam = Exam(homes[max(parts)] if course.handout else folder, assignment, slower=slower)
        self.card.models = self._exam.results
        self._supervisor: Supervisor | None = None
        self._places = PlaceFinder(self._course, folder) if assignment.policies.place and not debugger else None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One case for each check, named by its id."""
        metafunc.parametrize("check", self.checks, ids=[check.id for check in self.checks])

    @pytest.fixture
    def session(self) -> Session:
        """Give the cases this session."""
        return self

    @contextlib.contextmanager
    def supervised(self) -> Iterator[None]:
        """See to it that the results so far are printed, whatever the student's code does to this process."""
        self._supervisor = Supervisor(self.card)
        try:
            yield
        finally:
            self._supervisor.close()
            self._supervisor = None

    def run(self, check: Check) -> None:
        """Run one check, enter its mark, and let pytest show what the student needs to see."""
        __tracebackhide__ = is_students
        if skipped := blocked.unasked(check, self.card.marks, self._assignment):
            self._settle(check, skipped)
            pytest.skip(skipped.message)
        began = time.monotonic()
        error = self._ask(check)
        result = marking.verdict(error) if error else marking.Verdict(Outcome.PASSED)
        if isinstance(error, DataMissing):
            result = marking.Verdict(Outcome.SKIPPED, str(error))
        result = blocked.own(check, result, self.card.marks)
        self._settle(check, result, time.monotonic() - began)
        if error:
            self._show(check, error, result)

    def _ask(self, check: Check) -> Exception | None:
        """Run a check as the grader does, with its surroundings and its time, and return what it raises."""
        student = self._students[check.part]
        student.surroundings = self._rules[check.part]
        # Before the clock starts, as in grading: for the student's code, or for ours where no answer is recorded.
        if self._course.parts[check.part].libraries == "torch" or self._course.handout:
            with contextlib.suppress(ImportError):
                importlib.import_module("torch")
        seconds = self._exam.seconds if check.exam else math.ceil(self._slower * check.seconds)
        if self._supervisor is not None:
            self._supervisor.begins(check.id, seconds)
        try:
            with contextlib.nullcontext() if self._debugger else time_limit(seconds):
                check.run(student, rubric.PUBLIC_SEED, self._exam)
        except KeyboardInterrupt:
            pytest.exit(f"stopped by Ctrl-C in {check.id}")
        except Exception as error:
            return error
        return None

    def _settle(self, check: Check, result: marking.Verdict, seconds: float = 0.0) -> None:
        marking.settle(self.card, check, result, seconds)
        if self._places is not None and result.outcome in FAILS and not check.slow:
            self._places.begin(self._course.parts[check.part].libraries)
        if self._supervisor is not None:
            self._supervisor.ends(self.card, check.id)

    def name_places(self) -> None:
        """Look for the lines on which the checks fail that have failed, and enter them into the card."""
        if self._places is None:
            return
        marks = {check.id: self.card.marks[check.id] for check in self.checks if not check.slow}
        try:
            for id, place in self._places.find(marks).items():
                mark = self.card.marks[id]
                if mark.outcome in FAILS:
                    self.card.marks[id] = replace(mark, finding=replace(mark.finding, place=place))
        finally:
            self._places.close()

    def _show(self, check: Check, error: Exception, result: marking.Verdict) -> None:
        __tracebackhide__ = is_students  # pytest's: frames of ours are not shown
        if result.outcome in (Outcome.UNFINISHED, Outcome.SKIPPED):
            pytest.skip(result.message)
        if (first := causes.causes(self.card)[check.id].mark).check != check.id:
            pytest.fail(f"the same cause as in {first.check}", pytrace=False)
        cause = error.__cause__ if isinstance(error, StudentRaised) and names_exception(str(error)) else None
        if cause is not None and (lines := own_lines(cause.__traceback__, self._students[check.part].folder)):
            raise cause.with_traceback(lines)  # the student's own exception, in the student's own lines
        if result.outcome is Outcome.BROKEN:
            raise error
        row = f"    {cause.text.strip()}" if isinstance(cause, SyntaxError) and cause.text else ""
        pytest.fail("\n".join(filter(None, (result.message, row, result.finding.suspect))), pytrace=False)


def run(
    folder: Path,
    assignment: Assignment,
    *,
    part: str = "",
    todo: str = "",
    expression: str = "",
    pdb: bool = False,
    junitxml: Path | None = None,
) -> int:
    """Run the checks on the parts in `folder`, print the table, and return pytest's exit status.

    Args:
        folder: holds the parts.
        assignment: of the course.
        part, todo, expression: only these checks, and those that they need.
        pdb: stop in the debugger where the student's code raises.
        junitxml: where to write the cases for other programs, if anywhere.

    Raises:
        SetupError: if there are no such checks, or no parts here.
    """
    choice.expect_parts(folder, assignment.course)
    chosen = choice.chosen(assignment.checks(), part, todo, expression)
    sys.path.insert(0, str(folder))
    slower = speed.slower_here(speed.load())
    session = Session(folder, assignment, chosen, debugger=pdb, slower=slower)
    console = Console()
    for line in version_differences():
        console.print(f"note: {line}", highlight=False)
    if not pdb:
        console.print(_time_each(slower), highlight=False)
    # Without what collects garbage at the end: that takes a tenth of the time for one TODO.
    quiet = ["-q", "-rN", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "no:unraisableexception"]
    place = ["--rootdir", str(folder), "-c", str(SETTINGS), "--import-mode=importlib"]
    more = [*(["--pdb"] if pdb else []), *([f"--junitxml={junitxml}"] if junitxml else [])]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none of ours, and to import them takes longer than the checks
    with contextlib.nullcontext() if pdb else session.supervised():
        status = pytest.main([str(CASES), *quiet, *place, *more], [session])
    session.name_places()
    terminal.print_table(session.card, console)
    return int(status)


def is_students(shown: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether what pytest shows is an exception of the student's code, with lines of it."""
    return not shown.errisinstance(pytest.fail.Exception)


def own_lines(trace: TracebackType | None, folder: Path) -> TracebackType | None:
    """Leave of a traceback what lies in the student's files."""
    if trace is None:
        return None
    rest = own_lines(trace.tb_next, folder)
    if not is_own(trace.tb_frame.f_code.co_filename, folder):
        return rest
    return TracebackType(rest, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)


def _time_each(slower: float) -> str:
    usual = f"{rubric.SECONDS:g} s"
    if slower == 1:
        return f"each check has {usual}, as in grading"
    here = math.ceil(slower * rubric.SECONDS)
    return f"each check has {here} s here, {usual} in grading: this machine takes {slower:g} times as long"
