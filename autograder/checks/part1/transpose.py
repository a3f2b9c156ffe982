"""1.9: transposed convolutions, built from upsampling and a convolution of stride 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from autograder.checks.part1.convolutions import BATCH, Sizes
from autograder.checks.part1.shared import Clauses, draw, expect_inputs_kept, expect_replaced
from autograder.expect import expect_close
from autograder.oracles.convolution import convolution_db, convolution_dx
from autograder.oracles.transpose import transposed, transposed_dw, transposed_dx, transposed_widened
from autograder.rubric import check
from autograder.student import Remote, Student

# The shape of x, then filters, kernel, stride and padding. The first has as many filters as channels: exchanging them
# goes unnoticed by NumPy, and gives wrong numbers.
SIGNALS: tuple[Sizes, ...] = (
    ((2, 2, 4), 2, 3, 1, 0),
    ((1, 3, 4), 2, 3, 2, 0),
    ((2, 2, 3), 3, 2, 3, 0),  # stride > kernel
    ((2, 3, 3), 2, 1, 2, 0),  # kernel 1
    ((1, 2, 5), 3, 3, 2, 1),
    ((2, 1, 5), 2, 4, 3, 3),  # padding K - 1
)
IMAGES: tuple[Sizes, ...] = (
    ((2, 2, 3, 4), 2, 3, 1, 0),
    ((1, 3, 4, 2), 2, 3, 2, 0),
    ((2, 2, 2, 3), 3, 2, 3, 0),
    ((2, 3, 3, 2), 2, 1, 2, 0),
)
PADDED: tuple[Sizes, ...] = (
    ((1, 2, 3, 4), 3, 3, 1, 1),
    ((2, 3, 4, 3), 2, 3, 2, 2),  # padding K - 1
    ((1, 2, 4, 3), 1, 2, 3, 1),
)


@dataclass(frozen=True)
class Case:
    """A transposed convolution, an input and a gradient, and what they must give."""

    x: np.ndarray
    dy: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    stride: int
    padding: int

    @property
    def y(self) -> np.ndarray:
        """What forward must return."""
        return transposed(self.x, self.weight, self.bias, self.stride, self.padding)

    @property
    def dx(self) -> np.ndarray:
        """What backward must return."""
        return transposed_dx(self.dy, self.weight, self.x.shape[2:], self.stride, self.padding)

    @property
    def dw(self) -> np.ndarray:
        """The gradient of the weight."""
        return transposed_dw(self.x, self.dy, self.weight.shape[2], self.stride, self.padding)

    @property
    def db(self) -> np.ndarray:
        """The gradient of the bias."""
        return convolution_db(self.dy)

    def layer(self, student: Student) -> Remote:
        """Make the student's layer with these parameters."""
        channels, filters, kernel, *more = self.weight.shape
        name = f"part1_numpy.transpose:ConvTranspose{len(more) + 1}d"
        layer = student.new(name, channels, filters, kernel, stride=self.stride, padding=self.padding)
        layer.set(weight=self.weight, bias=self.bias)
        return layer

    def __str__(self) -> str:
        return f"for stride {self.stride} and padding {self.padding}"


def _cases(rng: np.random.Generator, sizes: Iterable[Sizes]) -> Iterator[Case]:
    for shape, filters, kernel, stride, padding in sizes:
        count, channels, *lengths = shape
        result = [stride * (length - 1) + kernel - 2 * padding for length in lengths]
        weight = draw(rng, channels, filters, *(kernel for _ in lengths))
        dy = draw(rng, count, filters, *result)
        yield Case(draw(rng, *shape), dy, weight, draw(rng, filters), stride, padding)


def _y_suspects(case: Case) -> Clauses:
    """What forward returns when a known mistake is made."""
    x, weight, bias, stride, padding = case.x, case.weight, case.bias, case.stride, case.padding
    c, f, kernel, *_ = weight.shape
    axes = tuple(range(2, x.ndim))
    clauses: Clauses = {
        "the kernel is not flipped": lambda: replace(case, weight=np.flip(weight, axes)).y,
        "the bias is left out": lambda: replace(case, bias=np.zeros_like(bias)).y,
        "the bias is added twice": lambda: replace(case, bias=2 * bias).y,
        "no zeros are put between the values, stride is left out": lambda: replace(case, stride=1).y,
        "one zero too many is put between the values": lambda: replace(case, stride=stride + 1).y,
        "the convolution has the stride too": lambda: case.y[(*BATCH, *(slice(None, None, stride) for _ in axes))],
        "padding is left out": lambda: replace(case, padding=0).y,
        "padding puts values on, where it takes them off": lambda: transposed_widened(x, weight, bias, stride, padding),
        "the convolution has the padding of this layer": lambda: replace(case, padding=kernel - 1 - padding).y,
        "the padding is taken off with a slice p:-p, which is empty for p = 0": lambda: np.zeros(
            (len(x), f, *(0 for _ in axes))
        ),
    }
    if c == f:
        clauses["the first two axes of the weight are not exchanged"] = lambda: (
            replace(case, weight=weight.swapaxes(0, 1)).y
        )
    else:
        clauses["the weight is reshaped to (F, C, ...), its axes not exchanged"] = lambda: (
            replace(case, weight=weight.reshape(f, c, *weight.shape[2:]).swapaxes(0, 1)).y
        )
    if len(axes) == 2:
        clauses["the kernel is flipped upside down, but not left to right"] = lambda: (
            replace(case, weight=np.flip(weight, 3)).y
        )
        clauses["the kernel is flipped left to right, but not upside down"] = lambda: (
            replace(case, weight=np.flip(weight, 2)).y
        )
        clauses["the kernel is transposed as well"] = lambda: replace(case, weight=weight.swapaxes(2, 3)).y
        clauses["the kernel is transposed, not flipped"] = lambda: (
            replace(case, weight=np.flip(weight, axes).swapaxes(2, 3)).y
        )
    return clauses


def _dx_suspects(case: Case) -> Clauses:
    """What backward returns when a known mistake is made."""
    size, dy, weight = case.x.shape[2:], case.dy, case.weight
    wide = tuple(case.stride * (length - 1) + 1 for length in size)
    return {
        "the places of the zeros are not taken out again": lambda: transposed_dx(dy, weight, wide, 1, case.padding),
        "the kernel is flipped": lambda: replace(case, weight=np.flip(weight, tuple(range(2, weight.ndim)))).dx,
        "it is divided by N": lambda: case.dx / len(case.x),
    }


def _dw_suspects(case: Case) -> Clauses:
    """What dw is when a known mistake is made."""
    right, axes = case.dw, tuple(range(2, case.x.ndim))
    clauses: Clauses = {
        "it is that of the flipped kernel: the flip has to be undone": lambda: np.flip(right, axes),
        "it has the layout of the convolution inside, (F, C, ...)": lambda: right.swapaxes(0, 1),
        "it has the layout of the convolution inside, (F, C, ...), with the kernel flipped": lambda: np.flip(
            right, axes
        ).swapaxes(0, 1),
        "it is reshaped to (C, F, ...), its axes not exchanged": lambda: right.swapaxes(0, 1).reshape(right.shape),
        "it is divided by N": lambda: right / len(case.x),
        "backward leaves it at the zeros of the start": lambda: np.zeros_like(right),
    }
    if len(axes) == 2:
        clauses["the flip upside down is undone, that left to right is not"] = lambda: np.flip(right, 3)
        clauses["the flip left to right is undone, that upside down is not"] = lambda: np.flip(right, 2)
    return clauses


def _db_suspects(case: Case) -> Clauses:
    """What db is when a known mistake is made."""
    return {
        "backward leaves it at the zeros of the start": lambda: np.zeros_like(case.bias),
        "it is divided by N": lambda: case.db / len(case.dy),
        "it is not summed over the images": lambda: np.stack([convolution_db(image[None]) for image in case.dy]),
    }


def _expect_gradients(student: Student, case: Case) -> None:
    layer = case.layer(student)
    layer.forward(case.x)
    expect_close(layer.backward(case.dy), case.dx, f"dx {case}", suspects=_dx_suspects(case))
    axes = ("channel", "filter", "row", "column") if case.x.ndim == 4 else ("channel", "filter", "position")
    expect_close(layer.get("dw"), case.dw, f"dw {case}", suspects=_dw_suspects(case), axes=axes)
    expect_close(layer.get("db"), case.db, f"db {case}", suspects=_db_suspects(case), axes=("filter",))


@check("1.9-forward1d", points=2, needs=("1.5-forward", "1.5-geometry"))
def signals_are_scattered(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d.forward adds each value, times the kernel, to K values of the result, S apart.

    Its length is S * (L - 1) + K - 2 * padding. Work out x = (a, b) and the kernel (u, v, w) by hand, as the file does.
    Before that, the checks of 1.8 must pass if Upsample1d is used.
    """
    for case in _cases(rng, SIGNALS):
        expect_close(case.layer(student).forward(case.x), case.y, f"y {case}", suspects=_y_suspects(case))


@check("1.9-backward1d", points=2, needs=("1.9-forward1d", "1.5-dx", "1.5-dx-geometry", "1.5-parameters"))
def signals_gather_their_gradients(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d.backward returns dx, and sets dw in the layout of weight, and db.

    What forward did to weight has to be undone for dw.
    """
    for case in _cases(rng, SIGNALS):
        _expect_gradients(student, case)


@check("1.9-forward2d", points=2, needs=("1.6-forward", "1.6-padding"))
def images_are_scattered(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.forward adds each value, times the kernel, to K x K values of the result, S apart.

    Its height is S * (H - 1) + K - 2 * padding, here with padding 0. The kernel is read backwards along both axes.
    Before that, the checks of 1.8 must pass if Upsample2d is used.
    """
    for case in _cases(rng, IMAGES):
        expect_close(case.layer(student).forward(case.x), case.y, f"y {case}", suspects=_y_suspects(case))


@check("1.9-adjoint", points=2, needs=("1.9-forward2d",))
def transposed_convolution_is_the_adjoint(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.forward does what Conv2d.backward does to dy, with the same weight and any padding up to K - 1.

    So <conv(x), y> = <x, conv_transpose(y)>. Padding puts values on in the one and takes them off in the other.
    """
    for drawn in _cases(rng, PADDED):
        case = replace(drawn, bias=np.zeros_like(drawn.bias))
        adjoint = convolution_dx(case.x, case.weight, case.dy.shape[2:], case.stride, case.padding)
        expect_close(case.layer(student).forward(case.x), adjoint, f"y {case}", suspects=_y_suspects(case))


@check("1.9-backward2d", points=2, needs=("1.9-adjoint", "1.6-dx", "1.6-dx-padding", "1.6-dw", "1.6-db"))
def images_gather_their_gradients(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose2d.backward returns dx, and sets dw in the layout of weight, and db.

    What forward did to weight has to be undone for dw, along both axes of the kernel.
    """
    for case in _cases(rng, (*IMAGES, *PADDED)):
        _expect_gradients(student, case)


def _stale_suspects(case: Case, earlier: Case) -> Clauses:
    """What forward returns when it keeps parameters that have been replaced."""
    return {
        "the weight of an earlier forward is kept": lambda: replace(case, weight=earlier.weight).y,
        "the bias of an earlier forward is kept": lambda: replace(case, bias=earlier.bias).y,
        "weight and bias of an earlier forward are kept": lambda: replace(earlier, x=case.x).y,
    }


@check("1.9-repeat", needs=("1.9-backward1d", "1.9-backward2d", "1.5-repeat", "1.6-repeat"))
def transposed_convolutions_start_anew(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d and ConvTranspose2d read weight and bias in each forward, and replace dw and db in each backward.

    Whoever assigns another array to weight changes what the layer computes next.
    """
    for sizes in (((1, 2, 3), 3, 3, 2, 1), ((1, 2, 3, 2), 3, 3, 2, 1)):
        earlier, case = _cases(rng, (sizes, sizes))
        layer = earlier.layer(student)
        layer.forward(earlier.x)
        layer.backward(earlier.dy)
        layer.set(weight=case.weight, bias=case.bias)
        expect_close(
            layer.forward(case.x),
            case.y,
            "y after weight and bias were assigned",
            suspects=_stale_suspects(case, earlier),
        )
        expect_close(layer.backward(case.dy), case.dx, "dx after weight and bias were assigned")
        expect_replaced(layer, "dw", case.dw, earlier.dw)
        expect_replaced(layer, "db", case.db, earlier.db)


@check("1.9-inputs", needs=("1.9-repeat", "1.5-inputs", "1.6-inputs"))
def transposed_convolutions_leave_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """ConvTranspose1d and ConvTranspose2d take float32, read-only and non-contiguous arrays, and change none of them.

    What goes in as float32 comes out as float32. weight stays as it was too: a flipped view of it is no copy.
    """
    for case in _cases(rng, (((2, 2, 3), 3, 2, 2, 0), ((2, 2, 3, 2), 3, 2, 2, 0))):
        layer = case.layer(student)
        parameters, gradients = {"weight": case.weight, "bias": case.bias}, {"dw": case.dw, "db": case.db}
        expect_inputs_kept(student, layer, (case.x, case.dy), (case.y, case.dx), parameters, gradients)
        flipped = np.flip(case.weight, tuple(range(2, case.weight.ndim)))
        suspects: Clauses = {"forward flips the layer's own weight": partial(np.copy, flipped)}
        expect_close(layer.get("weight"), case.weight, "weight afterwards", dtype="float32", suspects=suspects)
