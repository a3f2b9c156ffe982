"""1.8 to 1.11: pools of stride 1, and pools batch after batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.declare import Row, checks
from autograder.checking.each import for_each
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.student import Student
from courses.convnets.checks.part1.pooling import AVERAGE, MAX
from courses.convnets.checks.part1.shared import Clauses, distinct, draw

from ..oracles.pooling import average_pool, average_pool_dx, average_pool_dx_by, max_pool, max_pool_dx
from ..oracles.pooling import max_pool_dx_by as max_pool_dx_wrong
from .convolutions import REPEAT

Pool = Callable[[np.ndarray, int, int], np.ndarray]
SIZES: tuple[Sizes, ...] = (
    Sizes((2, 3, 5, 4), kernel=2, stride=1),
    Sizes((1, 2, 4, 6), kernel=3, stride=1),
    Sizes((2, 1, 3, 3), kernel=3, stride=1),  # one window
    Sizes((1, 2, 3, 4), kernel=1, stride=1),
)


def _expect_pool(pool: Pool, name: str, student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    x = distinct(rng, *sizes.shape)
    suspects: Clauses = {
        "the windows lie next to each other: the stride is taken to be the kernel": lambda: pool(
            x, sizes.kernel, sizes.kernel
        ),
        "the last window along each axis is left out": lambda: pool(x, sizes.kernel, 1)[:, :, :-1, :-1],
    }
    if pool is max_pool:
        suspects["the smallest value of each window is taken"] = lambda: -pool(-x, sizes.kernel, 1)
        suspects["the search for the largest value starts from 0"] = lambda: np.maximum(pool(x, sizes.kernel, 1), 0)
    else:
        suspects["the sum of each window is taken, not its mean"] = lambda: pool(x, sizes.kernel, 1) * sizes.kernel**2
        suspects["the sum is divided by the kernel's side, not by its square"] = lambda: (
            pool(x, sizes.kernel, 1) * sizes.kernel
        )
        suspects["the mean is taken over all images and channels too"] = lambda: np.broadcast_to(
            pool(x, sizes.kernel, 1).mean((0, 1)), (*x.shape[:2], *sizes.results)
        )
    layer = student.new(f"mytorch:{name}", sizes.kernel)
    expect_close(layer.forward(x), pool(x, sizes.kernel, 1), "Z", suspects=suspects)


def _expect_max_dx(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    x, dy = distinct(rng, *sizes.shape), draw(rng, sizes.images, sizes.channels, *sizes.results)
    layer = student.new("mytorch:MaxPool2d_stride1", sizes.kernel)
    layer.forward(x)
    suspects: Clauses = {
        clause: partial(max_pool_dx_wrong, x, dy, sizes.kernel, 1, rule)
        for clause, rule in {
            "a later window overwrites an earlier one": "overwritten",
            "a pixel that is the largest of several windows gets the gradient of the last one only": "marked",
            "a pixel that is the largest of several windows gets the gradient of the first one only": "marked first",
            "row and column of the largest value are exchanged": "transposed",
            "the gradient goes to the first pixel of each window": "corner",
            "the gradient goes to the smallest value of each window": "smallest",
            "1 is given to the largest value of each window, not dLdZ": "once",
            "the place within the window is taken for that in the image": "within",
            "the row within the window is taken for that in the image": "rows within",
            "the column within the window is taken for that in the image": "columns within",
        }.items()
    }
    suspects["every pixel of a window gets the gradient"] = lambda: (
        average_pool_dx(dy, sizes.lengths, sizes.kernel, 1) * sizes.kernel**2
    )
    expect_close(layer.backward(dy), max_pool_dx(x, dy, sizes.kernel, 1), "dLdA", suspects=suspects)


def _expect_mean_dx(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    x, dy = distinct(rng, *sizes.shape), draw(rng, sizes.images, sizes.channels, *sizes.results)
    layer = student.new("mytorch:MeanPool2d_stride1", sizes.kernel)
    layer.forward(x)
    right = average_pool_dx(dy, sizes.lengths, sizes.kernel, 1)
    suspects: Clauses = {
        "the shares are not divided by the size of the window": lambda: right * sizes.kernel**2,
        "the shares are divided by the kernel's side, not by its square": lambda: right * sizes.kernel,
        "the shares are divided by the number of windows, not by the size of the window": lambda: (
            right * sizes.kernel**2 / math.prod(sizes.results)
        ),
        "a later window overwrites an earlier one": partial(
            average_pool_dx_by, dy, sizes.lengths, sizes.kernel, 1, "overwritten"
        ),
    }
    expect_close(layer.backward(dy), right, "dLdA", suspects=suspects)


@check("1.8-forward", points=2)
def max_pool_of_stride_1(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d_stride1.forward keeps the largest value of every window, in each channel on its own."""
    for_each(student, rng, SIZES, partial(_expect_pool, max_pool, "MaxPool2d_stride1"))


@check("1.8-backward", points=2)
def max_pool_of_stride_1_back(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d_stride1.backward gives each value of dLdZ to the pixel that was its window's largest, and adds up."""
    for_each(student, rng, SIZES, _expect_max_dx)


checks("1.9", {"repeat": Row(REPEAT.format("MaxPool2d", "images", "larger", "smaller"), ask="latest y")}, MAX)


@check("1.10-forward", points=2)
def mean_pool_of_stride_1(student: Student, rng: np.random.Generator) -> None:
    """MeanPool2d_stride1.forward keeps the mean of every window, in each channel on its own."""
    for_each(student, rng, SIZES, partial(_expect_pool, average_pool, "MeanPool2d_stride1"))


@check("1.10-backward", points=2)
def mean_pool_of_stride_1_back(student: Student, rng: np.random.Generator) -> None:
    """MeanPool2d_stride1.backward shares each value of dLdZ among the pixels of its window, and adds up."""
    for_each(student, rng, SIZES, _expect_mean_dx)


checks("1.11", {"repeat": Row(REPEAT.format("MeanPool2d", "images", "larger", "smaller"), ask="latest y")}, AVERAGE)
