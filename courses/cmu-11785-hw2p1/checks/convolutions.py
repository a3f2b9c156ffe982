"""1.2 to 1.7: parameters of the convolutions of stride 1, batch after batch, and convolutions after upsampling."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.declarations.untouched import expect_parameters_kept
from autograder.checking.declare import Row, checks
from autograder.checking.each import NoCase, for_each
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.student import Student
from courses.convnets.checks.part1 import conv1d, conv2d
from courses.convnets.checks.part1.convolutions import BACK, Layer
from courses.convnets.checks.part1.shared import Clauses, draw

from ..oracles.convolutions import (
    convolution,
    convolution_db,
    convolution_dw,
    convolution_dx,
    upsampled,
    upsampled_dx,
)

SIGNALS: tuple[Sizes, ...] = (Layer((2, 3, 6), 2, 3, 1, 0), Layer((1, 2, 5), 3, 2, 1, 0), Layer((3, 1, 4), 2, 4, 1, 0))
IMAGES: tuple[Sizes, ...] = (Layer((2, 3, 5, 4), 2, 3, 1, 0), Layer((1, 2, 3, 6), 3, 2, 1, 0))
# The shape of A, then filters, kernel and factor.
Spread = partial(Sizes, step="factor", scatters=True)
SPREAD_SIGNALS: tuple[Sizes, ...] = (
    Spread((2, 2, 4), 2, 3, 1),
    Spread((1, 3, 4), 2, 3, 2),
    Spread((2, 2, 3), 3, 2, 3),
    Spread((2, 3, 3), 2, 1, 2),
)
SPREAD_IMAGES: tuple[Sizes, ...] = (
    Spread((2, 2, 3, 4), 2, 3, 1),
    Spread((1, 3, 4, 3), 2, 3, 2),  # large enough for the kernel before it is upsampled
    Spread((2, 2, 2, 3), 3, 2, 3),
)


ONE = replace(
    conv1d.CONV,
    cases={
        "plain": SIGNALS,
        "inputs": (Layer((2, 2, 6), 3, 3, 2, 1),),
        "latest": (Layer((3, 2, 9), 3, 3, 2, 1), Layer((4, 2, 6), 3, 3, 2, 1)),
    },
)
TWO = replace(
    conv2d.CONV,
    cases={
        "plain": IMAGES,
        "inputs": (Layer((2, 2, 4, 5), 3, 3, 2, 1),),
        "latest": (Layer((3, 2, 7, 8), 3, 3, 2, 1), Layer((4, 2, 6, 5), 3, 3, 2, 1)),
    },
)
NOT_DIVIDED = "The loss has taken the mean already: nothing is divided by N."
KEPT = "{} leaves A and dLdZ, W and b as they are: step() alone moves parameters."
REPEAT = "{}.backward belongs to the latest forward, whose {} may be {} or {} than those before."
checks(
    "1.2",
    {
        "parameters": Row(
            "Conv1d_stride1.backward sets dLdW and dLdb, sums over all signals and positions.", NOT_DIVIDED,
            points=2, ask="dw db: plain",
        )
    },
    ONE,
)  # fmt: skip
checks("1.3", {"repeat": Row(REPEAT.format("Conv1d", "signals", "longer", "shorter"), ask="latest y")}, ONE)
checks("1.3", {"kept": Row(KEPT.format("Conv1d"), ask="inputs", needs=("1.3-repeat",))}, ONE)
checks(
    "1.4",
    {
        "parameters": Row(
            "Conv2d_stride1.backward sets dLdW and dLdb, sums over all images and positions.", NOT_DIVIDED,
            points=2, ask="dw db: plain",
        )
    },
    TWO,
)  # fmt: skip
checks("1.5", {"repeat": Row(REPEAT.format("Conv2d", "images", "larger", "smaller"), ask="latest y")}, TWO)
checks("1.5", {"kept": Row(KEPT.format("Conv2d"), ask="inputs", needs=("1.5-repeat",))}, TWO)


@check("1.6-forward", points=2)
def signals_are_spread_and_convolved(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d.forward upsamples, and convolves the result with stride 1."""
    for_each(student, rng, SPREAD_SIGNALS, _expect_spread)


@check("1.6-backward", points=2, needs=("1.6-forward",))
def signals_go_back_through_both(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d.backward returns dLdA, and its convolution gets dLdW and dLdb."""
    for_each(student, rng, SPREAD_SIGNALS, partial(_expect_spread, backward=True))


@check("1.7-forward", points=2)
def images_are_spread_and_convolved(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.forward upsamples, and convolves the result with stride 1."""
    for_each(student, rng, SPREAD_IMAGES, _expect_spread)


@check("1.7-backward", points=2, needs=("1.7-forward",))
def images_go_back_through_both(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.backward returns dLdA, and its convolution gets dLdW and dLdb."""
    for_each(student, rng, SPREAD_IMAGES, partial(_expect_spread, backward=True))


def _expect_spread(student: Student, rng: np.random.Generator, sizes: Sizes, *, backward: bool = False) -> None:
    rank, kernel, factor = len(sizes.lengths), sizes.kernel, sizes.stride
    x, bias = draw(rng, *sizes.shape), draw(rng, sizes.filters)
    weight = draw(rng, sizes.filters, sizes.channels, *(kernel,) * rank)
    wide = upsampled(x, factor)
    if min(wide.shape[2:]) < kernel:
        raise NoCase("no window fits")
    layer = student.new(f"mytorch:ConvTranspose{rank}d", sizes.channels, sizes.filters, kernel, factor)
    layer.set(weight=weight, bias=bias)
    y = convolution(wide, weight, bias, 1, 0)
    suspects = _forward_suspects(x, weight, bias, factor)
    expect_close(layer.forward(x), y, "Z", suspects=suspects)
    if not backward:
        return
    dy = draw(rng, *y.shape)
    inner = convolution_dx(dy, weight, wide.shape[2:], 1, 0)
    suspects = {
        "the places of the zeros are not taken out again": lambda: inner,
        "the gradient does not go through the convolution": lambda: dy[(..., *(slice(None, None, factor),) * rank)],
        BACK["the kernel is flipped"]: lambda: upsampled_dx(
            convolution_dx(dy, np.flip(weight, (*range(2, rank + 2),)), wide.shape[2:], 1, 0), x.shape[2:], factor
        ),
        "zeros are put in on the way back too, where they have to be taken out": lambda: upsampled(inner, factor),
    }
    held = student.new("probe:Parameters", layer, ["weight", "bias"])
    expect_close(layer.backward(dy), upsampled_dx(inner, x.shape[2:], factor), "dLdA", suspects=suspects)
    expect_close(layer.get("dw"), convolution_dw(wide, dy, kernel, 1, 0), "dLdW")
    expect_close(layer.get("db"), convolution_db(dy), "dLdb")
    expect_parameters_kept(held.call("now"), {"weight": weight, "bias": bias}, "backward")


def _forward_suspects(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, factor: int) -> Clauses:
    wide, kernel, rank = upsampled(x, factor), weight.shape[-1], x.ndim - 2
    suspects: Clauses = {
        "the bias is left out": lambda: convolution(wide, weight, np.zeros_like(bias), 1, 0),
        "the kernel is flipped": lambda: convolution(wide, np.flip(weight, (*range(2, rank + 2),)), bias, 1, 0),
        "the convolution is padded with K - 1 zeros, as PyTorch's definition has it": partial(
            convolution, wide, weight, bias, 1, kernel - 1
        ),
    }
    # A value may have fewer neighbours than the kernel has places: a mistake may then have no value at all.
    for clause, other in {
        "the factor is taken to be the kernel's side": kernel,
        "one zero too many is put between the values": factor + 1,
    }.items():
        spread = upsampled(x, other)
        if min(spread.shape[2:]) >= kernel:
            suspects[clause] = partial(convolution, spread, weight, bias, 1, 0)
    if min(x.shape[2:]) >= kernel:
        suspects["no zeros are put between the values"] = lambda: convolution(x, weight, bias, 1, 0)
        suspects["the convolution comes first, and what it gives is upsampled"] = lambda: upsampled(
            convolution(x, weight, bias, 1, 0), factor
        )
    return suspects
