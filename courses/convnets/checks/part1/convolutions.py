"""What the checks of Conv1d and Conv2d have in common: a case, and what known mistakes return.

The rank of the weight, (F, C, K) or (F, C, K, K), decides between them, as in their oracles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograder.checking.expect import expect_close
from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student

from ...oracles.convolution import (
    convolution,
    convolution_db,
    convolution_dw,
    convolution_dx,
    convolution_dx_overwritten,
    convolution_dx_unstrided,
)
from .shared import Clauses, draw

BATCH = (slice(None), slice(None))  # all images, all channels

Layer = partial(Sizes, padded=True)  # the shape of x, then filters, kernel, stride and padding


@dataclass(frozen=True)
class Case:
    """A convolution, an input and a gradient, and what they must give."""

    x: np.ndarray
    dy: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    stride: int
    padding: int

    @property
    def y(self) -> np.ndarray:
        """What forward must return."""
        return convolution(self.x, self.weight, self.bias, self.stride, self.padding)

    @property
    def dx(self) -> np.ndarray:
        """What backward must return."""
        return convolution_dx(self.dy, self.weight, self.x.shape[2:], self.stride, self.padding)

    @property
    def dw(self) -> np.ndarray:
        """The gradient of the weight."""
        return convolution_dw(self.x, self.dy, self.weight.shape[2], self.stride, self.padding)

    @property
    def db(self) -> np.ndarray:
        """The gradient of the bias."""
        return convolution_db(self.dy)

    def layer(self, student: Student) -> Remote:
        """Make the student's layer with these parameters."""
        filters, channels, kernel, *more = self.weight.shape
        target = "part1_numpy.conv2d:Conv2d" if more else "part1_numpy.conv1d:Conv1d"
        layer = student.new(target, channels, filters, kernel, stride=self.stride, padding=self.padding)
        layer.set(weight=self.weight, bias=self.bias)
        return layer


def cases(rng: np.random.Generator, sizes: Iterable[Sizes]) -> Iterator[Case]:
    """Draw a case for each of the sizes."""
    for those in sizes:
        yield draw_case(rng, those)


def draw_case(rng: np.random.Generator, sizes: Sizes) -> Case:
    """Draw the arrays of a case."""
    weight = draw(rng, sizes.filters, sizes.channels, *(sizes.kernel for _ in sizes.lengths))
    dy = draw(rng, sizes.images, sizes.filters, *sizes.results)
    return Case(draw(rng, *sizes.shape), dy, weight, draw(rng, sizes.filters), sizes.stride, sizes.padding)


def expect_y(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    """Pass a layer whose forward is right."""
    case = draw_case(rng, sizes)
    expect_close(case.layer(student).forward(case.x), case.y, "y", suspects=forward_suspects(case))


def expect_dx(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
    """Pass a layer whose backward returns the right dx."""
    case = draw_case(rng, sizes)
    layer = case.layer(student)
    layer.forward(case.x)
    expect_close(layer.backward(case.dy), case.dx, "dx", suspects=dx_suspects(case))


def expect_parameters(
    student: Student, rng: np.random.Generator, sizes: Sizes, names: tuple[str, ...] = ("dw", "db")
) -> None:
    """Pass a layer whose backward sets the right dw and db, or one of them."""
    case = draw_case(rng, sizes)
    layer = case.layer(student)
    layer.forward(case.x)
    layer.backward(case.dy)
    if "dw" in names:
        axes = ("filter", "channel", *(("row", "column") if len(sizes.lengths) == 2 else ("position",)))
        expect_close(layer.get("dw"), case.dw, "dw", suspects=dw_suspects(case), axes=axes)
    if "db" in names:
        expect_close(layer.get("db"), case.db, "db", suspects=db_suspects(case), axes=("filter",))


def forward_suspects(case: Case) -> Clauses:
    """What forward returns when a known mistake is made."""
    x, weight, bias, stride, padding = case.x, case.weight, case.bias, case.stride, case.padding
    axes = tuple(range(2, x.ndim))
    zero = np.zeros_like(bias)

    def placed(before: int, after: int, mode: Any = "constant") -> np.ndarray:
        padded = np.pad(x, ((0, 0), (0, 0), *((before, after) for _ in axes)), mode=mode)
        return convolution(padded, weight, bias, stride, 0)

    def unstrided() -> np.ndarray:
        near = convolution(x, weight, bias, 1, padding)
        return near[(*BATCH, *(slice((size - 1) // stride + 1) for size in near.shape[2:]))]

    def cut(*lengths: int) -> np.ndarray:
        return case.y[(*BATCH, *map(slice, lengths))]

    def filled() -> np.ndarray:
        rests = [-(length + 2 * padding - weight.shape[2]) % stride for length in x.shape[2:]]
        padded = np.pad(x, ((0, 0), (0, 0), *((padding, padding + rest) for rest in rests)))
        return convolution(padded, weight, bias, stride, 0)

    clauses: Clauses = {
        "the kernel is flipped": lambda: convolution(x, np.flip(weight, axes), bias, stride, padding),
        "the bias is left out": lambda: convolution(x, weight, zero, stride, padding),
        "the bias is subtracted": lambda: convolution(x, weight, -bias, stride, padding),
        "the bias is added once for each input channel": lambda: convolution(
            x, weight, len(x[0]) * bias, stride, padding
        ),
        "the bias is added once for each value of a window": lambda: convolution(
            x, weight, weight[0].size * bias, stride, padding
        ),
        "only the first channel is looked at": lambda: convolution(x[:, :1], weight[:, :1], bias, stride, padding),
        "the mean of the channels is taken, not their sum": lambda: convolution(
            x, weight / len(x[0]), bias, stride, padding
        ),
        "the last window along each axis is left out": lambda: cut(*(length - 1 for length in case.y.shape[2:])),
        "a window that ends with the last value is left out": lambda: cut(
            *((length + 2 * padding - weight.shape[2] + 1) // stride for length in x.shape[2:])
        ),
        "the number of windows is worked out without the padding": lambda: cut(
            *((length - weight.shape[2]) // stride + 1 for length in x.shape[2:])
        ),
        "a rest that does not fill a window is filled up with zeros": filled,
        "windows begin at neighbouring positions, stride is left out": unstrided,
        "stride is left out": lambda: convolution(x, weight, bias, 1, padding),
        "padding is left out": lambda: convolution(x, weight, bias, stride, 0),
        "all the padding stands behind the last value": lambda: placed(0, 2 * padding),
        "padding zeros are put on one side only": lambda: placed(0, padding),
        "the padding repeats the values at the border": lambda: placed(padding, padding, "edge"),
    }
    if len(axes) == 2:
        clauses["rows and columns of the kernel are exchanged"] = lambda: convolution(
            x, weight.swapaxes(2, 3), bias, stride, padding
        )
        clauses["height and width of the output are exchanged"] = lambda: case.y.swapaxes(2, 3)
        clauses["the output is folded with height and width exchanged"] = lambda: case.y.reshape(
            *case.y.shape[:2], case.y.shape[3], case.y.shape[2]
        )
        clauses["stride is left out along the columns"] = lambda: convolution(x, weight, bias, 1, padding)[
            :, :, ::stride
        ]
        clauses["stride is left out along the rows"] = lambda: convolution(x, weight, bias, 1, padding)[..., ::stride]
    return clauses


def dx_suspects(case: Case) -> Clauses:
    """What backward returns when a known mistake is made."""
    dy, weight, stride, padding = case.dy, case.weight, case.stride, case.padding
    size = case.x.shape[2:]
    how = (size, stride, padding)
    axes = tuple(range(2, weight.ndim))
    wide = tuple(length + 2 * padding for length in size)
    used = tuple((count - 1) * stride + weight.shape[2] - 2 * padding for count in dy.shape[2:])

    def cut(first: int) -> np.ndarray:
        padded = convolution_dx(dy, weight, wide, stride, 0)
        return padded[(*BATCH, *(slice(first, first + length) for length in size))]

    clauses: Clauses = {
        "the kernel is flipped": lambda: convolution_dx(dy, np.flip(weight, axes), *how),
        "the windows overwrite each other where they overlap": lambda: convolution_dx_overwritten(
            dy, weight, *how, loop_over="windows"
        ),
        "what comes back through one place of the kernel overwrites what came through another": lambda: (
            convolution_dx_overwritten(dy, weight, *how, loop_over="kernel")
        ),
        "each filter and window overwrites what others have left": lambda: convolution_dx_overwritten(
            dy[:, -1:], weight[-1:], *how, loop_over="windows"
        ),
        "only the last filter counts": lambda: convolution_dx(dy[:, -1:], weight[-1:], *how),
        "stride is left out: windows begin at neighbouring positions": lambda: convolution_dx_unstrided(
            dy, weight, *how
        ),
        "it is divided by N": lambda: convolution_dx(dy, weight, *how) / len(dy),
        "only the first filter is looked at": lambda: convolution_dx(dy[:, :1], weight[:1], *how),
        "the padding is not cut off": lambda: convolution_dx(dy, weight, wide, stride, 0),
        "the padding is cut off at the end only": lambda: cut(0),
        "the padding is cut off at the beginning only": lambda: cut(2 * padding),
        "the padding is cut off with a slice p:-p, which is empty for p = 0": lambda: (
            case.dx if padding else np.zeros((len(dy), weight.shape[1], *(0 for _ in axes)))
        ),
        "the rest that no window reaches is missing": lambda: convolution_dx(dy, weight, used, stride, padding),
    }
    if len(axes) == 2:
        clauses["rows and columns of the kernel are exchanged"] = lambda: convolution_dx(
            dy, weight.swapaxes(2, 3), *how
        )
        clauses["the rows of the kernel are flipped"] = lambda: convolution_dx(dy, np.flip(weight, 2), *how)
        clauses["the columns of the kernel are flipped"] = lambda: convolution_dx(dy, np.flip(weight, 3), *how)
    return clauses


def _is_last(dy: np.ndarray) -> np.ndarray:
    """True for the last position of each image."""
    last = np.zeros(dy.shape[2:], dtype=bool)
    last[(-1,) * last.ndim] = True
    return last


def dw_suspects(case: Case) -> Clauses:
    """What dw is when a known mistake is made."""
    x, dy, kernel, stride, padding = case.x, case.dy, case.weight.shape[2], case.stride, case.padding
    axes = tuple(range(2, x.ndim))
    right = case.dw

    def unstrided() -> np.ndarray:
        padded = np.pad(x, ((0, 0), (0, 0), *((padding, padding) for _ in axes)))
        reached = padded[(*BATCH, *(slice(count + kernel - 1) for count in dy.shape[2:]))]
        return convolution_dw(reached, dy, kernel, 1, 0)

    def only(images: slice) -> np.ndarray:
        place: tuple[Any, ...] = (images, slice(None), *(-1 for _ in axes))
        last = np.zeros_like(dy)
        last[place] = dy[place]
        return convolution_dw(x, last, kernel, stride, padding)

    clauses: Clauses = {
        "it is divided by N": lambda: right / len(x),
        "it is divided by the number of positions": lambda: right / np.prod(dy.shape[2:]),
        "the kernel is flipped": lambda: np.flip(right, axes),
        "only the last window counts, as with = instead of +=": lambda: convolution_dw(
            x, np.where(_is_last(dy), dy, 0), kernel, stride, padding
        ),
        "only the last image counts": lambda: convolution_dw(x[-1:], dy[-1:], kernel, stride, padding),
        "only the last window of the last image counts, = stands in the place of +=": lambda: only(slice(-1, None)),
        "only the last window of each image counts, = stands in the place of +=": lambda: only(slice(None)),
        "only the first image counts": lambda: convolution_dw(x[:1], dy[:1], kernel, stride, padding),
        "filters and channels are exchanged": lambda: right.swapaxes(0, 1),
        "stride is left out: windows begin at neighbouring positions": unstrided,
        "the channels are summed": lambda: np.broadcast_to(right.sum(axis=1, keepdims=True), right.shape),
    }
    if len(axes) == 2:
        clauses["rows and columns of the kernel are exchanged"] = lambda: right.swapaxes(2, 3)
    return clauses


def db_suspects(case: Case) -> Clauses:
    """What db is when a known mistake is made."""
    dy, right, axes = case.dy, case.db, tuple(range(2, case.dy.ndim))
    end: tuple[Any, ...] = (*BATCH, *(-1 for _ in axes))
    last = dy[end]
    clauses: Clauses = {
        "it is divided by N": lambda: right / len(dy),
        "the mean over images and positions is taken, not the sum": lambda: right * len(right) / dy.size,
        "it is not summed over the images": lambda: np.stack([convolution_db(image[None]) for image in dy]),
        "it is not summed over the positions": lambda: dy.sum(axis=0),
        "it is summed over the positions only, of the last image": lambda: convolution_db(dy[-1:]),
        "only the last position of the last image counts, = stands in the place of +=": lambda: last[-1],
        "only the last position of each image counts, = stands in the place of +=": lambda: last.sum(axis=0),
        "it is one sum over everything": lambda: right.sum(),
        "the axes that were summed are kept with length 1": lambda: right.reshape(1, -1, *(1 for _ in axes)),
        "it is summed over the filters, not over the images": lambda: convolution_db(dy.swapaxes(0, 1)),
    }
    if len(axes) == 2:
        clauses["it is summed over the filters, not over the columns"] = lambda: dy.sum(axis=(0, 1, 2))
    return clauses
