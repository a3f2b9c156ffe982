"""1.8: zeros between values, every A-th value, and the way back from both."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from autograder.checking.each import for_each
from autograder.checking.expect import expect_close, expect_unchanged
from autograder.checking.rubric import check
from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student

from ...oracles.resampling import (
    cut_out,
    downsampled,
    downsampled_by_mean,
    downsampled_dx,
    repeated,
    upsampled,
    upsampled_by,
    upsampled_dx,
)

# Shape of x and factor. Most sizes leave a rest; one value alone has no neighbours; factor 1 changes nothing.
SIGNALS = (((2, 3, 4), 3), ((1, 2, 8), 3), ((2, 1, 1), 2), ((2, 2, 5), 1))
IMAGES = (((2, 3, 5, 4), 2), ((1, 2, 6, 9), 3), ((2, 1, 2, 5), 4), ((1, 2, 2, 4), 1))


GATHERED = tuple(Sizes(shape, kernel=1, stride=factor, step="factor") for shape, factor in (*SIGNALS, *IMAGES))
SCATTERED = tuple(replace(sizes, scatters=True) for sizes in GATHERED)


def _draw(student: Student, rng: np.random.Generator, sizes: Sizes, kind: str) -> tuple[int, np.ndarray, Remote]:
    """Draw an input, and give it with the factor and the student's layer."""
    layer = student.new(f"part1_numpy.resampling:{kind}{len(sizes.lengths)}d", sizes.stride)
    return sizes.stride, rng.normal(size=sizes.shape), layer


@check("1.8-upsample", points=2)
def upsample_puts_zeros_between(student: Student, rng: np.random.Generator) -> None:
    """Upsample1d and Upsample2d put factor - 1 zeros between neighbours.

    None before the first value and none after the last: by hand, what do two values become with factor 3?
    """
    rules = {
        "as many zeros stand between neighbours as the factor says: one too many": "wider",
        "zeros follow the last value too": "trailing",
        "zeros stand before the first value": "leading",
        "values are repeated, with no zeros between them": "repeated",
        "zeros stand between rows, but not between columns": "rows only",
    }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        factor, x, layer = _draw(student, rng, sizes, "Upsample")
        suspects = {
            clause: partial(upsampled_by, x, factor, rule)
            for clause, rule in rules.items()
            if x.ndim == 4 or rule != "rows only"
        }
        expect_close(layer.forward(x), upsampled(x, factor), "y", suspects=suspects)

    for_each(student, rng, SCATTERED, body)


@check("1.8-upsample-backward", points=2)
def upsample_takes_zeros_out(student: Student, rng: np.random.Generator) -> None:
    """Upsample1d.backward and Upsample2d.backward return the gradient of the values, not of the zeros.

    Which values of y came from x? Only their gradients count.
    """

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        factor, x, layer = _draw(student, rng, sizes, "Upsample")
        size = sizes.lengths
        dy = rng.normal(size=upsampled(x, factor).shape)
        rank, long = len(size), dy.shape[2:]
        suspects = {
            "it is the beginning of dy, with the places of zeros": partial(cut_out, dy, (0,) * rank, size, (1,) * rank),
            "the picking starts at factor - 1, at a zero": partial(
                cut_out, dy, (factor - 1,) * rank, long, (factor,) * rank
            ),
            "the picking goes in steps of factor + 1": partial(cut_out, dy, (0,) * rank, long, (factor + 1,) * rank),
        }
        if rank == 2:
            suspects["rows are picked, columns are not"] = partial(cut_out, dy, (0, 0), long, (factor, 1))
            suspects["columns are picked, rows are not"] = partial(cut_out, dy, (0, 0), long, (1, factor))
        layer.forward(x)
        dx = upsampled_dx(dy, size, factor)
        expect_close(layer.backward(dy), dx, "dx", suspects=suspects)

    for_each(student, rng, SCATTERED, body)


@check("1.8-downsample", points=2)
def downsample_keeps_every_value_at_a_multiple(student: Student, rng: np.random.Generator) -> None:
    """Downsample1d and Downsample2d keep the values at 0, factor, 2 * factor and so on.

    The last of them may stand in a rest that is shorter than the factor.
    """

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        factor, x, layer = _draw(student, rng, sizes, "Downsample")
        size = sizes.lengths
        rank, whole = len(size), tuple(length // factor * factor for length in size)
        suspects = {
            "a rest shorter than the factor is dropped": partial(cut_out, x, (0,) * rank, whole, (factor,) * rank),
            "it starts with the value at factor - 1": partial(cut_out, x, (factor - 1,) * rank, size, (factor,) * rank),
            "the steps are factor + 1": partial(cut_out, x, (0,) * rank, size, (factor + 1,) * rank),
        }
        if all(whole):
            suspects["blocks are averaged"] = partial(downsampled_by_mean, x, factor)
        if rank == 2:
            suspects["rows are dropped, columns are not"] = partial(cut_out, x, (0, 0), size, (factor, 1))
            suspects["columns are dropped, rows are not"] = partial(cut_out, x, (0, 0), size, (1, factor))
        expect_close(layer.forward(x), downsampled(x, factor), "y", suspects=suspects)

    for_each(student, rng, GATHERED, body)


@check("1.8-downsample-backward", points=2)
def downsample_restores_the_size(student: Student, rng: np.random.Generator) -> None:
    """Downsample1d.backward and Downsample2d.backward return dx as large as x was, zeros where values were dropped.

    Inputs of different sizes become outputs of one size, so dy alone does not tell the size of x.
    """

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        factor, x, layer = _draw(student, rng, sizes, "Downsample")
        size = sizes.lengths
        dy = rng.normal(size=downsampled(x, factor).shape)
        multiple = tuple(factor * length for length in dy.shape[2:])
        suspects = {
            "the rest that forward dropped does not come back": partial(upsampled, dy, factor),
            "its size is a multiple of the factor, whatever the size of x was": partial(
                downsampled_dx, dy, multiple, factor
            ),
            "gradients are repeated, with no zeros between them": partial(repeated, dy, size, factor),
        }
        layer.forward(x)
        dx = downsampled_dx(dy, size, factor)
        expect_close(layer.backward(dy), dx, "dx", suspects=suspects)

    for_each(student, rng, GATHERED, body)


@check("1.8-inputs", needs=("1.8-upsample", "1.8-upsample-backward", "1.8-downsample", "1.8-downsample-backward"))
def resampling_keeps_dtype_and_inputs(student: Student, rng: np.random.Generator) -> None:
    """The four resampling layers keep float32, change no input, and follow the size of the latest input.

    np.zeros makes float64 unless told otherwise.
    """
    for name in ("Upsample1d", "Upsample2d", "Downsample1d", "Downsample2d"):
        layer, shape = student.new(f"part1_numpy.resampling:{name}", 2), (2, 1, 5, 6)[: int(name[-2]) + 2]
        forward, way_back = (upsampled, upsampled_dx) if name[0] == "U" else (downsampled, downsampled_dx)
        layer.forward(rng.normal(size=(1, 2, *(size + 2 for size in shape[2:]))))
        x = rng.normal(size=shape).astype(np.float32)
        dy = rng.normal(size=forward(x, 2).shape).astype(np.float32)
        held_x, held_dy = student.hold(x, "readonly"), student.hold(dy, "strided")
        expect_close(layer.forward(held_x), forward(x, 2), f"y of {name}", dtype="float32")
        expect_close(layer.backward(held_dy), way_back(dy, shape[2:], 2), f"dx of {name}", dtype="float32")
        expect_unchanged(held_x.fetch(), x, "x")
        expect_unchanged(held_dy.fetch(), dy, "dy")
