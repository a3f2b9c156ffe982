"""1.3: ReLU, Sigmoid and Tanh."""

from __future__ import annotations

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.declarations.declared import Declaration
from autograder.checking.declare import Row, checks, layer
from autograder.checking.each import for_every
from autograder.checking.expect import expect_close, expect_no_warnings
from autograder.checking.rubric import check
from autograder.checking.student import Student

from .shared import distinct


def _activation(name: str) -> Declaration:
    return layer(
        "1.3",
        f"part1_numpy.activations:{name}",
        f"torch.{name.lower()}(x)",
        inputs={"x": "N *D"},
        outputs={"y": "N *D"},
        draws={"x": lambda rng, shape: distinct(rng, *shape) / 3},
        cases={
            "all": (Sizes((2, 3, 2, 3), flat=True), Sizes((1, 7), flat=True)),
            "latest": tuple(Sizes((images, 4), flat=True) for images in (3, 2, 2)),
            "inputs": (Sizes((2, 3, 4), flat=True),),
        },
    )


RELU, SIGMOID, TANH = LAYERS = tuple(map(_activation, ("ReLU", "Sigmoid", "Tanh")))
ROWS = {
    "relu": Row(
        "ReLU keeps what is positive, and lets only the gradient of that through.",
        "The same values count in forward and in backward, those of the latest batch. At exactly 0 either slope is "
        "accepted.",
    ),
    "sigmoid": Row(
        "Sigmoid.forward is 1 / (1 + exp(-x)), and backward multiplies dy by its slope.",
        "Where x is 0, y is 0.5 and the slope is 0.25.",
    ),
    "tanh": Row(
        "Tanh.forward is tanh(x), and backward multiplies dy by its slope.",
        "Where x is 0, y is 0 and the slope is 1; far out the slope is 0.",
    ),
}
for (name, row), one in zip(ROWS.items(), LAYERS, strict=True):
    checks("1.3", {name: Row(row.title, row.help, points=2, ask="y dx: all; latest y")}, one)


@check("1.3-extremes", needs=("1.3-sigmoid", "1.3-tanh"))
def large_inputs_cause_no_warning(student: Student, rng: np.random.Generator) -> None:
    """Sigmoid and Tanh are exact at +-1000, without a warning.

    exp of a large number overflows; of a very negative one it does not. Clipping x gives up precision for it.
    """
    # At -18 what is small is more than rounding leaves of it, where nothing else is lost.
    far = [-1000.0, 1000.0, -750.0, 710.0, -40.0, 40.0, -18.0, 18.0]
    x = np.concatenate([far, rng.uniform(-5, 5, size=4)]).reshape(3, 4)
    dy = distinct(rng, *x.shape)

    def body(own: Declaration) -> None:
        right, made = own.result({"x": x}, dy), student.new(own.target)
        found = made.asked([made.calling("forward", x), made.calling("backward", dy)])
        y = next(found)
        expect_no_warnings(student.warned, f"{own.title}.forward at +-1000")
        expect_close(y, right.outputs[0], f"y of {own.title}")
        dx = next(found)
        expect_no_warnings(student.warned, f"{own.title}.backward at +-1000")
        expect_close(dx, right.gradients[0], f"dx of {own.title}")

    for_every((SIGMOID, TANH), body)


checks(
    "1.3",
    {
        "inputs": Row(
            "ReLU, Sigmoid and Tanh take float32, read-only and non-contiguous arrays, and change none of them.",
            ask="inputs", needs=("1.3-relu", "1.3-sigmoid", "1.3-tanh"),
        )
    },
    *LAYERS,
)  # fmt: skip
