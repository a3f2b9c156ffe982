"""1.13: stochastic gradient descent, on the grader's own layers, against torch.optim.SGD."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from autograder.checking.expect import expect_close, expect_unchanged
from autograder.checking.raising import telling
from autograder.checking.rubric import check
from autograder.checking.student import Student

from ...oracles.optim import descended
from .shared import draw

Shape = tuple[int, ...]
NAMES = ("weight", "bias")
LR, MOMENTUM, DECAY = 0.25, 0.75, 0.125  # exact in float32


def _expect_steps(
    student: Student,
    rng: np.random.Generator,
    shapes: Sequence[Shape],
    steps: int,
    momentum: float,
    decay: float,
    dtype: str = "float64",
) -> None:
    """Pass an SGD that moves all parameters as torch.optim.SGD does, with other gradients in each step.

    Args:
        shapes: of weight and bias of each layer in turn.
    """
    parameters = [draw(rng, *shape) for shape in shapes]
    gradients = [[draw(rng, *shape) for shape in shapes] for _ in range(steps)]
    layers = [
        student.new("probe:Holder", weight=weight.astype(dtype), bias=bias.astype(dtype))
        for weight, bias in zip(parameters[::2], parameters[1::2], strict=True)
    ]
    model = student.new("probe:Model", layers)
    sgd = student.new("part1_numpy.optim:SGD", model, lr=LR, momentum=momentum, weight_decay=decay)
    for those in gradients:
        for index, gradient in enumerate(those):
            layers[index // 2].set(**{"db" if index % 2 else "dw": gradient.astype(dtype)})
        sgd.leave("step")
    found = student.several([layer.asking(name) for layer in layers for name in NAMES])
    for index, start in enumerate(parameters):
        own, pull = [those[index] for those in gradients], 0.0 if index % 2 else decay
        name = f"{NAMES[index % 2]} of layer {index // 2} after {steps} steps"
        expected = descended(start, own, LR, momentum, pull)
        # Of each parameter a clause of its own: that others are moved refutes none.
        unmoved = {f"{NAMES[index % 2]} of layer {index // 2} is not moved": partial(np.asarray, start)}
        expect_close(next(found), expected, name, dtype=dtype, suspects=unmoved)


@check("1.13-step", points=2)
def parameters_move_against_their_gradients(student: Student, rng: np.random.Generator) -> None:
    """SGD.step moves weight and bias against their gradients, lr times as far.

    Without momentum and weight decay: w becomes w - lr * g.
    """
    _expect_steps(student, rng, ((2, 3), (3,)), 2, 0.0, 0.0)


@check("1.13-momentum", points=2, needs=("1.13-step",))
def velocity_is_kept(student: Student, rng: np.random.Generator) -> None:
    """SGD.step keeps a velocity from step to step: v = momentum * v - lr * g.

    It starts at 0, so that the first step is one without momentum.
    """
    _expect_steps(student, rng, ((2, 3), (3,)), 3, MOMENTUM, 0.0)


@check("1.13-decay", points=2, needs=("1.13-momentum",))
def weights_decay_and_biases_do_not(student: Student, rng: np.random.Generator) -> None:
    """SGD.step pulls weights towards 0 by weight_decay * w, which is part of the gradient. Biases are not pulled.

    So the pull is multiplied by lr like the rest of the gradient, and momentum remembers it.
    """
    _expect_steps(student, rng, ((2, 3), (3,)), 3, MOMENTUM, DECAY)


@check("1.13-layers", points=2, needs=("1.13-momentum",))
def each_parameter_has_its_velocity(student: Student, rng: np.random.Generator) -> None:
    """SGD.step keeps one velocity for each parameter, also where several layers have weights of one shape.

    Nor do weight and bias of one layer share theirs. What tells a parameter from all the others?
    """
    _expect_steps(student, rng, ((3,), (3,), (3,), (3,)), 2, MOMENTUM, 0.0)
    _expect_steps(student, rng, ((2, 3), (2,), (2, 3), (2,)), 2, MOMENTUM, 0.0)


@check("1.13-others", needs=("1.13-step",))
def layers_that_do_not_learn_are_passed_over(student: Student, rng: np.random.Generator) -> None:
    """SGD.step passes over layers without a weight, and moves those behind them.

    Layers may be of any kind: only their attributes tell whether they learn.
    """
    weight, bias, dw, db = (draw(rng, *shape) for shape in ((2, 3), (3,), (2, 3), (3,)))
    learning = student.new("probe:Holder", weight=weight, bias=bias, dw=dw, db=db)
    layers = [student.new("probe:Roll"), learning, student.new("probe:Holder")]
    model = student.new("probe:Model", layers)
    with telling("one of the layers has no weight"):
        student.new("part1_numpy.optim:SGD", model, lr=LR, momentum=0.0, weight_decay=0.0).step()
    found = learning.get_all(NAMES)
    for name, start, gradient in (("weight", weight, dw), ("bias", bias, db)):
        expected = descended(start, [gradient], LR, 0.0, 0.0)
        expect_close(next(found), expected, f"{name} behind a layer that does not learn")


@check("1.13-inputs", needs=("1.13-decay",))
def gradients_stay_as_they_are(student: Student, rng: np.random.Generator) -> None:
    """SGD.step leaves dw and db as they are, and float32 parameters float32.

    Layers may keep using these arrays after the step.
    """
    weight, bias, dw, db = (draw(rng, *shape) for shape in ((2, 3), (3,), (2, 3), (3,)))
    layer = student.new("probe:Holder", weight=weight, bias=bias, dw=dw, db=db)
    model = student.new("probe:Model", [layer])
    student.new("part1_numpy.optim:SGD", model, lr=LR, momentum=MOMENTUM, weight_decay=DECAY).leave("step")
    found = layer.get_all(["dw", "db"])
    expect_unchanged(next(found), dw, "dw")
    expect_unchanged(next(found), db, "db")
    _expect_steps(student, rng, ((2, 3), (3,)), 2, MOMENTUM, DECAY, "float32")
