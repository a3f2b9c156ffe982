"""1.5: Conv1d."""

from __future__ import annotations

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.declare import Row, checks
from autograder.checking.loops import expect_few_loops
from autograder.checking.rubric import check
from autograder.checking.student import Student

from .convolutions import Layer, convolution

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
    Layer((2, 2, 1), 3, 4, 5, 3),  # one window, and a value that lies at its end
)

CONV = convolution(
    "part1_numpy.conv1d:Conv1d",
    1,
    {
        "plain": PLAIN,
        "others": OTHERS,
        "some": (PLAIN[0], OTHERS[1], OTHERS[3], OTHERS[5]),
        "latest": (Layer((3, 2, 7), 3, 3, 1, 0), Layer((1, 2, 5), 3, 3, 1, 0), Layer((2, 2, 6), 3, 3, 1, 0)),
        "inputs": (Layer((2, 2, 6), 3, 3, 1, 0),),
    },
)
checks(
    "1.5",
    {
        "forward": Row(
            "Conv1d.forward lays every filter on every window, multiplies, sums, and adds the filter's bias.",
            "The kernel is not flipped. All channels of a window enter each output.", points=2, ask="y: plain",
        ),
        "geometry": Row(
            "Conv1d.forward moves its windows by the stride, over a signal with `padding` zeros at each end.",
            "The stride may be larger than the kernel, and a rest that holds no window is left out.",
            ask="y: others", needs=("1.5-forward",),
        ),
        "dx": Row(
            "Conv1d.backward returns dx, in which the contributions of all windows that hold a value add up.",
            "Which outputs change when x[0, 0, 2] is changed a little, and by how much each?",
            points=2, ask="dx: plain",
        ),
        "dx-geometry": Row(
            "Conv1d.backward puts the gradient where the strided windows lie, without the padding.",
            "dx has the shape of x, with the rest that no window reaches: it gets 0.",
            ask="dx: others", needs=("1.5-dx",),
        ),
        "parameters": Row(
            "Conv1d.backward sets dw and db, sums over all signals and positions.",
            "weight[f, c, k] was used once for each of them, and so was bias[f]. The loss has taken the mean already.",
            points=2, ask="dw db: some",
        ),
        "repeat": Row(
            "Conv1d.backward replaces dw and db, and belongs to the latest forward.",
            "Whatever an earlier batch has left, with longer or shorter signals, has no influence. Parameters are read "
            "anew.",
            ask="latest y", needs=("1.5-forward", "1.5-dx", "1.5-parameters"),
        ),
        "inputs": Row(
            "Conv1d takes float32, read-only and non-contiguous arrays, and changes none of them, nor weight and bias.",
            "Only an optimizer moves parameters.", ask="inputs", needs=("1.5-repeat",),
        ),
    },
    CONV,
)  # fmt: skip


@check("1.5-loops", points=2, needs=("1.5-forward", "1.5-dx", "1.5-parameters"), alone=False)
def conv1d_is_vectorised(student: Student, rng: np.random.Generator) -> None:
    """Conv1d nests at most one Python loop in forward and in backward.

    What counts is how fast the steps that Python takes grow when N, C, F, K and Q grow together: a recursion, a
    comprehension, map, np.vectorize and one flat loop over N * Q take as many as the loops that they stand for.
    """
    expect_few_loops(student, rng, CONV, lambda n: Layer((n, n, 2 * n - 1), n, n, 1, 0), (3, 5, 7, 9), MAX_LOOPS)
