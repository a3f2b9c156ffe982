"""The list of checks and `assignment.toml`: what must be true of them together."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path

import numpy as np
import pytest
from homework import COURSE

from autograder.checking import rubric
from autograder.checking.expect import expect_close, expect_equal
from autograder.checking.rubric import Check, check
from autograder.checking.student import Prompt, Student
from autograder.course import assignment as assignments
from autograder.course.assignment import FILE, share
from autograder.errors import CheckFailed, RubricError


def test_the_points_of_each_part_sum_exactly(assignment) -> None:
    checks = [check for check in COURSE.checks() if check.part in assignment.parts]
    cents = assignment.cents(checks)
    for number, part in assignment.parts.items():
        assert sum(cents[check.id] for check in checks if check.part == number) == 100 * part.points
        for todo, points in part.todos.items():
            assert sum(cents[check.id] for check in checks if check.todo == todo) == 100 * points


@pytest.mark.parametrize("total", [0, 1, 7, 100, 3601])
@pytest.mark.parametrize("weights", [{"a": 1, "b": 1, "c": 1}, {"a": 0.1, "b": 0.7}, {"a": 0, "b": 3}])
def test_shares_are_whole_and_sum_to_the_total(total, weights) -> None:
    shares = share(total, weights)
    assert sum(shares.values()) == total
    assert all(abs(shares[key] - total * weights[key] / sum(weights.values())) < 1 for key in weights)


def test_every_check_says_what_is_true_in_one_line() -> None:
    for one in COURSE.checks():
        assert one.title.endswith("."), one.id
        assert len(one.title) <= 120, f"{one.id}: {len(one.title)} characters"
        assert one.title[0].isupper() or one.title.split()[0].split(".")[0].islower(), one.id


def test_each_check_draws_its_own_cases_and_the_same_for_everyone() -> None:
    first, second = COURSE.checks()[:2]
    assert first.rng(5).integers(2**62) == first.rng(5).integers(2**62)
    assert first.rng(5).integers(2**62) != second.rng(5).integers(2**62)
    assert first.rng(5).integers(2**62) != first.rng(6).integers(2**62)


@pytest.fixture
def declared(monkeypatch) -> dict[str, Check]:
    monkeypatch.setattr(rubric, "_declared", {})
    return rubric._declared


def test_a_check_without_a_title_is_refused(declared) -> None:
    with pytest.raises(RubricError, match=r"1.2-x: its docstring must begin with a sentence on one line"):

        @check("1.2-x")
        def nothing(student, rng: np.random.Generator) -> None: ...


def test_a_check_whose_name_begins_with_no_todo_is_refused(declared) -> None:
    with pytest.raises(RubricError, match=r"test_rubric.py: a check is called '1.2x-y', expected a TODO and a word"):

        @check("1.2x-y")
        def nothing(student, rng: np.random.Generator) -> None:
            """Linear is right."""


def test_a_check_with_fewer_points_than_none_is_refused(declared) -> None:
    with pytest.raises(RubricError, match=r"1.2-x: -1 points, expected at least 0"):

        @check("1.2-x", points=-1)
        def nothing(student, rng: np.random.Generator) -> None:
            """Linear is right."""


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("title = ", "titel = ", r"assignment.toml: title: field required; there is no key titel$"),
        ("place = true", "plaice = true", r"assignment.toml: policies.plaice: there is no such key here$"),
        ('"1.1" = 3', '"1.1" = -3', r"parts.1.todos.1.1: input should be greater than or equal to 0"),
        ("due = 2027-02-19T23:59:00-05:00", "due = 2027-02-19T23:59:00", r"due: .*timezone"),
        ("[parts.1]", "[parts.1", r"assignment.toml: "),
        ("zip_megabytes = 100", "zip_megabytes = 0", r"limits.zip_megabytes: input should be greater than 0"),
    ],
    ids=["missing key", "unknown key", "negative points", "time without zone", "no TOML", "limit of zero"],
)
def test_a_wrong_assignment_file_is_refused_by_key(tmp_path: Path, before, after, message) -> None:
    text = (COURSE.folder / FILE).read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "assignment.toml").write_text(text.replace(before, after, 1))
    with pytest.raises(RubricError, match=message):
        assignments.load(COURSE, tmp_path / "assignment.toml")


@pytest.mark.parametrize("seed", [rubric.PUBLIC_SEED, 5])
@pytest.mark.parametrize("chance", [True, False])
@pytest.mark.parametrize("seconds", [rubric.SECONDS, rubric.SECONDS + 1], ids=["quick", "slow"])
@pytest.mark.parametrize(("expect", "kind"), [(expect_equal, int), (expect_close, float)])
def test_what_differs_from_one_time_to_the_next_is_told_of_public_cases(
    declared, seed, chance, seconds, expect, kind
) -> None:
    """Of quick checks alone: of others the clock would decide."""
    results = itertools.count(2) if chance else itertools.repeat(2)

    @check("9.9-chance", seconds=seconds)
    def body(student: Student, rng: np.random.Generator) -> None:
        """A function returns 1."""
        expect(kind(next(results)), kind(1), "y")

    student = Prompt(lambda request: (None, []))
    with pytest.raises(CheckFailed) as caught:
        next(iter(declared.values())).run(student, seed, None)
    assert str(caught.value).startswith("y is 2, expected 1")
    assert str(caught.value).endswith(rubric.OTHERWISE) == (
        chance and seed == rubric.PUBLIC_SEED and seconds == rubric.SECONDS
    )


@pytest.mark.slow
def test_a_check_is_asked_again_however_long_the_first_time_has_taken(declared) -> None:
    results = itertools.count(2)

    @check("9.9-cold")
    def body(student: Student, rng: np.random.Generator) -> None:
        """A function returns 1, the first time late, as on a machine that is busy."""
        result = next(results)
        time.sleep(0.7 * rubric.SECONDS if result == 2 else 0)
        expect_equal(result, 1, "y")

    with pytest.raises(CheckFailed, match=re.escape(rubric.OTHERWISE)):
        next(iter(declared.values())).run(Prompt(lambda request: (None, [])), rubric.PUBLIC_SEED, None)


def test_points_without_a_check_are_refused(assignment) -> None:
    checks = [check for check in COURSE.checks() if check.part in assignment.parts and check.todo != "1.2"]
    with pytest.raises(RubricError, match=r"TODO 1.2: 2.00 points and no check"):
        assignment.cents(checks)
