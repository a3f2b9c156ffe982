"""1.10: a convolution as a matrix, and the convolution of mathematics."""

from __future__ import annotations

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.each import Judge, for_each_ahead
from autograder.checking.expect import TOLERANCE, expect_close, expect_unchanged
from autograder.checking.rubric import check
from autograder.checking.student import Student, calling

from ...oracles.toeplitz import convolved, matrix
from .shared import draw

MATRIX, FULL = "part1_numpy.toeplitz:conv2d_matrix", "part1_numpy.toeplitz:convolve_full"
AXES = ("row", "column")


def _image(channels: int, height: int, width: int, filters: int, kernel: int, stride: int, padding: int) -> Sizes:
    return Sizes((1, channels, height, width), filters, kernel, stride, padding, padded=True)


PLAIN: tuple[Sizes, ...] = (
    _image(1, 2, 3, 1, 2, 1, 0),
    _image(2, 3, 4, 1, 2, 1, 0),
    _image(2, 4, 3, 3, 3, 1, 0),
    _image(3, 2, 3, 2, 1, 1, 0),
)
STRIDED: tuple[Sizes, ...] = (
    _image(1, 4, 6, 1, 2, 2, 0),
    _image(1, 4, 7, 2, 2, 3, 0),  # stride > kernel, a row is left over
    _image(2, 6, 4, 1, 3, 2, 0),  # a row and a column are left over
    _image(1, 3, 5, 2, 1, 2, 0),
)
PADDED: tuple[Sizes, ...] = (
    _image(1, 2, 3, 1, 2, 1, 1),
    _image(1, 3, 2, 2, 4, 1, 3),  # padding K - 1
    _image(2, 4, 5, 1, 3, 3, 1),  # the rests of image and padding make up a window
)


def _matrix(student: Student, rng: np.random.Generator, sizes: Sizes) -> Judge:
    """Ask for a matrix, which should be right; stride and padding are named where they are not the usual ones."""
    weight = draw(rng, sizes.filters, sizes.channels, sizes.kernel, sizes.kernel)
    height, width = sizes.lengths
    stride = {"stride": sizes.stride} if sizes.stride != 1 else {}
    padding = {"padding": sizes.padding} if sizes.padding != 0 else {}
    found = student.several([calling(MATRIX, weight, height, width, **stride, **padding)])
    right = matrix(weight, height, width, sizes.stride, sizes.padding)
    return lambda: expect_close(next(found), right, "M", axes=AXES)


@check("1.10-matrix", points=2)
def matrix_times_image_is_the_convolution(student: Student, rng: np.random.Generator) -> None:
    """conv2d_matrix has one row for each output value, with the weights where the window's pixels are.

    Rows in the order of y.ravel(), columns in that of x.ravel(). Print it for a 2 x 2 filter and a 2 x 3 image.
    """
    for_each_ahead(student, rng, PLAIN, _matrix)


@check("1.10-stride", points=2, needs=("1.10-matrix",))
def matrix_moves_its_windows_by_the_stride(student: Student, rng: np.random.Generator) -> None:
    """conv2d_matrix moves the weights on by the stride from window to window.

    Along both axes of the image. What is left over at the end gets columns of zeros: it is part of x, and no window
    sees it.
    """
    for_each_ahead(student, rng, STRIDED, _matrix)


@check("1.10-backward", points=2, needs=("1.10-stride",))
def transposed_matrix_is_the_backward_pass(student: Student, rng: np.random.Generator) -> None:
    """conv2d_matrix(...).T is the backward pass of the convolution, padding included.

    So each row of M is what backward returns when dy is 1 at one place. The padding is not part of x: no row of dx
    belongs to it, and no column of M.
    """
    for_each_ahead(student, rng, PADDED, _matrix)


@check("1.10-full", points=2)
def convolution_of_mathematics(student: Student, rng: np.random.Generator) -> None:
    """convolve_full returns all n + k - 1 values of y[i] = sum over j of w[j] * x[i - j].

    Multiply (1 + 2t + 3t^2)(4 + 5t) by hand. The kernel may be longer than the signal.
    """
    pairs = [(draw(rng, n), draw(rng, k)) for n, k in ((4, 2), (5, 3), (2, 4), (1, 1), (3, 3))]
    found = student.several([calling(FULL, x, w) for x, w in pairs])
    for x, w in pairs:
        expect_close(next(found), convolved(x, w), f"y of {len(x)} and {len(w)} values")


@check("1.10-shift", needs=("1.10-full",))
def moved_signal_gives_a_moved_result(student: Student, rng: np.random.Generator) -> None:
    """convolve_full of a signal that is moved is moved alike: zeros of the signal count as values.

    Zeros put before x stand before y as well, and zeros put behind it behind y.
    """
    x, w = draw(rng, 4), draw(rng, 3)
    y = convolved(x, w)
    zeros = ((2, 0), (0, 2), (1, 3))
    found = student.several([calling(FULL, np.pad(x, those), w) for those in zeros])
    for before, behind in zeros:
        name = f"y of a signal with {before} zeros before it and {behind} behind it"
        expect_close(next(found), np.pad(y, (before, behind)), name)


@check("1.10-inputs", needs=("1.10-matrix", "1.10-full"))
def matrices_keep_dtype_and_inputs(student: Student, rng: np.random.Generator) -> None:
    """conv2d_matrix and convolve_full take float32, read-only and non-contiguous arrays, and change none of them."""
    weight, x, w = draw(rng, 2, 3, 2, 2), draw(rng, 5), draw(rng, 3)
    for dtype, layout in (("float32", "strided"), ("float32", "readonly"), ("float64", "fortran")):
        held, signal, kernel = those = [student.hold(value.astype(dtype), layout) for value in (weight, x, w)]
        calls = [calling(MATRIX, held, 3, 4), calling(FULL, signal, kernel)]
        found = student.several([*calls, *(one.fetching() for one in those)])
        expect_close(next(found), matrix(weight, 3, 4, 1, 0), f"M of a {layout} weight", dtype=dtype, axes=AXES)
        expect_close(next(found), convolved(x, w), f"y of a {layout} x", dtype=dtype)
        for name, value in (("weight", weight), ("x", x), ("w", w)):
            expect_unchanged(next(found), value, name)
    mixed = (("float32", "float64"), ("float64", "float32"))
    found = student.several([calling(FULL, x.astype(one), w.astype(other)) for one, other in mixed])
    for one, other in mixed:
        name = f"y of a {one} x and a {other} w (together float64)"
        expect_close(next(found), convolved(x, w), name, tolerance=TOLERANCE["float32"])
