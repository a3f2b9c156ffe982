"""1.9: transposed convolutions, built from upsampling and a convolution of stride 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograder.checking.each import for_each
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.sizes import Sizes
from autograder.checking.student import Student

from ...oracles.convolution import convolution_dx
from .shared import expect_inputs_kept, expect_replaced
from .transposes import (
    Layer,
    cases,
    db_suspects,
    draw_case,
    dw_suspects,
    dx_suspects,
    stale_suspects,
    y_suspects,
)

# The shape of x, then filters, kernel, stride and padding. The first has as many filters as channels: exchanging them
# goes unnoticed by NumPy, and gives wrong numbers.
SIGNALS: tuple[Sizes, ...] = (
    Layer((2, 2, 4), 2, 3, 1, 0),
    Layer((1, 3, 4), 2, 3, 2, 0),
    Layer((2, 2, 3), 3, 2, 3, 0),  # stride > kernel
    Layer((2, 3, 3), 2, 1, 2, 0),  # kernel 1
    Layer((1, 2, 5), 3, 3, 2, 1),
    Layer((2, 1, 5), 2, 4, 3, 3),  # padding K - 1
)
IMAGES: tuple[Sizes, ...] = (
    Layer((2, 2, 3, 4), 2, 3, 1, 0),
    Layer((1, 3, 4, 2), 2, 3, 2, 0),
    Layer((2, 2, 2, 3), 3, 2, 3, 0),
    Layer((2, 3, 3, 2), 2, 1, 2, 0),
)
PADDED: tuple[Sizes, ...] = (
    Layer((1, 2, 3, 4), 3, 3, 1, 1),
    Layer((2, 3, 4, 3), 2, 3, 2, 2),  # padding K - 1
    Layer((1, 2, 4, 3), 1, 2, 3, 1),
)


def _expect_y(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    case = draw_case(rng, sizes)
    expect_close(case.layer(student).forward(case.x), case.y, "y", suspects=y_suspects(case))


def _expect_adjoint(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    drawn = draw_case(rng, sizes)
    case = replace(drawn, bias=np.zeros_like(drawn.bias))
    adjoint = convolution_dx(case.x, case.weight, case.dy.shape[2:], case.stride, case.padding)
    expect_close(case.layer(student).forward(case.x), adjoint, "y", suspects=y_suspects(case))


def _expect_gradients(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    case = draw_case(rng, sizes)
    layer = case.layer(student)
    layer.forward(case.x)
    expect_close(layer.backward(case.dy), case.dx, "dx", suspects=dx_suspects(case))
    axes = ("channel", "filter", "row", "column") if case.x.ndim == 4 else ("channel", "filter", "position")
    expect_close(layer.get("dw"), case.dw, "dw", suspects=dw_suspects(case), axes=axes)
    expect_close(layer.get("db"), case.db, "db", suspects=db_suspects(case), axes=("filter",))


@check("1.9-forward1d", points=2, needs=("1.5-forward", "1.5-geometry"))
def signals_are_scattered(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d.forward adds each value, times the kernel, to K values of the result, S apart.

    Its length is S * (L - 1) + K - 2 * padding. Work out x = (a, b) and the kernel (u, v, w) by hand, as the file does.
    Before that, the checks of 1.8 must pass if Upsample1d is used.
    """
    for_each(student, rng, SIGNALS, _expect_y)


@check("1.9-backward1d", points=2, needs=("1.9-forward1d", "1.5-dx", "1.5-dx-geometry", "1.5-parameters"))
def signals_gather_their_gradients(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d.backward returns dx, and sets dw in the layout of weight, and db.

    What forward did to weight has to be undone for dw.
    """
    for_each(student, rng, SIGNALS, _expect_gradients)


@check("1.9-forward2d", points=2, needs=("1.6-forward", "1.6-padding"))
def images_are_scattered(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.forward adds each value, times the kernel, to K x K values of the result, S apart.

    Its height is S * (H - 1) + K - 2 * padding, here with padding 0. The kernel is read backwards along both axes.
    Before that, the checks of 1.8 must pass if Upsample2d is used.
    """
    for_each(student, rng, IMAGES, _expect_y)


@check("1.9-adjoint", points=2, needs=("1.9-forward2d",))
def transposed_convolution_is_the_adjoint(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.forward does what Conv2d.backward does to dy, with the same weight and any padding up to K - 1.

    So <conv(x), y> = <x, conv_transpose(y)>. Padding puts values on in the one and takes them off in the other.
    """
    for_each(student, rng, PADDED, _expect_adjoint)


@check("1.9-backward2d", points=2, needs=("1.9-adjoint", "1.6-dx", "1.6-dx-padding", "1.6-dw", "1.6-db"))
def images_gather_their_gradients(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.backward returns dx, and sets dw in the layout of weight, and db.

    What forward did to weight has to be undone for dw, along both axes of the kernel.
    """
    for_each(student, rng, (*IMAGES, *PADDED), _expect_gradients)


@check("1.9-repeat", needs=("1.9-backward1d", "1.9-backward2d", "1.5-repeat", "1.6-repeat"))
def transposed_convolutions_start_anew(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d and ConvTranspose2d read weight and bias in each forward, and replace dw and db in each backward.

    Whoever assigns another array to weight changes what the layer computes next.
    """
    for sizes in (Layer((1, 2, 3), 3, 3, 2, 1), Layer((1, 2, 3, 2), 3, 3, 2, 1)):
        earlier, case = cases(rng, (sizes, sizes))
        layer = earlier.layer(student)
        layer.forward(earlier.x)
        layer.backward(earlier.dy)
        layer.set(weight=case.weight, bias=case.bias)
        expect_close(
            layer.forward(case.x),
            case.y,
            "y after weight and bias were assigned",
            suspects=stale_suspects(case, earlier),
        )
        expect_close(layer.backward(case.dy), case.dx, "dx after weight and bias were assigned")
        expect_replaced(layer, "dw", case.dw, earlier.dw)
        expect_replaced(layer, "db", case.db, earlier.db)


@check("1.9-inputs", needs=("1.9-repeat", "1.5-inputs", "1.6-inputs"))
def transposed_convolutions_leave_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d and ConvTranspose2d take float32, read-only and non-contiguous arrays, and change none of them.

    weight and bias stay as they were too: a flipped view is no copy.
    """
    for case in cases(rng, (Layer((2, 2, 3), 3, 2, 2, 0), Layer((2, 2, 3, 2), 3, 2, 2, 0))):
        layer = case.layer(student)
        parameters, gradients = {"weight": case.weight, "bias": case.bias}, {"dw": case.dw, "db": case.db}
        expect_inputs_kept(student, layer, (case.x, case.dy), (case.y, case.dx), parameters, gradients)
