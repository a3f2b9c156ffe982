"""1.2: the fully connected layer, and Flatten."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.checking.each import for_each
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student

from ...oracles.linear import flattened, folded, linear, linear_db, linear_dw, linear_dx
from .shared import Clauses, draw, expect_inputs_kept, expect_replaced

Layer = partial(Sizes, out="outputs", flat=True)
CASES = (Layer((2, 3), 3), Layer((3, 2, 2, 3), 4), Layer((1, 5), 2))  # the first weight is square: transposed, it fits


def _draw(rng: np.random.Generator, sizes: Sizes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw x, dy, weight and bias."""
    images, outputs = sizes.images, sizes.filters
    x, dy = draw(rng, *sizes.shape), draw(rng, images, outputs)
    return x, dy, draw(rng, outputs, sizes.features), draw(rng, outputs)


def _linear(student: Student, weight: np.ndarray, bias: np.ndarray) -> Remote:
    """Make the student's layer with these parameters."""
    layer = student.new("part1_numpy.linear:Linear", weight.shape[1], weight.shape[0])
    layer.set(weight=weight, bias=bias)
    return layer


def _square(weight: np.ndarray) -> np.ndarray:
    """Transpose a weight where that leaves its shape; otherwise NumPy itself tells the student."""
    return weight.T if weight.shape[0] == weight.shape[1] else weight


@check("1.2-forward", points=2)
def linear_multiplies_and_adds(student: Student, rng: np.random.Generator) -> None:
    """Linear.forward flattens each image, multiplies it by the weight and adds the bias.

    weight is (out_features, in_features), and x may have any number of axes after the first.
    """

    def suspects(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> Clauses:
        return {
            "the weight is not transposed": lambda: linear(x, _square(weight), bias),
            "the weight is reshaped, not transposed": lambda: linear(x, weight.reshape(weight.shape[::-1]).T, bias),
            "the bias is left out": lambda: linear(x, weight, np.zeros_like(bias)),
            "the bias is subtracted": lambda: linear(x, weight, -bias),
            "the images are flattened column by column": lambda: linear(flattened(x, "F"), weight, bias),
        }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        x, _, weight, bias = _draw(rng, sizes)
        found = _linear(student, weight, bias).forward(x)
        expect_close(found, linear(x, weight, bias), "y", suspects=suspects(x, weight, bias))

    for_each(student, rng, CASES, body)


@check("1.2-dx", points=2)
def linear_passes_the_gradient_back(student: Student, rng: np.random.Generator) -> None:
    """Linear.backward returns dx in the shape of x.

    x[n, d] enters every output of image n. For an input with several axes, dx is folded back at the end.
    """

    def suspects(dy: np.ndarray, weight: np.ndarray, shape: tuple[int, ...]) -> Clauses:
        rows = (len(dy), weight.shape[1])
        return {
            "it keeps the flattened shape": lambda: linear_dx(dy, weight, rows),
            "the weight is transposed": lambda: linear_dx(dy, _square(weight), shape),
            "it is divided by N": lambda: linear_dx(dy, weight, shape) / len(dy),
            "it is folded back column by column": lambda: folded(linear_dx(dy, weight, rows), shape, "F"),
        }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        x, dy, weight, bias = _draw(rng, sizes)
        layer = _linear(student, weight, bias)
        layer.forward(x)
        found = layer.backward(dy)
        expect_close(found, linear_dx(dy, weight, x.shape), "dx", suspects=suspects(dy, weight, x.shape))

    for_each(student, rng, CASES, body)


@check("1.2-parameters", points=2)
def linear_sets_dw_and_db(student: Student, rng: np.random.Generator) -> None:
    """Linear.backward sets dw and db, sums over the images.

    A weight is used once for each image, and so is a bias. The loss has taken the mean already.
    """

    def dw_suspects(dw: np.ndarray, x: np.ndarray, dy: np.ndarray) -> Clauses:
        return {
            "it is divided by N": lambda: dw / len(x),
            "it is transposed": lambda: dw.T,
            "only the last image counts": lambda: linear_dw(dy[-1:], x[-1:]),
        }

    def db_suspects(db: np.ndarray, dy: np.ndarray) -> Clauses:
        return {
            "it is divided by N": lambda: db / len(dy),
            "it keeps an axis of length 1": lambda: db[None],
            "it is summed over the outputs, not over the images": lambda: linear_db(dy.T),
            "it is one sum over everything": lambda: db.sum(),
            "it is not summed over the images": lambda: dy,
            "only the last image counts": lambda: linear_db(dy[-1:]),
        }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        x, dy, weight, bias = _draw(rng, sizes)
        layer = _linear(student, weight, bias)
        layer.forward(x)
        layer.backward(dy)
        dw, db = linear_dw(dy, x), linear_db(dy)
        expect_close(layer.get("dw"), dw, "dw", suspects=dw_suspects(dw, x, dy), axes=("output", "input"))
        expect_close(layer.get("db"), db, "db", suspects=db_suspects(db, dy), axes=("output",))

    for_each(student, rng, CASES, body)


@check("1.2-repeat", needs=("1.2-parameters",))
def linear_starts_anew(student: Student, rng: np.random.Generator) -> None:
    """Linear.backward replaces dw and db, and belongs to the latest forward.

    Whatever an earlier batch has left, larger or smaller, has no influence.
    """
    weight, bias = draw(rng, 2, 3), draw(rng, 2)
    layer = _linear(student, weight, bias)
    (earlier_x, earlier_dy), (x, dy) = ((draw(rng, n, 3), draw(rng, n, 2)) for n in (3, 4))
    layer.forward(earlier_x)
    layer.backward(earlier_dy)
    layer.set(weight=weight, bias=bias)
    layer.forward(draw(rng, 5, 3))
    layer.forward(x)
    expect_close(layer.backward(dy), linear_dx(dy, weight, x.shape), "dx of the second batch")
    expect_replaced(layer, "dw", linear_dw(dy, x), linear_dw(earlier_dy, earlier_x))
    expect_replaced(layer, "db", linear_db(dy), linear_db(earlier_dy))


@check("1.2-inputs", needs=("1.2-forward", "1.2-dx", "1.2-repeat"))
def linear_leaves_its_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """Linear takes float32, read-only and non-contiguous arrays, and changes none of them, nor weight and bias.

    Only an optimizer moves parameters.
    """
    x, dy, weight, bias = draw(rng, 3, 2, 2), draw(rng, 3, 2), draw(rng, 2, 4), draw(rng, 2)
    expect_inputs_kept(
        student,
        _linear(student, weight, bias),
        (x, dy),
        (linear(x, weight, bias), linear_dx(dy, weight, x.shape)),
        {"weight": weight, "bias": bias},
        {"dw": linear_dw(dy, x), "db": linear_db(dy)},
    )


@check("1.2-flatten")
def flatten_lays_out_and_folds_back(student: Student, rng: np.random.Generator) -> None:
    """Flatten.forward lays each image out row by row, and backward folds the gradient back.

    The first axis, that of the images, stays.
    """

    def forward_suspects(x: np.ndarray) -> Clauses:
        return {"an image is read column by column": lambda: flattened(x, "F"), "the images are joined": x.ravel}

    def backward_suspects(dy: np.ndarray, shape: tuple[int, ...]) -> Clauses:
        return {"it is folded back column by column": lambda: folded(dy, shape, "F"), "it stays flat": lambda: dy}

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        x, dy = draw(rng, *sizes.shape), draw(rng, sizes.images, sizes.features)
        expect_close(layer.forward(x), flattened(x), "y", suspects=forward_suspects(x))
        expect_close(layer.backward(dy), folded(dy, sizes.shape), "dx", suspects=backward_suspects(dy, sizes.shape))

    layer = student.new("part1_numpy.linear:Flatten")
    for_each(student, rng, (Sizes(shape, flat=True) for shape in ((2, 3, 2, 4), (1, 2, 3), (3, 2))), body)
