"""1.5: Conv1d."""

from __future__ import annotations

from dataclasses import replace

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

MAX_LOOPS = 1

# The shape of x, then filters, kernel, stride and padding.
PLAIN: tuple[Sizes, ...] = (Layer((2, 3, 6), 2, 3, 1, 0), Layer((1, 5, 3), 3, 2, 1, 0))
OTHERS: tuple[Sizes, ...] = (
    Layer((2, 2, 8), 3, 3, 2, 0),  # a value is left over
    Layer((1, 2, 9), 3, 2, 3, 0),  # stride > kernel, a value is left over
    Layer((2, 3, 6), 2, 1, 2, 0),  # kernel 1, a value is left over
    Layer((2, 2, 5), 3, 3, 1, 1),
    Layer((1, 1, 4), 2, 4, 1, 3),  # padding K - 1
    Layer((2, 2, 6), 3, 4, 3, 2),  # both, a value is left over
    Layer((2, 2, 4), 3, 4, 2, 0),  # one window
)


@check("1.5-forward", points=2)
def conv1d_correlates_and_adds_the_bias(student: Student, rng: np.random.Generator) -> None:
    """Conv1d.forward lays every filter on every window, multiplies, sums, and adds the filter's bias.

    The kernel is not flipped. All channels of a window enter each output.
    """
    for_each(student, rng, PLAIN, expect_y)


@check("1.5-geometry", needs=("1.5-forward",))
def conv1d_follows_stride_and_padding(student: Student, rng: np.random.Generator) -> None:
    """Conv1d.forward moves its windows by the stride, over a signal with `padding` zeros at each end.

    The stride may be larger than the kernel, and a rest that holds no window is left out.
    """
    for_each(student, rng, OTHERS, expect_y)


@check("1.5-dx", points=2)
def conv1d_passes_the_gradient_back(student: Student, rng: np.random.Generator) -> None:
    """Conv1d.backward returns dx, in which the contributions of all windows that hold a value add up.

    Which outputs change when x[0, 0, 2] is changed a little, and by how much each?
    """
    for_each(student, rng, PLAIN, expect_dx)


@check("1.5-dx-geometry", needs=("1.5-dx",))
def conv1d_follows_stride_and_padding_back(student: Student, rng: np.random.Generator) -> None:
    """Conv1d.backward puts the gradient where the strided windows lie, without the padding.

    dx has the shape of x, with the rest that no window reaches: it gets 0.
    """
    for_each(student, rng, OTHERS, expect_dx)


@check("1.5-parameters", points=2)
def conv1d_sets_dw_and_db(student: Student, rng: np.random.Generator) -> None:
    """Conv1d.backward sets dw and db, sums over all signals and positions.

    weight[f, c, k] was used once for each of them, and so was bias[f]. The loss has taken the mean already.
    """
    for_each(student, rng, (PLAIN[0], OTHERS[1], OTHERS[3], OTHERS[5]), expect_parameters)


@check("1.5-repeat", needs=("1.5-forward", "1.5-dx", "1.5-parameters"))
def conv1d_starts_anew(student: Student, rng: np.random.Generator) -> None:
    """Conv1d.backward replaces dw and db, and belongs to the latest forward.

    Whatever an earlier batch has left, with longer or shorter signals, has no influence. Parameters are read anew.
    """
    sizes = (Layer((3, 2, 7), 3, 3, 1, 0), Layer((1, 2, 5), 3, 3, 1, 0), Layer((2, 2, 6), 3, 3, 1, 0))
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


@check("1.5-inputs", needs=("1.5-repeat",))
def conv1d_leaves_its_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """Conv1d takes float32, read-only and non-contiguous arrays, and changes none of them, nor weight and bias.

    Only an optimizer moves parameters.
    """
    (case,) = cases(rng, (Layer((2, 2, 6), 3, 3, 1, 0),))
    parameters, gradients = {"weight": case.weight, "bias": case.bias}, {"dw": case.dw, "db": case.db}
    layer = case.layer(student)
    expect_inputs_kept(student, layer, (case.x, case.dy), (case.y, case.dx), parameters, gradients)


@check("1.5-loops", points=2, needs=("1.5-forward", "1.5-dx", "1.5-parameters"), alone=False)
def conv1d_is_vectorised(student: Student, rng: np.random.Generator) -> None:
    """Conv1d nests at most one Python loop in forward and in backward.

    What counts is how fast the steps that Python takes grow when N, C, F, K and Q grow together: a recursion, a
    comprehension, map, np.vectorize and one flat loop over N * Q take as many as the loops that they stand for.
    """
    expect_few_loops(student, rng, 1, MAX_LOOPS)
