"""What is equal, finite, unchanged or silent, and what is said where it is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from expecting import EqualToEverything, X, crossed, refusal

from autograder.checking.expect import (
    expect_array,
    expect_equal,
    expect_no_warnings,
    expect_unchanged,
    show,
)
from autograder.diagnosis.known_mistakes import entries
from autograder.errors import CheckFailed
from autograder.inside.wire import Opaque

EQUAL = [
    (3, 3),
    (np.int64(3), 3),
    (np.array(3), 3),
    (3, np.int64(3)),
    (True, True),
    (np.bool_(True), True),
    ((1, 2), (1, 2)),
    ([1, 2], (1, 2)),
    (np.array([1, 2]), (1, 2)),
    (np.array([1, 2]), np.array([1, 2])),
    (("a", None), ("a", None)),
    ((), ()),
]


@pytest.mark.parametrize(("value", "expected"), EQUAL, ids=repr)
def test_equal_whole_numbers_texts_and_tuples_pass(value, expected) -> None:
    expect_equal(crossed(value), expected, "shape")


MANY = np.arange(2000)
UNEQUAL = [
    (3, 4, "3, expected 4"),
    (3.0, 3, "3.0, expected 3"),
    (True, 1, "True, expected 1"),
    (1, True, "1, expected True"),
    ("3", 3, "'3', expected 3"),
    (None, 0, "None, expected 0"),
    (3, (3,), "3, expected (3,)"),
    ((3,), 3, "(3,), expected 3"),
    ((1, 2, 3), (1, 2), "(1, 2, 3), expected (1, 2)"),
    ((1, True), (1, 1), "(1, True), expected (1, 1)"),
    (np.array([1.0, 2.0]), (1, 2), "[1.0, 2.0], expected (1, 2)"),
    (np.array([1, 2]), np.array([[1, 2]]), "[1, 2], expected [[1, 2]]"),
    (MANY, tuple(range(2000)), "an array of shape (2000,) and dtype int64, expected (0, 1, 2"),
    (EqualToEverything(), 3, "an object of type EqualToEverything, expected 3"),
    ((EqualToEverything(),), (3,), "(Opaque(type_name='EqualToEverything'),), expected (3,)"),
]


@pytest.mark.parametrize(("value", "expected", "text"), UNEQUAL, ids=[row[2] for row in UNEQUAL])
def test_what_is_not_equal_is_shown_beside_what_was_expected(value, expected, text) -> None:
    assert refusal(expect_equal, crossed(value), expected, "size").startswith(f"size is {text}")


def test_a_suspect_explains_a_wrong_number() -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_equal(35, 28, "size", suspects={"nothing": lambda: 0, "the stride is left out": lambda: 35})
    assert caught.value.finding.suspect == "size equals what you get when the stride is left out"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (X[0], "y has shape (3,), expected (2, 3)"),
        (X.astype("float32"), "y has dtype float32, expected float64"),
        (X.astype(int), "y has dtype int64, expected float64"),
        (np.where(X == 3, np.nan, X), "y[0, 2] is nan, expected a finite number"),
        (EqualToEverything(), "y is an object of type EqualToEverything, expected an array of shape (2, 3)"),
    ],
    ids=["shape", "float32", "int", "nan", "object"],
)
def test_an_array_of_any_values_must_be_finite_and_of_its_shape_and_dtype(value, text) -> None:
    np.testing.assert_array_equal(expect_array(crossed(X), "y", (2, 3)), X)
    assert refusal(expect_array, crossed(value), "y", (2, 3)) == text


@pytest.mark.parametrize(
    "after", [X + 1e-15, X.T, -X, np.where(X == 3, np.nan, X)], ids=["a bit", "shape", "sign", "NaN"]
)
def test_an_input_that_was_changed_is_noticed(after) -> None:
    expect_unchanged(X.copy(), X, "x")
    expect_unchanged(np.array([np.nan]), np.array([np.nan]), "x")
    said = refusal(expect_unchanged, after, X, "x")
    assert said == "x was changed by the call, expected inputs to stay as they are"


def test_only_numerical_warnings_count() -> None:
    expect_no_warnings(["DeprecationWarning: old"], "forward")
    said = refusal(expect_no_warnings, ["UserWarning: hm", "RuntimeWarning: overflow encountered in exp"], "forward")
    assert said == "forward warns: RuntimeWarning: overflow encountered in exp"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (-3.0, "-3.0"),
        (0.1234567, "0.123457"),
        (1e20, "1e+20"),
        (math.nan, "nan"),
        (7, "7"),
        ("a\nb", "'a\\nb'"),
        (np.arange(3), "[0, 1, 2]"),
        (np.zeros((3, 3)), "an array of shape (3, 3) and dtype float64"),
        (Opaque("Linear"), "an object of type Linear"),
        ("x" * 100, "'" + "x" * 56 + "..."),
    ],
    ids=str,
)
def test_a_value_is_shown_on_one_short_line(value, text) -> None:
    assert show(value) == text


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (((2, 3), (4,), ()), ["(2, 3)", "(4,)", "()"]),
        (((2, 3), 4), None),
        (((2, (3,)),), None),
        (((1 << 70,),), None),
        (((2,) * 61,), None),
        ((2, 3), [2, 3]),
    ],
    ids=["shapes", "a shape and a number", "deeper", "beyond whole numbers", "too long", "a row"],
)
def test_a_row_of_shapes_can_be_what_a_mistake_is_told_from(value, read) -> None:
    found = entries(value)
    assert (None if found is None else found.tolist()) == read
