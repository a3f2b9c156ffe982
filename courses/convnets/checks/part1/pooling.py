"""1.7: MaxPool2d and AvgPool2d."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from autograder.checking.each import for_each
from autograder.checking.expect import expect_array, expect_close
from autograder.checking.rubric import check
from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student

from ...oracles.pooling import (
    average_pool,
    average_pool_dx,
    average_pool_dx_by,
    max_pool,
    max_pool_dx,
    max_pool_dx_by,
    maxima,
)
from .shared import Clauses, distinct, draw, expect_inputs_kept

MAX, AVERAGE = "part1_numpy.pooling:MaxPool2d", "part1_numpy.pooling:AvgPool2d"

SIDE_BY_SIDE: tuple[Sizes, ...] = (Sizes((2, 3, 6, 4), kernel=2, stride=2), Sizes((1, 2, 3, 6), kernel=3, stride=3))
RESTS: tuple[Sizes, ...] = (
    Sizes((2, 2, 7, 6), kernel=2, stride=3),  # stride > kernel; a row and a column are left over
    Sizes((2, 3, 5, 7), kernel=2, stride=2),
    Sizes((1, 2, 5, 6), kernel=1, stride=2),  # kernel 1
    Sizes((2, 2, 4, 3), kernel=3, stride=3),  # one window
)
OVERLAPPING: tuple[Sizes, ...] = (Sizes((2, 2, 6, 5), kernel=3, stride=1), Sizes((1, 3, 7, 9), kernel=3, stride=2))


def _draw(rng: np.random.Generator, sizes: Sizes) -> tuple[np.ndarray, np.ndarray]:
    """Draw x, its values all different, and dy."""
    return distinct(rng, *sizes.shape), draw(rng, sizes.images, sizes.channels, *sizes.results)


def _pool(student: Student, target: str, kernel: int, stride: int) -> Remote:
    return student.new(target, kernel_size=kernel, stride=stride)


def _place_suspects(pool: Callable[..., np.ndarray], x: np.ndarray, kernel: int, stride: int) -> Clauses:
    """What forward returns when the windows stand in the wrong places."""

    def near() -> np.ndarray:
        p, q = pool(x, kernel, stride).shape[2:]
        return pool(x, kernel, 1)[:, :, :p, :q]

    return {
        "windows begin at neighbouring pixels, stride is left out": near,
        "stride is left out": lambda: pool(x, kernel, 1),
        "the stride is taken to be the kernel's side": lambda: pool(x, kernel, kernel),
        "a rest that does not fill a window is pooled as well": lambda: pool(x, kernel, stride, ceil=True),
        "the last window along each axis is left out": lambda: pool(x, kernel, stride)[:, :, :-1, :-1],
        "rows and columns of the output are exchanged": lambda: pool(x, kernel, stride).swapaxes(2, 3),
        "the channels are pooled together": lambda: np.broadcast_to(
            pool(x, kernel, stride).max(axis=1, keepdims=True), pool(x, kernel, stride).shape
        ),
    }


def _max_suspects(x: np.ndarray, kernel: int, stride: int) -> Clauses:
    return {
        "the mean of each window is taken": lambda: average_pool(x, kernel, stride),
        "the smallest value of each window is taken": lambda: -max_pool(-x, kernel, stride),
        "the largest absolute value of each window is taken": lambda: max_pool(np.abs(x), kernel, stride),
        "values below 0 are taken for 0": lambda: max_pool(x, kernel, stride).clip(0),
        **_place_suspects(max_pool, x, kernel, stride),
    }


def _average_suspects(x: np.ndarray, kernel: int, stride: int) -> Clauses:
    right = average_pool(x, kernel, stride)

    def filled() -> np.ndarray:
        rests = [-(length - kernel) % stride for length in x.shape[2:]]
        return average_pool(np.pad(x, ((0, 0), (0, 0), *((0, rest) for rest in rests))), kernel, stride)

    return {
        "a rest that does not fill a window is filled up with zeros": filled,
        "the sum of each window is taken, not its mean": lambda: right * kernel**2,
        "the sum of each window is divided by its side, not by the number of its pixels": lambda: right * kernel,
        "the largest value of each window is taken": lambda: max_pool(x, kernel, stride),
        **_place_suspects(average_pool, x, kernel, stride),
    }


def _max_dx_suspects(x: np.ndarray, dy: np.ndarray, kernel: int, stride: int) -> Clauses:
    rules = {
        "a later window overwrites an earlier one where they overlap": "overwritten",
        "a pixel that is the largest of several windows gets the gradient of the last one only": "marked",
        "a pixel that is the largest of several windows gets the gradient of the first one only": "marked first",
        "stride is left out: windows begin at neighbouring pixels": "unstrided",
        "row and column of the largest value are exchanged": "transposed",
        "windows are taken to lie side by side, a kernel's side apart": "side by side",
        "dy is left out": "once",
    }
    p, q = ((count - 1) * stride + kernel for count in dy.shape[2:])
    return {
        "the rest that no window reaches is missing": lambda: max_pool_dx(x, dy, kernel, stride)[:, :, :p, :q],
        **{clause: partial(max_pool_dx_by, x, dy, kernel, stride, rule) for clause, rule in rules.items()},
        "all pixels of a window share its gradient, as in average pooling": lambda: average_pool_dx(
            dy, x.shape[2:], kernel, stride
        ),
        "all pixels of a window get its gradient": lambda: kernel**2 * average_pool_dx(dy, x.shape[2:], kernel, stride),
        "the gradient is divided by the number of pixels": lambda: max_pool_dx(x, dy, kernel, stride) / kernel**2,
    }


def _average_dx_suspects(dy: np.ndarray, size: tuple[int, ...], kernel: int, stride: int) -> Clauses:
    right = average_pool_dx(dy, size, kernel, stride)
    rules = {
        "a later window overwrites an earlier one where they overlap": "overwritten",
        "the pixels at one place of the windows overwrite those at another": "kernel",
        "stride is left out: windows begin at neighbouring pixels": "unstrided",
        "windows are taken to lie side by side, a kernel's side apart": "side by side",
    }
    p, q = ((count - 1) * stride + kernel for count in dy.shape[2:])
    return {
        "the rest that no window reaches is missing": lambda: right[:, :, :p, :q],
        **{clause: partial(average_pool_dx_by, dy, size, kernel, stride, rule) for clause, rule in rules.items()},
        "each pixel gets the whole gradient of its window, not its share": lambda: right * kernel**2,
        "the gradient is divided by the window's side, not by the number of its pixels": lambda: right * kernel,
        "the gradient is divided by the number of pixels twice": lambda: right / kernel**2,
    }


def _expect_y(target: str, student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    x, _ = _draw(rng, sizes)
    pool, suspects = (max_pool, _max_suspects) if target == MAX else (average_pool, _average_suspects)
    how = (x, sizes.kernel, sizes.stride)
    expect_close(_pool(student, target, *how[1:]).forward(x), pool(*how), "y", suspects=suspects(*how))


def _expect_max_dx(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    (x, dy), how = _draw(rng, sizes), (sizes.kernel, sizes.stride)
    layer = _pool(student, MAX, *how)
    layer.forward(x)
    suspects = _max_dx_suspects(x, dy, *how)
    expect_close(layer.backward(dy), max_pool_dx(x, dy, *how), "dx", suspects=suspects)


def _expect_average_dx(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    (x, dy), how = _draw(rng, sizes), (sizes.kernel, sizes.stride)
    layer = _pool(student, AVERAGE, *how)
    layer.forward(x)
    suspects = _average_dx_suspects(dy, sizes.lengths, *how)
    expect_close(layer.backward(dy), average_pool_dx(dy, sizes.lengths, *how), "dx", suspects=suspects)


@check("1.7-max", points=2)
def max_pool_keeps_the_largest(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d.forward keeps the largest value of every window, in each channel on its own.

    Values may all be negative. P and Q follow from H and W as in a convolution without padding.
    """
    for_each(student, rng, (*SIDE_BY_SIDE, *RESTS, *OVERLAPPING), partial(_expect_y, MAX))


@check("1.7-max-gradient", points=2)
def max_pool_gives_the_gradient_to_the_largest(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d.backward gives each value of dy to the pixel that was its window's largest.

    All other pixels have no influence on the output: what is their gradient?
    """
    for_each(student, rng, SIDE_BY_SIDE, _expect_max_dx)


@check("1.7-max-rests", needs=("1.7-max-gradient",))
def max_pool_gives_nothing_to_the_rest(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d.backward returns dx in the shape of x, with 0 for pixels that lie in no window.

    The stride may exceed the kernel, and need not divide height and width.
    """
    for_each(student, rng, RESTS, _expect_max_dx)


@check("1.7-max-overlap", points=2, needs=("1.7-max-gradient",))
def max_pool_adds_up_where_windows_overlap(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d.backward adds the gradients of windows that overlap.

    A pixel can be the largest of several windows at once. Then all their outputs change with it.
    """
    for_each(student, rng, OVERLAPPING, _expect_max_dx)


@check("1.7-max-ties", needs=("1.7-max-gradient",), alone=False)
def max_pool_gives_no_gradient_twice(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d.backward gives out each value of dy once, even where several pixels of a window are equally large.

    One of them may get all of it, or they may share it.
    """
    values, dy = distinct(rng, 2, 2, 3, 2), draw(rng, 2, 2, 3, 2)
    x = np.repeat(np.repeat(values, 2, axis=2), 2, axis=3)
    x[:, :, ::2, 1::2] -= 0.125  # one pixel of each window of four is smaller than the other three
    layer = _pool(student, MAX, 2, 2)
    layer.forward(x)
    dx = expect_array(layer.backward(dy), "dx", x.shape)
    largest = maxima(x, 2)
    expect_close(np.where(largest, 0.0, dx), np.zeros(x.shape), "dx of a pixel that is not its window's largest")
    sums = dx.reshape(2, 2, 3, 2, 2, 2).sum(axis=(3, 5))
    suspects = {"each of the equal pixels gets the whole gradient": lambda: 3 * dy}
    expect_close(sums, dy, "the sum of dx over each window", suspects=suspects)


@check("1.7-average", points=2)
def average_pool_keeps_the_mean(student: Student, rng: np.random.Generator) -> None:
    """AvgPool2d.forward keeps the mean of every window, in each channel on its own.

    P and Q follow from H and W as in a convolution without padding.
    """
    for_each(student, rng, (*SIDE_BY_SIDE, *RESTS, *OVERLAPPING), partial(_expect_y, AVERAGE))


@check("1.7-average-gradient", points=2)
def average_pool_shares_the_gradient(student: Student, rng: np.random.Generator) -> None:
    """AvgPool2d.backward shares each value of dy among the pixels of its window; pixels in no window get 0.

    By how much does the mean of four values change, when one of them changes by 1? dx has the shape of x.
    """
    for_each(student, rng, (*SIDE_BY_SIDE, *RESTS), _expect_average_dx)


@check("1.7-average-overlap", needs=("1.7-average-gradient",))
def average_pool_adds_up_where_windows_overlap(student: Student, rng: np.random.Generator) -> None:
    """AvgPool2d.backward adds the shares of windows that overlap.

    A pixel gets a share from each window that it lies in.
    """
    for_each(student, rng, OVERLAPPING, _expect_average_dx)


@check("1.7-repeat", needs=("1.7-max", "1.7-average", "1.7-max-gradient", "1.7-average-gradient"))
def pools_start_anew(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d and AvgPool2d take batch after batch, and move by the kernel's side when no stride is given.

    backward belongs to the latest forward, whose images may have another size than those before.
    """
    for target, pool in ((MAX, max_pool), (AVERAGE, average_pool)):
        name = f"{target.partition(':')[2]}(3)"
        layer = student.new(target, 3)
        layer.forward(distinct(rng, 2, 2, 9, 12))
        x, dy = distinct(rng, 2, 2, 6, 9), draw(rng, 2, 2, 2, 3)
        expect_close(layer.forward(x), pool(x, 3, 3), f"y of {name}", suspects=_place_suspects(pool, x, 3, 1))
        expected = max_pool_dx(x, dy, 3, 3) if target == MAX else average_pool_dx(dy, x.shape[2:], 3, 3)
        suspects = {"the size of an earlier batch is kept": partial(np.pad, expected, ((0, 0), (0, 0), (0, 3), (0, 3)))}
        expect_close(layer.backward(dy), expected, f"dx of {name}", suspects=suspects)


@check("1.7-inputs", needs=("1.7-repeat",))
def pools_leave_their_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d and AvgPool2d take float32, read-only and non-contiguous arrays, and change none of them."""
    x, dy = distinct(rng, 2, 2, 4, 6), draw(rng, 2, 2, 2, 3)
    values = (max_pool(x, 2, 2), max_pool_dx(x, dy, 2, 2))
    expect_inputs_kept(student, _pool(student, MAX, 2, 2), (x, dy), values)
    values = (average_pool(x, 2, 2), average_pool_dx(dy, x.shape[2:], 2, 2))
    expect_inputs_kept(student, _pool(student, AVERAGE, 2, 2), (x, dy), values)
