"""What passes for an array and what does not: a list of forgeries, each with the sentence that a student reads."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
import pytest
from expecting import EqualToEverything, X, crossed, refusal
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.checking.expect import (
    expect_array,
    expect_close,
)
from autograder.diagnosis.suspects import WORKED_OUT, reviewing
from autograder.errors import CheckFailed
from autograder.inside.wire import Tensor

TINY = X * 1e-12


class Liar(np.ndarray):
    """An array whose comparisons, differences and absolute values are what it likes."""

    def __eq__(self, other: object) -> Any:
        return np.ones(self.shape, dtype=bool)

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        return np.zeros(self.shape)


LARGER, LARGER_SAID = X + 1, "y[0, 0] is 2, expected 1 (6 of 6 values differ, each is 1 too large)"
OBJECT = type("Array", (), {"__array_interface__": X.__array_interface__})()
OBJECTS = np.array([[None] * 3] * 2)
ARRAY = "expected an array of shape (2, 3)"
ALL, ONE = "6 of 6 values", "1 of 6 values"
TWOS, NANS = np.full((2, 3), 2.0), np.full((2, 3), np.nan)
LONG = np.array([[3.0, 1.5, -2.0, 7.0, 4.0], [0.5, 9.0, -6.0, 2.5, 8.0]])

FORGERIES: list[tuple[str, Any, np.ndarray, str]] = [
    ("an object equal to everything", EqualToEverything(), X, f"y is an object of type EqualToEverything, {ARRAY}"),
    ("an object with an array's memory", OBJECT, X, f"y is an object of type Array, {ARRAY}"),
    ("an array that lies about comparisons", LARGER.view(Liar), X, LARGER_SAID),
    ("a masked array that hides what is wrong", np.ma.masked_array(LARGER, mask=True), X, LARGER_SAID),
    ("an array of objects", OBJECTS, X, "y has dtype object, expected float64"),
    ("NaN everywhere", NANS, X, f"y[0, 0] is nan ({ALL} not finite)"),
    ("NaN for NaN", NANS, NANS, f"y[0, 0] is nan ({ALL} not finite)"),
    ("one NaN", np.where(X == 3, np.nan, X), X, f"y[0, 2] is nan ({ONE} not finite)"),
    ("one inf", np.where(X == -4, np.inf, X), X, f"y[1, 2] is inf ({ONE} not finite)"),
    ("zeros for tiny values", X * 0, TINY, f"y[0, 0] is 0, expected 1e-12 ({ALL} differ, all of them zero)"),
    (
        "tiny values of the wrong sign",
        -TINY,
        TINY,
        f"y[0, 0] is -1e-12, expected 1e-12 ({ALL} differ, the sign is off)",
    ),
    ("small errors", X + np.eye(2, 3) * 1e-6, X, "y[0, 0] is 1.000001, expected 1 (2 of 6 values differ)"),
    ("huge values", TWOS * 5e307, X, f"y[0, 0] is 1e+308, expected 1 ({ALL} differ"),
    ("the wrong dtype", X.astype("float32"), X, "y has dtype float32, expected float64, the dtype of the inputs"),
    ("half precision", X.astype("float16"), X, "y has dtype float16, expected float64, the dtype of the inputs"),
    ("whole numbers", X.astype("int64"), X, "y has dtype int64, expected float64"),
    ("booleans", np.ones((2, 3), dtype=bool), np.ones((2, 3)), "y has dtype bool, expected float64"),
    ("complex numbers", X.astype("complex128"), X, "y has dtype complex128, expected float64"),
    ("a row for two", X[:1], X, "y has shape (1, 3), expected (2, 3)"),
    ("transposed", X.T, X, "y has shape (3, 2), expected (2, 3) (they are right with axes in the order (1, 0))"),
    (
        "an axis too many",
        X[None],
        X,
        "y has shape (1, 2, 3), expected (2, 3) (its values are right, one after the other)",
    ),
    ("flat", X.ravel(), X, "y has shape (6,), expected (2, 3) (its values are right, one after the other)"),
    (
        "a column too many on each side",
        np.pad(LONG, ((0, 0), (1, 1))),
        LONG,
        "y has shape (2, 7), expected (2, 5) (they are right without the first and the last along axis 1)",
    ),
    (
        "two columns too few",
        LONG[:, :3],
        LONG,
        "y has shape (2, 3), expected (2, 5) (they are right, but lack the last 2 along axis 1)",
    ),
    ("another column for the last", np.delete(LONG, 2, 1), LONG, "y has shape (2, 4), expected (2, 5)"),
    ("nothing", X[:0], X, "y has shape (0, 3), expected (2, 3)"),
    ("one number for all", np.float64(2), TWOS, "y has shape (), expected (2, 3)"),
    ("a number for an array", 2.0, TWOS, f"y is 2.0, {ARRAY}"),
    ("a tuple of arrays", (X, X), X, f"y is a tuple of 2, {ARRAY}"),
    ("what np.where gives", (X,), X, f"y is a tuple of one array, as of np.where without [0], {ARRAY}"),
    ("a list of numbers", X.tolist(), X, f"y is a list of 2, {ARRAY}"),
    ("None", None, X, f"y is None, as of a function that ends without return, {ARRAY}"),
    ("text", "array([[1., -2.]])", X, f"y is 'array([[1., -2.]])', {ARRAY}"),
    ("a dictionary", {"y": 1}, X, f"y is {{'y': 1}}, {ARRAY}"),
    ("an array of one number for a number", np.array([2.0]), np.array(2.0), "y has shape (1,), expected ()"),
    ("True for 1", True, np.array(1.0), "y is True, expected a number"),
    ("a boolean array for a number", np.array(True), np.array(1.0), "y has dtype bool, expected float64"),
    ("a pair for a number", (2.0,), np.array(2.0), "y is a tuple of 1, expected a number"),
    ("nan for a number", math.nan, np.array(2.0), "y is nan (it is not finite)"),
    ("a number beyond all floats", 10**400, np.array(2.0), "y is an object of type int, expected a number"),
    ("the wrong sign", 2.5, np.array(-2.5), "y is 2.5, expected -2.5 (the sign is off)"),
]


@pytest.mark.parametrize(
    ("value", "expected", "text"), [row[1:] for row in FORGERIES], ids=[row[0] for row in FORGERIES]
)
def test_a_forgery_is_refused_in_one_sentence(value, expected, text) -> None:
    said = refusal(expect_close, crossed(value), expected, "y")
    assert said == text or (not text.endswith(")") and said.startswith(text))
    assert "\n" not in said


TWO = np.array(2.0)


def test_a_number_beyond_all_floats_does_no_harm_if_a_worker_sends_it_all_the_same() -> None:
    assert refusal(expect_close, 10**400, TWO, "y") == "y is inf (it is not finite)"


HONEST = [
    ("the array itself", X, X),
    ("another layout", np.asfortranarray(X), X),
    ("big-endian", X.astype(">f8"), X),
    ("a view", np.repeat(X, 2, axis=1)[:, ::2], X),
    ("a matrix", X.view(np.matrix), X),
    ("rounding", X * (1 + 1e-12), X),
    ("tiny values", TINY * (1 + 1e-12), TINY),
    ("large values", X * 1e200, X * 1e200),
    ("empty", X[:0], X[:0]),
    ("zeros", np.zeros(3), np.zeros(3)),
    ("negative zero", np.array([-0.0]), np.zeros(1)),
    ("a number", 2.0, TWO),
    ("a whole number", 2, TWO),
    ("a number of NumPy", np.float64(2), TWO),
    ("an array without axes", TWO, TWO),
]


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in HONEST], ids=[row[0] for row in HONEST])
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_right_value_passes_and_comes_back_plain(value, expected) -> None:
    found = expect_close(crossed(value), expected, "y")
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, expected)


def test_the_tolerance_follows_from_the_dtype() -> None:
    near = X * (1 + 1e-6)
    assert expect_close(near.astype("float32"), X, "y", dtype="float32").dtype == np.float32
    assert refusal(expect_close, near, X, "y").startswith("y[0, 0] is 1.000001, expected 1 (6 of 6 values differ")
    expect_close(near, X, "y", tolerance=1e-5)


def test_float64_does_not_pass_for_float32() -> None:
    said = refusal(expect_close, X, X, "dw", dtype="float32")
    assert said == "dw has dtype float64, expected float32, the dtype of the inputs"


def test_errors_that_are_small_one_by_one_must_be_small_together() -> None:
    expected = np.ones(100)
    expect_close(expected + 0.9e-9, expected, "y")
    expect_close(expected + 1.5e-9 * np.eye(100)[0], expected, "y")
    assert refusal(expect_close, expected + 1.5e-9, expected, "y").startswith("y[0] is 1.000000001, expected 1 (")


def test_a_tensor_is_judged_by_its_array_and_the_dtype_that_it_had() -> None:
    assert expect_close(Tensor(X.astype("float32"), "bfloat16"), X, "y", dtype="bfloat16").shape == X.shape
    assert refusal(expect_close, Tensor(X, "float64"), X, "y", dtype="float32").startswith("y has dtype float64")


@settings(deadline=None, max_examples=150)
@given(
    arrays.arrays(np.float64, (2, 3), elements=st.floats(-1e6, 1e6)),
    arrays.arrays(np.float64, (2, 3), elements=st.floats(allow_subnormal=False) | st.just(0.0)),
)
def test_whatever_passes_is_close(expected, value) -> None:
    with contextlib.suppress(CheckFailed):
        found = expect_close(value, expected, "y")
        bound = np.sqrt(np.mean(expected**2))
        assert (np.abs(found - expected) <= 1e-9 * (np.abs(expected) + bound)).all()


# Suspects.


def test_all_suspects_that_fit_are_named() -> None:
    suspects = {"it is doubled": lambda: 3 * X, "it is halved": lambda: X / 2, "it is half": lambda: X * 0.5}
    with pytest.raises(CheckFailed) as caught:
        expect_close(X / 2, X, "dx", suspects=suspects)
    assert caught.value.finding.suspect == "dx equals what you get when it is halved, or when it is half"
    assert (
        str(caught.value) == "dx[0, 0] is 0.5, expected 1 (6 of 6 values differ, each is 1/2 times what it should be)"
    )
    assert len(caught.value.finding.picture) == 2


@pytest.mark.parametrize(
    ("value", "suspect"),
    [(X.T, X.T), (X[:, :0], X[:, :0]), (X.astype(int), np.trunc(X)), (np.ones((2, 3), bool), np.ones((2, 3)))],
    ids=["another shape", "empty", "whole numbers", "booleans"],
)
def test_a_suspect_explains_a_wrong_shape_or_dtype_too(value, suspect) -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_close(value, X, "y", suspects={"it is so": lambda: suspect})
    assert caught.value.finding.suspect == "y equals what you get when it is so"


def test_a_formula_is_told_only_where_no_mistake_is_and_then_the_first_alone() -> None:
    found, right = np.array([2.0, 5.0]), np.array([1.0, 4.0])
    formulas = {f"{WORKED_OUT}x + 1": lambda: found, f"{WORKED_OUT}1 + x": lambda: found}
    for suspects, told in ((formulas, f"{WORKED_OUT}x + 1"), ({**formulas, "1 is added": lambda: found}, "1 is added")):
        with pytest.raises(CheckFailed) as failure:
            expect_close(found, right, "y", suspects=suspects)
        assert failure.value.finding.suspect == f"y equals what you get when {told}"


def test_what_is_no_number_refutes_no_suspect() -> None:
    with reviewing(("y of", 1), ["it is twice as large"]) as review:
        for found in (np.array([2.0, 8.0]), np.array([np.nan, np.inf])):
            expect_close(found, np.array([1.0, 4.0]), "y of", suspects={"it is twice as large": lambda: [2.0, 8.0]})
    assert review.refuted == set()


def test_a_suspect_that_makes_no_difference_here_accuses_nobody() -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_close(X * (1 + 1e-8), X, "y", suspects={"the bias is left out": lambda: X * (1 + 1e-12)})
    assert "bias" not in caught.value.finding.suspect


@pytest.mark.parametrize(("known", "told"), [(4, "y equals what you get when it is so"), (2, "")])
def test_a_suspect_may_leave_open_what_nobody_knows_but_not_most(known, told) -> None:
    wrong = np.where(np.arange(X.size).reshape(X.shape) < known, X * 1.75, np.nan)
    found = np.where(np.isnan(wrong), -123.0, wrong)
    with pytest.raises(CheckFailed) as caught:
        expect_close(found, X, "y", suspects={"it is so": lambda: wrong})
    assert caught.value.finding.suspect == told


def test_suspects_are_not_computed_for_what_is_right() -> None:
    expect_close(X, X, "y", suspects={"never": lambda: pytest.fail("computed")})


@pytest.mark.parametrize("dtype", ["longdouble", "complex64", "O", "U3", "M8[s]", "V4"])
def test_an_array_that_cannot_cross_is_told_its_dtype(dtype) -> None:
    value = crossed(np.zeros((2, 3), dtype))
    said = f"y has dtype {np.dtype(dtype).name}, expected float32"
    assert refusal(expect_close, value, X, "y", dtype="float32") == said
    assert refusal(expect_array, value, "y", (2, 3), dtype="float32") == said
