"""1.3: ReLU, Sigmoid and Tanh."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from autograder.checking.each import for_each, for_every
from autograder.checking.expect import expect_close, expect_no_warnings
from autograder.checking.rubric import check
from autograder.checking.sizes import Sizes
from autograder.checking.student import Student

from ...oracles.activations import activation, activation_dx, activation_dx_by
from .shared import distinct, expect_inputs_kept

LAYERS = {"relu": "part1_numpy.activations:ReLU", "sigmoid": "part1_numpy.activations:Sigmoid"}
LAYERS["tanh"] = "part1_numpy.activations:Tanh"


def _compare(
    student: Student, rng: np.random.Generator, kind: str, others: Mapping[str, str], rules: Mapping[str, str]
) -> None:
    """Compare forward and backward for inputs of several shapes.

    Args:
        others: for a suspect's clause the function that forward computes instead.
        rules: for a suspect's clause what backward does wrong, see `activation_dx_by`.
    """
    layer = student.new(LAYERS[kind])

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        x, dy = distinct(rng, *sizes.shape) / 3, distinct(rng, *sizes.shape)
        suspects = {clause: partial(activation, x, other) for clause, other in others.items()}
        expect_close(layer.forward(x), activation(x, kind), "y", suspects=suspects)
        suspects = {clause: partial(activation_dx_by, x, dy, kind, rule) for clause, rule in rules.items()}
        expect_close(layer.backward(dy), activation_dx(x, dy, kind), "dx", suspects=suspects)

    for_each(student, rng, (Sizes(shape, flat=True) for shape in ((2, 3, 2, 3), (1, 7))), body)


@check("1.3-relu", points=2)
def relu_cuts_off_what_is_negative(student: Student, rng: np.random.Generator) -> None:
    """ReLU keeps what is positive, and lets only the gradient of that through.

    The same values count in forward and in backward. At exactly 0 either slope is accepted.
    """
    others = {
        "negative values change their sign": "abs",
        "a hundredth of the negative values is kept": "leaky",
        "the negative values are kept": "negative",
        "1 is returned in the place of x": "sign",
    }
    rules = {
        "the sign of dy decides, not that of x": "of dy",
        "dy is left out": "no dy",
        "dy is multiplied by y": "y",
        "the gradient of negative values is let through, that of positive ones stopped": "other side",
    }
    _compare(student, rng, "relu", others, rules)


@check("1.3-sigmoid", points=2)
def sigmoid_and_its_slope(student: Student, rng: np.random.Generator) -> None:
    """Sigmoid.forward is 1 / (1 + exp(-x)), and backward multiplies dy by its slope.

    Where x is 0, y is 0.5 and the slope is 0.25.
    """
    rules = {
        "dy is left out": "no dy",
        "x stands where y belongs in the slope": "x for y",
        "the slope is taken at y, not at x": "of y",
        "the slope is taken at dy, not at x": "of dy",
        "dy is multiplied by y, not by the slope": "y",
        "one factor of the slope is missing": "unsquared",
    }
    _compare(student, rng, "sigmoid", {"it is tanh": "tanh"}, rules)


@check("1.3-tanh", points=2)
def tanh_and_its_slope(student: Student, rng: np.random.Generator) -> None:
    """Tanh.forward is tanh(x), and backward multiplies dy by its slope.

    Where x is 0, y is 0 and the slope is 1; far out the slope is 0.
    """
    rules = {
        "dy is left out": "no dy",
        "x stands where y belongs in the slope": "x for y",
        "the slope is taken at y, not at x": "of y",
        "the slope is taken at dy, not at x": "of dy",
        "dy is multiplied by y, not by the slope": "y",
        "y is not squared in the slope": "unsquared",
        "the slope is subtracted from 1": "other side",
    }
    _compare(student, rng, "tanh", {"it is the sigmoid": "sigmoid"}, rules)


@check("1.3-extremes", needs=("1.3-sigmoid", "1.3-tanh"))
def large_inputs_cause_no_warning(student: Student, rng: np.random.Generator) -> None:
    """Sigmoid and Tanh are exact at +-1000, without a warning.

    exp of a large number overflows; of a very negative one it does not. Clipping x gives up precision for it.
    """
    x = np.concatenate([[-1000.0, 1000.0, -750.0, 710.0, -40.0, 40.0], rng.uniform(-5, 5, size=6)]).reshape(3, 4)
    dy = distinct(rng, *x.shape)

    def body(kind: str) -> None:
        name = LAYERS[kind].partition(":")[2]
        layer = student.new(LAYERS[kind])
        y = layer.forward(x)
        expect_no_warnings(student.warned, f"{name}.forward at +-1000")
        expect_close(y, activation(x, kind), f"y of {name}")
        dx = layer.backward(dy)
        expect_no_warnings(student.warned, f"{name}.backward at +-1000")
        expect_close(dx, activation_dx(x, dy, kind), f"dx of {name}")

    for_every(("sigmoid", "tanh"), body)


@check("1.3-inputs", needs=("1.3-relu", "1.3-sigmoid", "1.3-tanh"))
def activations_leave_their_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """ReLU, Sigmoid and Tanh take float32, read-only and non-contiguous arrays, and change none of them."""
    x, dy = distinct(rng, 2, 3, 4) / 2, distinct(rng, 2, 3, 4)

    def body(kind: str) -> None:
        y, dx = activation(x, kind), activation_dx(x, dy, kind)
        expect_inputs_kept(student, student.new(LAYERS[kind]), (x, dy), (y, dx))

    for_every(LAYERS, body)
