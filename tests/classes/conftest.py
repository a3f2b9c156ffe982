"""A class of three, graded in this process."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import make_class
import pytest
from homework import COURSE
from rich.console import Console

from autograder.checking import rubric
from autograder.classroom import batch, exports
from autograder.classroom import executors as crew
from autograder.classroom import grader as warm
from autograder.classroom.store import Store
from autograder.course import assignment as assignments
from autograder.course.assignment import Assignment


@pytest.fixture(scope="session")
def small() -> Assignment:
    """Part 3 alone, for 16 points: its checks are the fastest."""
    whole = assignments.load(COURSE)
    part = whole.parts[3].model_copy(update={"points": 16.0})
    return whole.model_copy(update={"parts": {3: part}})


@pytest.fixture(scope="session")
def right(reference: Mapping[str, bytes]) -> bytes:
    return make_class.packed(reference)


@pytest.fixture
def folder(tmp_path: Path, right: bytes, skeletons: Mapping[str, bytes]) -> Path:
    """A class of three: one right, one who has written nothing, and one whose file is no zip."""
    made = tmp_path / "class"
    made.mkdir()
    (made / "ada.zip").write_bytes(right)
    (made / "blank.zip").write_bytes(make_class.packed(skeletons))
    (made / "cut.zip").write_bytes(right[:1000])
    return made


class Watched(ThreadPoolExecutor):
    """Threads that grade in this process, and remember what they were asked to grade."""

    asked: list[bytes]

    def submit(self, function: Callable, /, *args, **kwargs) -> Future:
        self.asked.append(args[0].content)
        return super().submit(function, *args, **kwargs)


@pytest.fixture(scope="module", autouse=True)
def no_box_is_left() -> Iterator[None]:
    yield
    warm.close()


@pytest.fixture
def grade_class(small: Assignment, tmp_path: Path) -> Callable:
    """Run a batch in this process; returns the records, what was graded, and what the terminal said."""

    def run(folder: Path, *, assignment: Assignment = small, seed: int = rubric.PUBLIC_SEED, regrade: bool = False):
        asked: list[bytes] = []
        console = Console(file=io.StringIO(), width=160)

        def make() -> Executor:
            executor = Watched(1)
            executor.asked = asked
            return executor

        out = tmp_path / "out"
        batch.run(folder, out, assignment, seed, crew.of(make, 2), console, regrade=regrade)
        records = Store(out).load(one.key for one in exports.find(folder, COURSE.layout).handed)
        return records, len(asked), console.file.getvalue()

    return run
