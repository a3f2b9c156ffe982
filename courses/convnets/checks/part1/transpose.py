"""1.9: transposed convolutions, built from upsampling and a convolution of stride 1."""

from __future__ import annotations

from autograder.cases.sizes import Sizes
from autograder.checking.declare import Row, checks

from .convolutions import Transposed, convolution

# The shape of x, then filters, kernel, stride and padding. The first has as many filters as channels: exchanging them
# goes unnoticed by NumPy, and gives wrong numbers.
SIGNALS: tuple[Sizes, ...] = (
    Transposed((2, 2, 4), 2, 3, 1, 0),
    Transposed((1, 3, 4), 2, 3, 2, 0),
    Transposed((2, 2, 3), 3, 2, 3, 0),  # stride > kernel
    Transposed((2, 3, 3), 2, 1, 2, 0),  # kernel 1
    Transposed((1, 2, 5), 3, 3, 2, 1),
    Transposed((2, 1, 5), 2, 4, 3, 3),  # padding K - 1
)
IMAGES: tuple[Sizes, ...] = (
    Transposed((2, 2, 3, 4), 2, 3, 1, 0),
    Transposed((1, 3, 4, 2), 2, 3, 2, 0),
    Transposed((2, 2, 2, 3), 3, 2, 3, 0),
    Transposed((2, 3, 3, 2), 2, 1, 2, 0),
)
PADDED: tuple[Sizes, ...] = (
    Transposed((1, 2, 3, 4), 3, 3, 1, 1),
    Transposed((2, 3, 4, 3), 2, 3, 2, 2),  # padding K - 1
    Transposed((1, 2, 4, 3), 1, 2, 3, 1),
)

LATEST = Transposed((1, 2, 3), 3, 3, 2, 1), Transposed((1, 2, 3, 2), 3, 3, 2, 1)
INPUTS = Transposed((2, 2, 3), 3, 2, 2, 0), Transposed((2, 2, 3, 2), 3, 2, 2, 0)
ONE = convolution(
    "part1_numpy.transpose:ConvTranspose1d",
    1,
    {"plain": SIGNALS, "latest": LATEST[:1] * 2, "inputs": INPUTS[:1]},
    transposed=True,
)
TWO = convolution(
    "part1_numpy.transpose:ConvTranspose2d",
    2,
    {"plain": IMAGES, "padded": PADDED, "latest": LATEST[1:] * 2, "inputs": INPUTS[1:]},
    transposed=True,
)
checks(
    "1.9",
    {
        "forward1d": Row(
            "ConvTranspose1d.forward adds each value, times the kernel, to K values of the result, S apart.",
            "Its length is S * (L - 1) + K - 2 * padding. Work out x = (a, b) and the kernel (u, v, w) by hand, as the "
            "file does.\nBefore that, the checks of 1.8 must pass if Upsample1d is used.",
            points=2, ask="y: plain", needs=("1.5-forward", "1.5-geometry"),
        ),
        "backward1d": Row(
            "ConvTranspose1d.backward returns dx, and sets dw in the layout of weight, and db.",
            "What forward did to weight has to be undone for dw.", points=2, ask="dx dw db: plain",
            needs=("1.9-forward1d", "1.5-dx", "1.5-dx-geometry", "1.5-parameters"),
        ),
    },
    ONE,
)  # fmt: skip
checks(
    "1.9",
    {
        "forward2d": Row(
            "ConvTranspose2d.forward adds each value, times the kernel, to K x K values of the result, S apart.",
            "Its height is S * (H - 1) + K - 2 * padding, here with padding 0. The kernel is read backwards along both "
            "axes.\nBefore that, the checks of 1.8 must pass if Upsample2d is used.",
            points=2, ask="y: plain", needs=("1.6-forward", "1.6-padding"),
        ),
        "adjoint": Row(
            "ConvTranspose2d.forward does what Conv2d.backward does to dy, with the same weight and any padding up to "
            "K - 1.",
            "So <conv(x), y> = <x, conv_transpose(y)>. Padding puts values on in the one and takes them off in the "
            "other.",
            points=2, ask="y: padded", needs=("1.9-forward2d",),
        ),
        "backward2d": Row(
            "ConvTranspose2d.backward returns dx, and sets dw in the layout of weight, and db.",
            "What forward did to weight has to be undone for dw, along both axes of the kernel.", points=2,
            ask="dx dw db: plain padded", needs=("1.9-adjoint", "1.6-dx", "1.6-dx-padding", "1.6-dw", "1.6-db"),
        ),
    },
    TWO,
)  # fmt: skip
checks(
    "1.9",
    {
        "repeat": Row(
            "ConvTranspose1d and ConvTranspose2d read weight and bias in each forward, and replace dw and db in each "
            "backward.",
            "Whoever assigns another array to weight changes what the layer computes next.",
            ask="latest y", needs=("1.9-backward1d", "1.9-backward2d", "1.5-repeat", "1.6-repeat"),
        ),
        "inputs": Row(
            "ConvTranspose1d and ConvTranspose2d take float32, read-only and non-contiguous arrays, and change none of "
            "them.",
            "weight and bias stay as they were too: a flipped view is no copy.",
            ask="inputs", needs=("1.9-repeat", "1.5-inputs", "1.6-inputs"),
        ),
    },
    ONE,
    TWO,
)  # fmt: skip
