"""What `make test` is asked for and is not there is said before anything is run, and is no success."""

from __future__ import annotations

import subprocess
import sys

import pytest
from homework import COURSE, PARTS, ROOT

from autograder.course import assignment
from autograder.errors import SetupError
from autograder.students import choice

CHECKS = assignment.load(COURSE).checks()


@pytest.mark.parametrize(
    ("part", "todo", "expression", "says"),
    [
        ("7", "", "", "there is no part 7, expected 1, 2, 3"),
        ("one", "", "", "there is no part one, expected 1, 2, 3"),
        ("", "3.77", "", "there is no TODO 3.77, expected 3.1, 3.2, 3.3, 3.4, 3.5, 3.6"),
        ("", "pooling", "", "there is no TODO pooling, expected 1.1, 1.2, "),
        ("2", "1.6", "", "there is no check of part 2, TODO 1.6"),
        ("", "1.6", "no such check", "there is no check of TODO 1.6, a name with no such check"),
    ],
)
def test_what_is_asked_for_and_not_there_is_said_beside_what_is(part, todo, expression, says) -> None:
    with pytest.raises(SetupError) as told:
        choice.chosen(CHECKS, part, todo, expression)
    assert str(told.value).startswith(says)


def test_a_check_comes_with_what_it_needs() -> None:
    ids = [check.id for check in choice.chosen(CHECKS, "", "1.7", "overlap")]
    assert {"1.7-max-gradient", "1.7-max-overlap"} <= {*ids}
    assert {id.partition("-")[0] for id in ids} == {"1.7"}


def test_another_folder_is_told_before_any_check(tmp_path) -> None:
    home = tmp_path / "handout"
    inside = home / PARTS[0]
    inside.mkdir(parents=True)
    choice.expect_parts(home, COURSE)
    for place in (inside, tmp_path):
        with pytest.raises(
            SetupError, match=f"there is no {PARTS[0]}/ or .* here: run this in handout/, where it lies"
        ):
            choice.expect_parts(place, COURSE)
    (home / "docs").mkdir()
    inside.rmdir()
    with pytest.raises(SetupError, match="run this in the folder that has it"):
        choice.expect_parts(home, COURSE)


def test_a_slip_in_the_command_is_no_success(tmp_path) -> None:
    (tmp_path / PARTS[0]).mkdir()
    command = [sys.executable, "-m", "autograder", "test", "--course", str(COURSE.folder), "--todo", "1.77"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("there is no TODO 1.77, expected 1.1, 1.2, ")
    assert len(done.stderr.splitlines()) <= 3
