"""How near right and wrong values are to what is allowed, and that a gap which closes is noticed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from homework import COURSE
from rich.console import Console

from autograder.authoring.auditing import margins, mutants
from autograder.authoring.auditing.margins import Margin
from autograder.checking import expect
from autograder.diagnosis import closeness
from autograder.errors import CheckFailed


@pytest.mark.parametrize(
    ("found", "difference"),
    [([1.0, 2.0], 0.0), ([1.0, 2.0 + 1e-10], 0.03), ([1.0, 2.0 + 1e-7], 30.0), ([0.0, 2.0], 3.9e8)],
)
def test_a_comparison_says_how_far_values_are_apart_in_units_of_what_is_allowed(found, difference) -> None:
    seen: list[float] = []
    with closeness.margins(seen.append):
        try:
            expect.expect_close(np.array(found), np.array([1.0, 2.0]), "y")
        except CheckFailed:
            assert difference > 1
        else:
            assert difference < 1
    assert seen == [pytest.approx(difference, rel=0.6)]


def test_values_of_another_shape_are_no_distance_apart_and_nothing_is_noted_outside() -> None:
    seen: list[float] = []
    with closeness.margins(seen.append), pytest.raises(CheckFailed):
        expect.expect_close(np.zeros(3), np.zeros(2), "y")
    expect.expect_close(np.zeros(2), np.zeros(2), "y")
    assert seen == []
    with closeness.margins(seen.append):
        expect.expect_close(np.zeros(2), np.zeros(2), "y")
    assert seen == [0.0]


@pytest.mark.parametrize(
    ("margin", "closed"),
    [(Margin(0.09, 11.0), False), (Margin(0.11, 11.0), True), (Margin(0.09, 9.0), True), (Margin(), False)],
)
def test_a_gap_that_closes_is_named_and_ends_the_audit_with_1(margin, closed) -> None:
    console = Console(file=io.StringIO(), width=120)
    assert margins.show({"1.1-a": Margin(), "1.1-b": margin}, console) == ["1.1-b"] * closed


@pytest.mark.slow
@pytest.mark.parametrize(("part", "count"), [(1, 150), (3, 60)])
def test_right_values_are_far_from_what_is_allowed_and_wrong_ones_far_beyond(part, count) -> None:
    """A sample; `autograder audit --margins` is the whole."""
    wrong = mutants.sample(mutants.of_part(COURSE.files(), COURSE.parts[part].folder), count)
    found = margins.measure(COURSE, part, wrong, 2, Console(file=io.StringIO()))
    assert {check: margin for check, margin in found.items() if not margin.holds} == {}
    assert sum(margin.right > 0 for margin in found.values()) > 5
    assert sum(margin.compared for margin in found.values()) > count / 10
