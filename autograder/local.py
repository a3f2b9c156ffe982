"""`make test`: each check is one pytest case on the student's own modules, followed by the score table.

Run in this process: tracebacks are real, `--pdb` stops in the student's code, and nothing is protected from anything.
"""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest
from rich.console import Console

from autograder import assignment as assignments
from autograder import engine, rubric
from autograder.errors import DataMissing, StudentRaised, WorkerLost
from autograder.exam import Exam
from autograder.health import version_differences
from autograder.reports import terminal
from autograder.reports.words import names_exception
from autograder.rubric import Check
from autograder.scores import Outcome
from autograder.student import LocalStudent

CASES = Path(__file__).parent / "local_cases.py"
SLOWER = 6.0  # a laptop may be this many times slower than the grader before a check counts as hanging


class Session:
    """The checks of one run, and what became of them; a pytest plugin.

    Attributes:
        card: the score card, filled as the cases run.
    """

    def __init__(self, folder: Path, checks: list[Check], interruptible: bool, dataset: str) -> None:
        assignment = assignments.load(folder / "assignment.toml")
        if dataset:
            assignment = assignment.on(dataset)
        self.checks, self._interruptible = checks, interruptible
        self.card = engine.blank(assignment, checks)
        self._student = LocalStudent(folder)
        self._exam = Exam(folder, assignment, slower=SLOWER)
        self.card.models = self._exam.results

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One case for each check, named by its id."""
        metafunc.parametrize("check", self.checks, ids=[check.id for check in self.checks])

    @pytest.fixture
    def session(self) -> Session:
        """Give the cases this session."""
        return self

    def run(self, check: Check) -> None:
        """Run one check, enter its mark, and let pytest show what the student needs to see."""
        __tracebackhide__ = is_students
        if reason := engine.unmet(
            check, {need: self.card.marks[need] for need in check.needs if need in self.card.marks}
        ):
            engine.settle(self.card, check, engine.Verdict(Outcome.SKIPPED, reason))
            pytest.skip(reason)
        began = time.monotonic()
        error = self._ask(check)
        result = engine.verdict(error) if error else engine.Verdict(Outcome.PASSED)
        if isinstance(error, DataMissing):
            result = engine.Verdict(Outcome.SKIPPED, str(error))
        engine.settle(self.card, check, result, time.monotonic() - began)
        if error:
            self._show(error, result)

    def _ask(self, check: Check) -> Exception | None:
        """Run a check, and return what it raises: what pytest shows is raised anew, without a context of ours."""
        try:
            with self._watch(check):
                check.run(self._student, rubric.PUBLIC_SEED, self._exam)
        except Exception as error:
            return error
        return None

    def _show(self, error: Exception, result: engine.Verdict) -> None:
        __tracebackhide__ = is_students  # pytest's: frames of ours are not shown
        if result.outcome in (Outcome.UNFINISHED, Outcome.SKIPPED):
            pytest.skip(result.message)
        cause = error.__cause__ if isinstance(error, StudentRaised) and names_exception(str(error)) else None
        if cause is not None and (lines := own_lines(cause.__traceback__, self._student.folder)):
            raise cause.with_traceback(lines)  # the student's own exception, in the student's own lines
        if result.outcome is Outcome.BROKEN:
            raise error
        row = f"    {cause.text.strip()}" if isinstance(cause, SyntaxError) and cause.text else ""
        pytest.fail("\n".join(filter(None, (result.message, row, result.finding.suspect))), pytrace=False)

    @contextlib.contextmanager
    def _watch(self, check: Check) -> Iterator[None]:
        """Interrupt a check that hangs, as Ctrl-C would, once it takes far longer than grading allows."""
        if not self._interruptible:
            yield
            return
        late = threading.Event()
        seconds = self._exam.seconds if check.exam else SLOWER * check.seconds

        def interrupt() -> None:
            late.set()
            _thread.interrupt_main()

        timer = threading.Timer(seconds, interrupt)
        timer.daemon = True
        # Started in the background, a process may ignore Ctrl-C, and then nothing would be interrupted.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        timer.start()
        try:
            yield
        except KeyboardInterrupt:
            if late.is_set():
                raise WorkerLost(f"no answer after {seconds:g} s: does a loop never end?") from None
            raise
        finally:
            timer.cancel()
            signal.signal(signal.SIGINT, before)


def run(
    folder: Path, *, part: str = "", todo: str = "", expression: str = "", pdb: bool = False, dataset: str = ""
) -> int:
    """Run the checks on the parts in `folder`, print the table, and return pytest's exit status.

    Args:
        folder: holds the parts and assignment.toml.
        part, todo, expression: only these checks, and those that they need.
        pdb: stop in the debugger where the student's code raises.
        dataset: that judges checkpoints, instead of the one in assignment.toml.
    """
    sys.path.insert(0, str(folder))
    chosen = _chosen(rubric.load(), part, todo, expression)
    session = Session(folder, chosen, interruptible=not pdb, dataset=dataset)
    console = Console()
    for line in version_differences():
        console.print(f"note: {line}", highlight=False)
    quiet = ["-q", "-rN", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-o", "addopts="]
    place = ["--rootdir", str(folder), "-c", str(folder / "pyproject.toml"), "--import-mode=importlib"]
    status = pytest.main([str(CASES), *quiet, *place, *(["--pdb"] if pdb else [])], [session])
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
    if not Path(trace.tb_frame.f_code.co_filename).is_relative_to(folder):
        return rest
    return TracebackType(rest, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)


def _chosen(checks: tuple[Check, ...], part: str, todo: str, expression: str) -> list[Check]:
    """The checks that are asked for, and before each those that it needs."""
    by_id = {check.id: check for check in checks}
    wanted: set[str] = set()

    def want(check: Check) -> None:
        if check.id not in wanted:
            wanted.add(check.id)
            for need in check.needs:
                want(by_id[need])

    for check in checks:
        right_part = not part or check.part == int(part)
        if right_part and todo in ("", check.todo) and expression.lower() in f"{check.id} {check.title}".lower():
            want(check)
    return [check for check in checks if check.id in wanted]
