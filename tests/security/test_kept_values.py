"""Expected values on disk: for the grader alone, found again by the next process, no reason for other marks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from homework import COURSE, ROOT

from autograder.checking import oracles
from autograder.checking.kept import Kept
from autograder.checking.oracles import oracle
from autograder.course import assignment as assignments
from autograder.course import mistakes
from autograder.grading import expected
from autograder.sandbox.boxed_student import BoxedStudent
from autograder.submission import packing

SECRET = 12345
GRADE = """
import json, sys
from pathlib import Path
from autograder.course import assignment as assignments
from autograder.course import definition
from autograder.grading import engine
from autograder.sandbox.box import Box

assignment = assignments.load(definition.find(sys.argv[2]))
checks = [check for check in assignment.checks() if check.todo == "1.6"]
with Box(assignment.limits) as box:
    card = engine.grade_zip(Path(sys.argv[1]), box, assignment, checks, int(sys.argv[3]), lambda card: None)
marks = {id: [mark.outcome.value, mark.cents, mark.message, mark.finding.suspect] for id, mark in card.marks.items()}
memory = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(json.dumps([marks, card.fault, "torch" in sys.modules, int(memory)]))
"""


class Pair(NamedTuple):
    """Two values that have names."""

    first: int
    second: int


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / expected.FOLDER


def _graded(zip_path: Path) -> list[Any]:
    command = [sys.executable, "-c", GRADE, str(zip_path), str(COURSE.folder), str(SECRET)]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


@pytest.mark.slow
def test_graded_once_more_in_another_process_a_mistake_gets_equal_marks_without_torch(cache, tmp_path) -> None:
    mistake = next(one for one in mistakes.load(COURSE) if one.suspect and "1.6-forward" in one.loses)
    zip_path = tmp_path / "submission.zip"
    packing.write_zip(zip_path, mistake.apply(COURSE.files()))
    marks, fault, torch, _ = _graded(zip_path)
    assert (fault, torch, marks["1.6-forward"][0]) == ("", True, "failed")
    again, fault, torch, memory = _graded(zip_path)
    assert (again, fault, torch) == (marks, "", False)
    assert memory < 200_000  # kilobytes
    for path in cache.iterdir():
        path.write_bytes(b"no database")
    damaged, fault, torch, _ = _graded(zip_path)
    assert (damaged, fault, torch) == (marks, "", True)


def test_the_folder_of_expected_values_is_the_graders_alone(cache) -> None:
    with expected.kept(COURSE, SECRET, True):
        assert _worked(1.0) == 2.0
    (file,) = cache.iterdir()
    assert (cache.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert b"SQLite" in file.read_bytes()[:16]


def test_where_others_may_look_nothing_is_kept(cache) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o755)
    with expected.kept(COURSE, SECRET, True):
        _worked(3.0)
    with expected.kept(COURSE, SECRET, False):
        _worked(4.0)
    assert not [*cache.iterdir()]


@pytest.mark.skipif(os.getuid() != 0, reason="becomes a user of whom the machine knows nothing")
def test_a_user_without_a_home_grades_and_keeps_nothing(tmp_path) -> None:
    program = "import os; from autograder.grading import expected; os.setuid(54321); print(expected._private_folder())"
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-c", program], env=bare, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (told.stdout, told.stderr) == ("None\n", "")


def test_a_file_that_nobody_has_opened_for_a_month_goes(cache) -> None:
    with expected.kept(COURSE, SECRET, True):
        pass
    (old,) = cache.iterdir()
    os.utime(old, (0, time.time() - 31 * 86400))
    with expected.kept(COURSE, SECRET + 1, True):
        pass
    (kept,) = cache.iterdir()
    assert kept != old


@oracle
def _worked(x: float) -> float:
    return 2 * x


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3), np.array(True), [np.zeros((0, 2)), 1], ("a", None, -0.0), {"x": [1.5]},
        np.array([np.nan, -0.0]), float("inf"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_kept_comes_back_as_it_was(tmp_path, value) -> None:
    Kept(tmp_path / "values").put(b"call", value)
    found = Kept(tmp_path / "values").get(b"call")
    assert found is not None
    assert (type(found[0]), repr(found[0])) == (type(value), repr(value))


@pytest.mark.parametrize("value", [Pair(1, 2), np.float64(1), {1: 2.0}, [Pair(1, 2)], 2**70], ids=str)
def test_what_would_come_back_as_something_else_is_not_kept(tmp_path, value) -> None:
    kept = Kept(tmp_path / "values")
    kept.put(b"call", value)
    assert kept.get(b"call") is None


def test_the_time_in_which_a_value_is_worked_out_is_no_time_of_the_student() -> None:
    @oracle
    def slow() -> float:
        time.sleep(0.3)
        return 1.0

    student = BoxedStudent(lambda: pytest.fail("nothing is asked"), assignments.load(COURSE).limits)
    student.allow(10)
    before = oracles.spent()
    slow()
    assert oracles.spent() - before >= 0.3
    assert student.left() > 9.8
