"""1.7: MaxPool2d and AvgPool2d."""

from __future__ import annotations

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declare import Row, checks, layer
from autograder.checking.expect import expect_array, expect_close
from autograder.checking.rubric import check
from autograder.checking.student import Student

from .shared import distinct, draw

SIDE_BY_SIDE: tuple[Sizes, ...] = (Sizes((2, 3, 6, 4), kernel=2, stride=2), Sizes((1, 2, 3, 6), kernel=3, stride=3))
RESTS: tuple[Sizes, ...] = (
    Sizes((2, 2, 7, 6), kernel=2, stride=3),  # stride > kernel; a row and a column are left over
    Sizes((2, 3, 5, 7), kernel=2, stride=2),
    Sizes((1, 2, 5, 6), kernel=1, stride=2),  # kernel 1
    Sizes((2, 2, 4, 3), kernel=3, stride=3),  # one window
)
OVERLAPPING: tuple[Sizes, ...] = (Sizes((2, 2, 6, 5), kernel=3, stride=1), Sizes((1, 3, 7, 9), kernel=3, stride=2))
BATCHES = (Sizes((2, 2, 9, 12), kernel=3, stride=3), Sizes((2, 2, 6, 9), kernel=3, stride=3))

# What both return when the windows stand in the wrong places; {0} is the function.
PLACES = {
    "stride is left out: windows begin at neighbouring pixels": "{0}(x, kernel_size, 1)[:, :, :P, :Q]",
    "stride is left out": "{0}(x, kernel_size, 1)",
    "the stride is taken to be the kernel's side": "{0}(x, kernel_size, kernel_size)",
    "the side of the windows is taken to be the stride": "{0}(x, stride, stride)",
    "a rest that does not fill a window is pooled as well": "{0}(x, kernel_size, stride, ceil_mode=True)",
    "the number of windows is H // stride and W // stride": (
        "{0}(x, kernel_size, stride)[:, :, : H // stride, : W // stride]"
    ),
    "the last window along each axis is left out": "{0}(x, kernel_size, stride)[:, :, :-1, :-1]",
    "rows and columns of the output are exchanged": "{0}(x, kernel_size, stride).transpose(2, 3)",
    "the channels are pooled together": "{0}(x, kernel_size, stride).amax(1, keepdim=True).expand(N, C, P, Q)",
}
MAXIMA = {
    "the mean of each window is taken": "F.avg_pool2d(x, kernel_size, stride)",
    "the smallest value of each window is taken": "-F.max_pool2d(-x, kernel_size, stride)",
    "the largest absolute value of each window is taken": "F.max_pool2d(x.abs(), kernel_size, stride)",
    "the first pixel of each window is taken for the largest": "x[:, :, ::stride, ::stride][:, :, :P, :Q]",
    "only windows that hold the largest value of the whole image count": (
        "F.max_pool2d(x, kernel_size, stride) * (F.max_pool2d(x, kernel_size, stride) == x.amax((2, 3), keepdim=True))"
    ),
    "values below 0 are taken for 0": "F.max_pool2d(x, kernel_size, stride).clamp(min=0)",
}
MEANS = {
    "a rest that does not fill a window is filled up with zeros": (
        "F.avg_pool2d(F.pad(x, (0, (kernel_size - W) % stride, 0, (kernel_size - H) % stride)), kernel_size, stride)"
    ),
    "the sum of each window is taken, not its mean": "F.avg_pool2d(x, kernel_size, stride) * kernel_size**2",
    "the sum of each window is divided by its side, not by the number of its pixels": (
        "F.avg_pool2d(x, kernel_size, stride) * kernel_size"
    ),
    "it is divided by the number of pixels twice": "F.avg_pool2d(x, kernel_size, stride) / kernel_size**2",
    "the largest value of each window is taken": "F.max_pool2d(x, kernel_size, stride)",
}


def _pool(target: str, function: str, wrong: dict[str, str]) -> tuple[Declaration, Declaration]:
    """Declare a pool: with a stride, and as it is without one."""
    made = [
        layer(
            "1.7",
            f"part1_numpy.pooling:{target}",
            f"{function}(x, kernel_size{', stride' if options else ''})",
            args=() if options else ("kernel_size",),
            options=options,
            axes=None if options else {"kernel_size": ()},
            inputs={"x": "N C H W"},
            outputs={"y": "N C P Q"},
            draws={"x": lambda rng, shape: distinct(rng, *shape)},
            cases={
                "any": (*SIDE_BY_SIDE, *RESTS, *OVERLAPPING),
                "side": SIDE_BY_SIDE,
                "rests": RESTS,
                "overlapping": OVERLAPPING,
                "latest": BATCHES,
                "inputs": (Sizes((2, 2, 4, 6), kernel=2, stride=2),),
            },
            wrong=wrong | {clause: line.format(function) for clause, line in PLACES.items()} if options else {},
        )
        for options in ({"kernel_size": "kernel_size", "stride": "stride"}, {})
    ]
    return made[0], made[1]


MAX, MAX_ALONE = _pool("MaxPool2d", "F.max_pool2d", MAXIMA)
AVERAGE, AVERAGE_ALONE = _pool("AvgPool2d", "F.avg_pool2d", MEANS)
checks(
    "1.7",
    {
        "max": Row(
            "MaxPool2d.forward keeps the largest value of every window, in each channel on its own.",
            "Values may all be negative. P and Q follow from H and W as in a convolution without padding.",
            points=2, ask="y: any",
        ),
        "max-gradient": Row(
            "MaxPool2d.backward gives each value of dy to the pixel that was its window's largest.",
            "All other pixels have no influence on the output: what is their gradient?", points=2, ask="dx: side",
        ),
        "max-rests": Row(
            "MaxPool2d.backward returns dx in the shape of x, with 0 for pixels that lie in no window.",
            "The stride may exceed the kernel, and need not divide height and width.",
            ask="dx: rests", needs=("1.7-max-gradient",),
        ),
        "max-overlap": Row(
            "MaxPool2d.backward adds the gradients of windows that overlap.",
            "A pixel can be the largest of several windows at once. Then all their outputs change with it.",
            points=2, ask="dx: overlapping", needs=("1.7-max-gradient",),
        ),
    },
    MAX,
)  # fmt: skip


@check("1.7-max-ties", needs=("1.7-max-gradient",), alone=False)
def max_pool_gives_no_gradient_twice(student: Student, rng: np.random.Generator) -> None:
    """MaxPool2d.backward gives out each value of dy once, even where several pixels of a window are equally large.

    One of them may get all of it, or they may share it.
    """
    values, dy = distinct(rng, 2, 2, 3, 2), draw(rng, 2, 2, 3, 2)
    x = np.repeat(np.repeat(values, 2, axis=2), 2, axis=3)
    largest = x.copy()
    x[:, :, ::2, 1::2] -= 0.125  # one pixel of each window of four is smaller than the other three
    made = student.new(MAX.target, kernel_size=2, stride=2)
    made.forward(x)
    dx = expect_array(made.backward(dy), "dx", x.shape)
    name = "dx of a pixel that is not its window's largest"
    expect_close(np.where(x == largest, 0.0, dx), np.zeros(x.shape), name)
    sums = dx.reshape(2, 2, 3, 2, 2, 2).sum(axis=(3, 5))
    suspects = {"each of the equal pixels gets the whole gradient": lambda: 3 * dy}
    expect_close(sums, dy, "the sum of dx over each window", suspects=suspects)


checks(
    "1.7",
    {
        "average": Row(
            "AvgPool2d.forward keeps the mean of every window, in each channel on its own.",
            "P and Q follow from H and W as in a convolution without padding.", points=2, ask="y: any",
        ),
        "average-gradient": Row(
            "AvgPool2d.backward shares each value of dy among the pixels of its window; pixels in no window get 0.",
            "By how much does the mean of four values change, when one of them changes by 1? dx has the shape of x.",
            points=2, ask="dx: side rests",
        ),
        "average-overlap": Row(
            "AvgPool2d.backward adds the shares of windows that overlap.",
            "A pixel gets a share from each window that it lies in.",
            ask="dx: overlapping", needs=("1.7-average-gradient",),
        ),
    },
    AVERAGE,
)  # fmt: skip
checks(
    "1.7",
    {
        "repeat": Row(
            "MaxPool2d and AvgPool2d take batch after batch, and move by the kernel's side when no stride is given.",
            "backward belongs to the latest forward, whose images may have another size than those before.",
            ask="latest y", needs=("1.7-max", "1.7-average", "1.7-max-gradient", "1.7-average-gradient"),
        )
    },
    MAX_ALONE,
    AVERAGE_ALONE,
)  # fmt: skip
checks(
    "1.7",
    {
        "inputs": Row(
            "MaxPool2d and AvgPool2d take float32, read-only and non-contiguous arrays, and change none of them.",
            ask="inputs", needs=("1.7-repeat",),
        )
    },
    MAX,
    AVERAGE,
)  # fmt: skip
