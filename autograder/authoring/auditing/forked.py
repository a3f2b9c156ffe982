"""Run the checks on many solutions without a box, each in a fork of a process that has imported what they need.

As fast as it gets, and for code of ours only: nothing is held back. Linux and macOS.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import connection
from pathlib import Path
from typing import TypeVar

from autograder.checking.local_student import LocalStudent
from autograder.checking.rubric import PUBLIC_SEED, Check
from autograder.course import skeleton
from autograder.course.definition import Course

Item = TypeVar("Item")
Result = TypeVar("Result")

FORK = multiprocessing.get_context("fork")
SECONDS = 120  # of a process: a whole part takes some two


def checks_of(course: Course, part: int) -> list[Check]:
    """The checks of a part that need no images."""
    return [check for check in course.checks() if check.part == part and not check.exam]


def each(
    course: Course,
    checks: Sequence[Check],
    jobs: int,
    ask: Callable[[Item], Result],
    items: Iterable[Item],
    nothing: Result,
    seconds: float = SECONDS,
) -> Iterator[Result]:
    """Yield what `ask` returns for each item, in order; every call has a fresh process, which may be left as it is.

    Args:
        nothing: the answer for a process that ends by itself, or takes longer.
    """
    if any(course.parts[check.part].libraries == "torch" for check in checks):
        import torch.utils.data  # noqa: F401  # and no more: its threads, once there are any, do not survive a fork
    else:
        _answer(course, checks)
    with ThreadPoolExecutor(jobs) as team:
        yield from team.map(lambda item: _in_a_fork(ask, item, nothing, seconds), items)


def _in_a_fork(ask: Callable[[Item], Result], item: Item, nothing: Result, seconds: float) -> Result:
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=lambda: sender.send(ask(item)))
    process.start()
    try:
        if receiver in connection.wait([receiver, process.sentinel], seconds):
            answer: Result = receiver.recv()
            return answer
        return nothing
    finally:
        process.kill()
        process.join()
        receiver.close()
        sender.close()


@contextlib.contextmanager
def laid_out(files: Mapping[str, bytes]) -> Iterator[LocalStudent]:
    """Lay a solution out, for a process that asks no other, and enter its folder; what it prints is not heard."""
    folder = Path(tempfile.mkdtemp())
    try:
        skeleton.lay_out(dict(files), folder)
        out = io.StringIO()
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield LocalStudent(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answer(course: Course, checks: Sequence[Check]) -> None:
    """Let the oracles compute what they will be asked, on a student whose modules are forgotten again."""
    with laid_out(course.files()) as student:
        for check in checks:
            check.run(student, PUBLIC_SEED, None)
        sys.path.remove(str(student.folder))
    for name in [name for name in sys.modules if name.partition(".")[0] in course.layout.parts]:
        del sys.modules[name]
