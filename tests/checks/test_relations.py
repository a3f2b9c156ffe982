"""How wrong values follow from the right ones, by line, by two numbers or by another array."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from autograder.checking.expect import expect_close, expect_equal
from autograder.diagnosis.differences import locate, whole
from autograder.errors import CheckFailed

RNG = np.random.default_rng(0)
RIGHT, X, BIAS, PROBS = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.random((3, 4))
PARTS = {"x": X, "bias": BIAS, "probs": PROBS}
ROWS = np.array([[0.5], [1 / 3], [0.25]])
ONE_HOT = np.eye(4)[[0, 2, 1]]
SMOOTH = 0.1 * (ONE_HOT - 0.25) / 3
Change = Callable[[np.ndarray], np.ndarray]


def told(found: np.ndarray, right: np.ndarray = RIGHT) -> str:
    """What is said of wrong values, whose axes are images and classes."""
    wrong = np.abs(found - right) > 1e-9 * (np.abs(right) + 1)
    return locate(found, right, wrong, 1e-9, ("image", "class")[: found.ndim], PARTS)


def some(change: Change, where: np.ndarray) -> Change:
    return lambda right: np.where(where, change(right), right)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r * ROWS, "those of each image are multiples of what they should be: by 1/2, 1/3, 1/4"),
        (lambda r: r + 10 * ROWS, "to those of each image a number of its own is added: 5, 10/3, 5/2"),
        (lambda r: r * ROWS + 7 * ROWS[::-1], "by 1/2, 1/3, 1/4, with a number of their own added"),
        (lambda r: 2 * r + 1, "each is 2 times what it should be plus 1"),
        (lambda r: r + SMOOTH, "one of each image's is 0.025 too large, all others 0.00833333 too small"),
        (lambda r: X, "they are x"),
        (lambda r: 2 * X, "each is 2 times x"),
        (lambda r: r - X, "they are what they should be minus x"),
        (lambda r: r + BIAS, "they are what they should be plus bias along axis 1"),
        (lambda r: r / 2 + X / 10, "each is 1/2 times what it should be plus 1/10 times x"),
        (lambda r: r * PROBS * (1 - PROBS), "each is what it should be times probs * (1 - probs), a slope"),
        (lambda r: r / PROBS, "each is what it should be divided by probs"),
        (lambda r: 1 - X / 50, "each is 1 minus 1/50 times x: a straight line"),
        (lambda r: 2 * X - PROBS / 3, "each is 2 times x minus 1/3 times probs"),
        (lambda r: X + np.sign(r) / 4, "each differs from x by 1/4, up or down"),
        (lambda r: np.maximum(r, 0) + 0 * (r[0, 0] > 9), "none of them is below 0, as behind a ReLU"),
        (lambda r: np.repeat(r[:, ::2], 2, axis=1), "each stands 2 times in a row along axis 1"),
        (some(lambda r: 2 * r, np.arange(12).reshape(3, 4) < 4), "first image, all of them 2 times what they"),
        (some(lambda r: -r, np.arange(12).reshape(3, 4) % 2 == 0), "second class, all of them with the wrong sign"),
        (some(lambda r: r - 3, np.arange(12).reshape(3, 4) > 7), "last image, all of them 3 too small"),
    ],
)  # fmt: skip
def test_a_relation_to_the_right_values_is_told(change: Change, words: str) -> None:
    right = np.where(RIGHT > 0.5, RIGHT, -np.abs(RIGHT)) if "ReLU" in words else RIGHT
    assert words in told(change(right), right)


def test_a_power_and_what_is_symmetric_are_told() -> None:
    counts = np.array([[5.0, 2.0, 1.0], [0.5, 3.0, 4.0], [0.1, 0.2, 0.3]])
    assert "in proportion to what it should be to the power 3/4" in told(2 * counts**0.75, counts)
    assert "rows and columns count alike" in told(counts + counts.T, counts)


def test_what_is_cut_off_is_told_by_where() -> None:
    x = np.linspace(-3, 3, 13)
    assert "all of them cut off at 1" in told(np.minimum(x, 1), x)
    assert "all of them -1 or 1, as where something is clipped" in told(np.clip(x, -1, 1), x)


def test_of_values_that_follow_from_nothing_nothing_is_said() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        shape = tuple(rng.integers(2, 6, size=int(rng.integers(1, 5))))
        found, right = rng.normal(size=shape), rng.normal(size=shape)
        assert locate(found, right, np.ones(shape, bool), 1e-9, (), {"x": rng.normal(size=shape)}) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (0.5, "it is the median of the accuracies"),
        (0.3, "it is the smallest of the accuracies"),
        ((0.3 * 0.5 * 0.8) ** (1 / 3), "it is the geometric mean of the accuracies"),
    ],
)
def test_a_number_that_should_be_a_mean_is_told_for_another_one(found, words) -> None:
    row = np.array([0.3, 0.5, 0.8])
    with pytest.raises(CheckFailed, match=words):
        expect_close(found, row.mean(), "mean", parts={"the accuracies": row})


def test_a_row_of_counts_is_told_how_it_follows_from_the_right_one() -> None:
    right = (5000, 2997, 1796, 1077, 645, 387, 232, 139)
    with pytest.raises(CheckFailed, match=r"\(they are right when moved by 1 along axis 0"):
        expect_equal((*right[1:], 83), right, "counts")
    with pytest.raises(CheckFailed, match=r"\(they are right in reverse order along axis 0\)"):
        expect_equal(right[::-1], right, "counts")
    with pytest.raises(CheckFailed, match=r"expected \(1, 2\)$"):  # two numbers are too few
        expect_equal((2, 1), (1, 2), "steps")


@pytest.mark.parametrize(("change", "words"), [(np.sum, "summed"), (np.mean, "averaged")])
def test_a_row_that_another_array_gives_is_told(change: Callable[..., np.ndarray], words: str) -> None:
    text = told(change(X, axis=0), BIAS)
    assert text == f"they are x, {words} over all axes but axis 1"


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e155, 1e307])
@pytest.mark.parametrize("shape", [(3, 4), (5,), (2, 3, 4, 4), (1, 1)])
def test_numbers_of_any_size_are_looked_at_without_a_warning(scale: float, shape: tuple[int, ...]) -> None:
    right = RNG.normal(size=shape)
    for found in (right * scale, right + scale, abs(right) * scale, np.full(shape, scale)):
        assert not re.search(r"\b(nan|inf)\b", told(found, right) + whole(found, right, 1e-9))
        told(right, found)
