"""1.2 to 1.7: parameters of the convolutions of stride 1, batch after batch, and convolutions after upsampling."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.checking.each import for_each
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.sizes import Sizes
from autograder.checking.student import Student
from courses.convnets.checks.part1.convolutions import Layer, cases, expect_parameters
from courses.convnets.checks.part1.shared import Clauses, draw, expect_replaced
from courses.convnets.oracles.convolution import convolution, convolution_db, convolution_dw, convolution_dx
from courses.convnets.oracles.resampling import upsampled, upsampled_dx

SIGNALS: tuple[Sizes, ...] = (Layer((2, 3, 6), 2, 3, 1, 0), Layer((1, 2, 5), 3, 2, 1, 0), Layer((3, 1, 4), 2, 4, 1, 0))
IMAGES: tuple[Sizes, ...] = (Layer((2, 3, 5, 4), 2, 3, 1, 0), Layer((1, 2, 3, 6), 3, 2, 1, 0))
# The shape of A, then filters, kernel and factor.
SPREAD_SIGNALS = (((2, 2, 4), 2, 3, 1), ((1, 3, 4), 2, 3, 2), ((2, 2, 3), 3, 2, 3), ((2, 3, 3), 2, 1, 2))
SPREAD_IMAGES = (((2, 2, 3, 4), 2, 3, 1), ((1, 3, 4, 2), 2, 3, 2), ((2, 2, 2, 3), 3, 2, 3))


@check("1.2-parameters", points=2)
def signals_set_parameters(student: Student, rng: np.random.Generator) -> None:
    """Conv1d_stride1.backward sets dLdW and dLdb, sums over all signals and positions.

    The loss has taken the mean already: nothing is divided by N.
    """
    for_each(student, rng, SIGNALS, expect_parameters)


@check("1.3-repeat")
def strided_signals_start_anew(student: Student, rng: np.random.Generator) -> None:
    """Conv1d.backward belongs to the latest forward, whose signals may be longer or shorter than those before."""
    _expect_anew(student, rng, (Layer((3, 2, 9), 3, 3, 2, 1), Layer((2, 2, 6), 3, 3, 2, 1)))


@check("1.4-parameters", points=2)
def images_set_parameters(student: Student, rng: np.random.Generator) -> None:
    """Conv2d_stride1.backward sets dLdW and dLdb, sums over all images and positions.

    The loss has taken the mean already: nothing is divided by N.
    """
    for_each(student, rng, IMAGES, expect_parameters)


@check("1.5-repeat")
def strided_images_start_anew(student: Student, rng: np.random.Generator) -> None:
    """Conv2d.backward belongs to the latest forward, whose images may be larger or smaller than those before."""
    _expect_anew(student, rng, (Layer((3, 2, 7, 8), 3, 3, 2, 1), Layer((2, 2, 6, 5), 3, 3, 2, 1)))


def _expect_anew(student: Student, rng: np.random.Generator, sizes: tuple[Sizes, Sizes]) -> None:
    earlier, case = cases(rng, sizes)
    layer = earlier.layer(student)
    layer.forward(earlier.x)
    layer.backward(earlier.dy)
    layer.set(weight=case.weight, bias=case.bias)
    expect_close(layer.forward(case.x), case.y, "Z of a later batch")
    expect_close(layer.backward(case.dy), case.dx, "dLdA of a later batch")
    expect_replaced(layer, "dw", case.dw, earlier.dw)
    expect_replaced(layer, "db", case.db, earlier.db)


@check("1.6-forward", points=2)
def signals_are_spread_and_convolved(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d.forward upsamples, and convolves the result with stride 1."""
    for shape, filters, kernel, factor in SPREAD_SIGNALS:
        _expect_spread(student, rng, shape, filters, kernel, factor, backward=False)


@check("1.6-backward", points=2, needs=("1.6-forward",))
def signals_go_back_through_both(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d.backward returns dLdA, and its convolution gets dLdW and dLdb."""
    for shape, filters, kernel, factor in SPREAD_SIGNALS:
        _expect_spread(student, rng, shape, filters, kernel, factor, backward=True)


@check("1.7-forward", points=2)
def images_are_spread_and_convolved(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.forward upsamples, and convolves the result with stride 1."""
    for shape, filters, kernel, factor in SPREAD_IMAGES:
        _expect_spread(student, rng, shape, filters, kernel, factor, backward=False)


@check("1.7-backward", points=2, needs=("1.7-forward",))
def images_go_back_through_both(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.backward returns dLdA, and its convolution gets dLdW and dLdb."""
    for shape, filters, kernel, factor in SPREAD_IMAGES:
        _expect_spread(student, rng, shape, filters, kernel, factor, backward=True)


def _expect_spread(
    student: Student,
    rng: np.random.Generator,
    shape: tuple[int, ...],
    filters: int,
    kernel: int,
    factor: int,
    *,
    backward: bool,
) -> None:
    rank = len(shape) - 2
    x, weight, bias = draw(rng, *shape), draw(rng, filters, shape[1], *(kernel,) * rank), draw(rng, filters)
    wide = upsampled(x, factor)
    layer = student.new(f"mytorch:ConvTranspose{rank}d", shape[1], filters, kernel, factor)
    layer.set(weight=weight, bias=bias)
    suspects: Clauses = {
        "the bias is left out": lambda: convolution(wide, weight, np.zeros_like(bias), 1, 0),
        "no zeros are put between the values": lambda: convolution(x, weight, bias, 1, 0),
        "the kernel is flipped": lambda: convolution(wide, np.flip(weight, (*range(2, rank + 2),)), bias, 1, 0),
        "the convolution is padded with K - 1 zeros, as PyTorch's definition has it": partial(
            convolution, wide, weight, bias, 1, kernel - 1
        ),
    }
    # A value may have fewer neighbours than the kernel has places: a mistake may then have no value at all.
    fits = all(length >= kernel for length in shape[2:])
    y = convolution(wide, weight, bias, 1, 0)
    named = suspects if fits else {clause: value for clause, value in suspects.items() if "no zeros" not in clause}
    expect_close(layer.forward(x), y, "Z", suspects=named)
    if not backward:
        return
    dy = draw(rng, *y.shape)
    inner = convolution_dx(dy, weight, wide.shape[2:], 1, 0)
    suspects = {"the places of the zeros are not taken out again": lambda: inner}
    expect_close(layer.backward(dy), upsampled_dx(inner, x.shape[2:], factor), "dLdA", suspects=suspects)
    expect_close(layer.get("dw"), convolution_dw(wide, dy, kernel, 1, 0), "dLdW")
    expect_close(layer.get("db"), convolution_db(dy), "dLdb")
