"""Oracles: computed once for equal cases, never for cases that only look equal, and safe from who uses them."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pytest
from homework import COURSE

from autograder.checking import oracles
from autograder.checking.declarations.listed import drawn
from autograder.checking.oracles import oracle

LINEAR = COURSE.module("checks.part1.linear").LINEAR
calls: list[object] = []


@oracle
def doubled(x: np.ndarray, *, scale: float = 2) -> np.ndarray:
    calls.append(x)
    return x * scale


@pytest.fixture(autouse=True)
def _forget():
    calls.clear()
    oracles._remembered.cache_clear()


def test_equal_cases_are_computed_once() -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert doubled(x) is doubled(x.copy())
    assert len(calls) == 1


@pytest.mark.parametrize(
    "other",
    [np.arange(6.0), np.arange(6.0, dtype=np.float32).reshape(2, 3), np.arange(6).reshape(2, 3), -np.zeros((2, 3))],
    ids=["shape", "dtype", "kind", "sign of zero"],
)
def test_cases_that_differ_are_told_apart(other: np.ndarray) -> None:
    for x in (np.arange(6.0).reshape(2, 3), np.zeros((2, 3))):
        doubled(x)
    doubled(other)
    assert len(calls) == 3


def test_one_and_true_and_a_long_array_are_told_apart() -> None:
    x = np.zeros(2000)  # NumPy shortens its text
    near = x.copy()
    near[1000] = 1
    for array, scale in ((x, 1), (x, 1.0), (x, True), (near, 1)):
        doubled(array, scale=scale)
    assert len(calls) == 4


class Rule(StrEnum):
    MEAN = "mean"


def test_numbers_that_compare_as_equal_are_told_apart_and_members_of_a_list_of_names_are_taken() -> None:
    @oracle
    def told(value: object) -> str:
        return repr(value)

    values = (0, 0.0, -0.0, False, None, "mean", Rule.MEAN, np.float64(0), np.float32(0))
    assert [told(value) for value in values] == [repr(value) for value in values]


def test_nobody_can_change_a_remembered_result() -> None:
    result = doubled(np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        result += 1


def test_a_recorder_hears_of_remembered_results_as_well() -> None:
    heard: dict[str, np.ndarray] = {}
    doubled(np.ones(3))
    oracles.record(heard.__setitem__)
    try:
        doubled(np.ones(3))
    finally:
        oracles.record(None)
    assert [name.split("-")[0] for name in heard] == ["doubled"]


def test_a_case_is_drawn_once_from_where_a_generator_stands_and_nobody_can_change_it() -> None:
    sizes = next(iter(LINEAR.cases.values()))[0]
    first, again, other = (np.random.default_rng(seed) for seed in (1, 1, 2))
    cases = [[drawn(LINEAR, rng, sizes), drawn(LINEAR, rng, sizes)] for rng in (first, again, other)]
    assert cases[0] == cases[1]
    assert len({id(case) for one in cases for case in one}) == 4
    assert first.normal() == again.normal() != other.normal()
    with pytest.raises(ValueError, match="read-only"):
        next(iter(cases[0][0].arrays.values()))[...] = 0


def test_a_recorder_hears_of_cases_that_were_drawn_before() -> None:
    sizes, heard = next(iter(LINEAR.cases.values()))[0], {}
    for recorder in (None, heard.__setitem__):
        oracles.record(recorder)
        try:
            assert drawn(LINEAR, np.random.default_rng(1), sizes).right.outputs
        finally:
            oracles.record(None)
    assert heard
