"""What the checks of transposed convolutions have in common: a case, and what known mistakes return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student

from ...oracles.convolution import convolution_db
from ...oracles.transpose import transposed, transposed_dw, transposed_dx, transposed_widened
from .convolutions import BATCH
from .shared import Clauses, draw

Layer = partial(Sizes, padded=True, scatters=True)  # the shape of x, then filters, kernel, stride and padding


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


def cases(rng: np.random.Generator, sizes: Iterable[Sizes]) -> Iterator[Case]:
    """Draw a case for each of the sizes."""
    for those in sizes:
        yield draw_case(rng, those)


def draw_case(rng: np.random.Generator, sizes: Sizes) -> Case:
    """Draw the arrays of a case."""
    weight = draw(rng, sizes.channels, sizes.filters, *(sizes.kernel for _ in sizes.lengths))
    dy = draw(rng, sizes.images, sizes.filters, *sizes.results)
    return Case(draw(rng, *sizes.shape), dy, weight, draw(rng, sizes.filters), sizes.stride, sizes.padding)


def y_suspects(case: Case) -> Clauses:
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
        "the padding is taken off with a slice p:-p, which is empty for p = 0": lambda: (
            case.y if padding else np.zeros((len(x), f, *(0 for _ in axes)))
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


def dx_suspects(case: Case) -> Clauses:
    """What backward returns when a known mistake is made."""
    size, dy, weight = case.x.shape[2:], case.dy, case.weight
    wide = tuple(case.stride * (length - 1) + 1 for length in size)
    return {
        "the places of the zeros are not taken out again": lambda: transposed_dx(dy, weight, wide, 1, case.padding),
        "the kernel is flipped": lambda: replace(case, weight=np.flip(weight, tuple(range(2, weight.ndim)))).dx,
        "it is divided by N": lambda: case.dx / len(case.x),
    }


def dw_suspects(case: Case) -> Clauses:
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


def db_suspects(case: Case) -> Clauses:
    """What db is when a known mistake is made."""
    return {
        "backward leaves it at the zeros of the start": lambda: np.zeros_like(case.bias),
        "it is divided by N": lambda: case.db / len(case.dy),
        "it is not summed over the images": lambda: np.stack([convolution_db(image[None]) for image in case.dy]),
    }


def stale_suspects(case: Case, earlier: Case) -> Clauses:
    """What forward returns when it keeps parameters that have been replaced."""
    return {
        "the weight of an earlier forward is kept": lambda: replace(case, weight=earlier.weight).y,
        "the bias of an earlier forward is kept": lambda: replace(case, bias=earlier.bias).y,
        "weight and bias of an earlier forward are kept": lambda: replace(earlier, x=case.x).y,
    }
