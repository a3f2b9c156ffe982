"""1.6: Conv2d."""

from __future__ import annotations

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.declare import Row, checks
from autograder.checking.loops import expect_few_loops
from autograder.checking.rubric import check
from autograder.checking.student import Student

from .convolutions import Layer, convolution

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
    Layer((2, 2, 6, 5), 3, 4, 3, 2),  # the rests of image and padding make up a window
    Layer((2, 2, 5, 6), 3, 3, 2, 1),  # a column of padding is left over
    Layer((1, 1, 3, 4), 2, 4, 1, 3),  # padding K - 1, as large as the image
)

CONV = convolution(
    "part1_numpy.conv2d:Conv2d",
    2,
    {
        "plain": PLAIN,
        "strided": STRIDED,
        "padded": PADDED,
        "some": (PLAIN[0], STRIDED[0], PADDED[0], STRIDED[1], PADDED[3]),
        "few": (PLAIN[0], STRIDED[1], PADDED[0]),
        "latest": (Layer((3, 2, 6, 5), 3, 3, 1, 0), Layer((1, 2, 4, 7), 3, 3, 1, 0), Layer((2, 2, 5, 6), 3, 3, 1, 0)),
        "inputs": (Layer((2, 2, 4, 5), 3, 3, 1, 0),),
    },
)
checks(
    "1.6",
    {
        "forward": Row(
            "Conv2d.forward lays every filter on every window, multiplies, sums, and adds the filter's bias.",
            "The kernel is not flipped. All channels of a window enter each output.", points=2, ask="y: plain",
        ),
        "stride": Row(
            "Conv2d.forward moves its windows by the stride, and leaves out a rest that holds no window.",
            "The stride may be larger than the kernel, and height and width may leave different rests.",
            ask="y: strided", needs=("1.6-forward",),
        ),
        "padding": Row(
            "Conv2d.forward puts `padding` rows and columns of zeros on each of the four sides.",
            "Images and channels are not padded. The number of windows follows from the size with the padding.",
            ask="y: padded", needs=("1.6-stride",),
        ),
        "dx": Row(
            "Conv2d.backward returns dx, in which the contributions of all windows that hold a pixel add up.",
            "Which outputs change when x[0, 0, 1, 1] is changed a little, and by how much each?",
            points=2, ask="dx: plain",
        ),
        "dx-stride": Row(
            "Conv2d.backward puts the gradient where the strided windows lie; pixels that none of them holds get 0.",
            "dx has the shape of x, with the rest that no window reaches.", ask="dx: strided", needs=("1.6-dx",),
        ),
        "dx-padding": Row(
            "Conv2d.backward returns dx without the padding.",
            "Nobody asks for the gradient of the zeros that forward has put around x.",
            ask="dx: padded", needs=("1.6-dx-stride",),
        ),
        "dw": Row(
            "Conv2d.backward sets dw, a sum over all images and positions.",
            "weight[f, c, i, j] was used once for each of them. The loss has taken the mean already.",
            points=2, ask="dw: some",
        ),
        "db": Row(
            "Conv2d.backward sets db, a sum over all images and positions.",
            "bias[f] was added to every output of filter f.", ask="db: few",
        ),
        "repeat": Row(
            "Conv2d.backward replaces dw and db, and belongs to the latest forward.",
            "Whatever an earlier batch has left, with larger or smaller images, has no influence. Parameters are read "
            "anew.",
            ask="latest y", needs=("1.6-forward", "1.6-dx", "1.6-dw", "1.6-db"),
        ),
        "inputs": Row(
            "Conv2d takes float32, read-only and non-contiguous arrays, and changes none of them, nor weight and bias.",
            "Only an optimizer moves parameters.", ask="inputs", needs=("1.6-repeat",),
        ),
    },
    CONV,
)  # fmt: skip


@check("1.6-loops", points=2, needs=("1.6-forward", "1.6-dx", "1.6-dw", "1.6-db"), alone=False)
def conv2d_is_vectorised(student: Student, rng: np.random.Generator) -> None:
    """Conv2d nests at most two Python loops in forward and in backward.

    What counts is how fast the steps that Python takes grow when N, C, F, K, P and Q grow together: a recursion, a
    comprehension, map, np.vectorize and one flat loop over N * P * Q take as many as the loops that they stand for.
    """
    expect_few_loops(
        student, rng, CONV, lambda n: Layer((n, n, 2 * n - 1, 2 * n - 1), n, n, 1, 0), (2, 3, 4, 5, 6), MAX_LOOPS
    )
