"""1.6: Conv2d."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from autograder.checking.each import for_each
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.sizes import Sizes
from autograder.checking.student import Student

from .convolutions import (
    Layer,
    cases,
    expect_dx,
    expect_parameters,
    expect_y,
)
from .shared import expect_inputs_kept, expect_replaced
from .steps import expect_few_loops

MAX_LOOPS = 2

# The shape of x, then filters, kernel, stride and padding.
PLAIN: tuple[Sizes, ...] = (Layer((2, 3, 5, 4), 2, 3, 1, 0), Layer((1, 2, 3, 6), 3, 2, 1, 0))
STRIDED: tuple[Sizes, ...] = (
    Layer((2, 2, 7, 6), 3, 3, 2, 0),  # a column is left over
    Layer((1, 2, 9, 8), 3, 2, 3, 0),  # stride > kernel, a row is left over
    Layer((2, 2, 5, 8), 3, 1, 2, 0),  # kernel 1, a column is left over
    Layer((2, 3, 3, 4), 2, 3, 2, 0),  # one window
)
PADDED: tuple[Sizes, ...] = (
    Layer((2, 2, 4, 5), 3, 3, 1, 1),
    Layer((1, 1, 4, 3), 2, 3, 1, 2),  # padding K - 1
    Layer((2, 2, 6, 5), 3, 4, 2, 2),
    Layer((2, 2, 5, 6), 3, 3, 2, 1),  # a column of padding is left over
)


@check("1.6-forward", points=2)
def conv2d_correlates_and_adds_the_bias(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.forward lays every filter on every window, multiplies, sums, and adds the filter's bias.

    The kernel is not flipped. All channels of a window enter each output.
    """
    for_each(student, rng, PLAIN, expect_y)


@check("1.6-stride", needs=("1.6-forward",))
def conv2d_moves_on_by_the_stride(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.forward moves its windows by the stride, and leaves out a rest that holds no window.

    The stride may be larger than the kernel, and height and width may leave different rests.
    """
    for_each(student, rng, STRIDED, expect_y)


@check("1.6-padding", needs=("1.6-stride",))
def conv2d_puts_zeros_around(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.forward puts `padding` rows and columns of zeros on each of the four sides.

    Images and channels are not padded. The number of windows follows from the size with the padding.
    """
    for_each(student, rng, PADDED, expect_y)


@check("1.6-dx", points=2)
def conv2d_passes_the_gradient_back(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.backward returns dx, in which the contributions of all windows that hold a pixel add up.

    Which outputs change when x[0, 0, 1, 1] is changed a little, and by how much each?
    """
    for_each(student, rng, PLAIN, expect_dx)


@check("1.6-dx-stride", needs=("1.6-dx",))
def conv2d_passes_the_gradient_back_to_strided_windows(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.backward puts the gradient where the strided windows lie; pixels that none of them holds get 0.

    dx has the shape of x, with the rest that no window reaches.
    """
    for_each(student, rng, STRIDED, expect_dx)


@check("1.6-dx-padding", needs=("1.6-dx-stride",))
def conv2d_cuts_the_padding_off(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.backward returns dx without the padding.

    Nobody asks for the gradient of the zeros that forward has put around x.
    """
    for_each(student, rng, PADDED, expect_dx)


@check("1.6-dw", points=2)
def conv2d_sets_dw(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.backward sets dw, a sum over all images and positions.

    weight[f, c, i, j] was used once for each of them. The loss has taken the mean already.
    """
    for_each(
        student,
        rng,
        (PLAIN[0], STRIDED[0], PADDED[0], STRIDED[1], PADDED[3]),
        partial(expect_parameters, names=("dw",)),
    )


@check("1.6-db")
def conv2d_sets_db(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.backward sets db, a sum over all images and positions.

    bias[f] was added to every output of filter f.
    """
    for_each(student, rng, (PLAIN[0], STRIDED[1], PADDED[0]), partial(expect_parameters, names=("db",)))


@check("1.6-repeat", needs=("1.6-forward", "1.6-dx", "1.6-dw", "1.6-db"))
def conv2d_starts_anew(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.backward replaces dw and db, and belongs to the latest forward.

    Whatever an earlier batch has left, with larger or smaller images, has no influence. Parameters are read anew.
    """
    sizes = (Layer((3, 2, 6, 5), 3, 3, 1, 0), Layer((1, 2, 4, 7), 3, 3, 1, 0), Layer((2, 2, 5, 6), 3, 3, 1, 0))
    earlier, other, case = cases(rng, sizes)
    layer = earlier.layer(student)
    layer.forward(earlier.x)
    layer.backward(earlier.dy)
    layer.forward(other.x)
    layer.set(weight=case.weight, bias=case.bias)
    suspects = {"the weight of an earlier batch is kept": lambda: replace(case, weight=earlier.weight).y}
    expect_close(layer.forward(case.x), case.y, "y of a later batch", suspects=suspects)
    expect_close(layer.backward(case.dy), case.dx, "dx of a later batch")
    expect_replaced(layer, "dw", case.dw, earlier.dw)
    expect_replaced(layer, "db", case.db, earlier.db)


@check("1.6-inputs", needs=("1.6-repeat",))
def conv2d_leaves_its_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """Conv2d takes float32, read-only and non-contiguous arrays, and changes none of them, nor weight and bias.

    Only an optimizer moves parameters.
    """
    (case,) = cases(rng, (Layer((2, 2, 4, 5), 3, 3, 1, 0),))
    parameters, gradients = {"weight": case.weight, "bias": case.bias}, {"dw": case.dw, "db": case.db}
    layer = case.layer(student)
    expect_inputs_kept(student, layer, (case.x, case.dy), (case.y, case.dx), parameters, gradients)


@check("1.6-loops", points=2, needs=("1.6-forward", "1.6-dx", "1.6-dw", "1.6-db"), alone=False)
def conv2d_is_vectorised(student: Student, rng: np.random.Generator) -> None:
    """Conv2d nests at most two Python loops in forward and in backward.

    What counts is how fast the steps that Python takes grow when N, C, F, K, P and Q grow together: a recursion, a
    comprehension, map, np.vectorize and one flat loop over N * P * Q take as many as the loops that they stand for.
    """
    expect_few_loops(student, rng, 2, MAX_LOOPS)
