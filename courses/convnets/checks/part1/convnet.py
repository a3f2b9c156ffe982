"""1.12: a network of layers in a row. ConvNet is checked on small layers of the grader's own."""

from __future__ import annotations

import numpy as np

from autograder.cases.training import Layer
from autograder.checking import answers
from autograder.checking.declarations.untouched import expect_parameters_kept
from autograder.checking.expect import expect_close, expect_unchanged
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed

from ...oracles.convnet import probe_dx, probe_loss, probe_scores
from .shared import draw, pair

NET = "part1_numpy.convnet:ConvNet"
AXES = ("image", "entry")
COUNT, WIDTH = 3, 4  # images and their entries, for the grader's layers


def _layers(rng: np.random.Generator) -> list[Layer]:
    """Four layers in an order that matters, two of them with parameters of one shape."""
    return [
        ("scale", draw(rng, WIDTH), draw(rng, WIDTH)),
        ("roll",),
        ("bend",),
        ("scale", draw(rng, WIDTH), draw(rng, WIDTH)),
    ]


def _modules(student: Student, layers: list[Layer]) -> list[Remote]:
    return [student.new(f"probe:{kind.capitalize()}", *arrays) for kind, *arrays in layers]


def _net(student: Student, layers: list[Layer], modules: list[Remote] | None = None) -> Remote:
    """The student's ConvNet of the grader's layers."""
    return student.new(NET, modules or _modules(student, layers), student.new("probe:Distance"))


def _batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return draw(rng, COUNT, WIDTH), rng.permutation(COUNT)


def returned(answer: object) -> tuple[object, object]:
    """Pass what forward returned if it is (probs, loss)."""
    probs, loss = pair(answer)
    if answers.array(probs) is None and answers.array(loss) is not None:
        raise CheckFailed("forward returned (loss, probs), expected (probs, loss)")
    return probs, loss


@check("1.12-forward", points=2)
def network_passes_the_input_on(student: Student, rng: np.random.Generator) -> None:
    """ConvNet.forward sends the input through every layer in order, then through its criterion.

    The layers and the criterion here are of a kind that your code has never seen: whatever has forward and backward
    is a layer.
    """
    layers, (x, y) = _layers(rng), _batch(rng)
    scores = probe_scores(x, layers)
    probs, loss = returned(_net(student, layers).forward(x, y))
    expect_close(probs, scores / 2, "probs", axes=AXES)
    expect_close(loss, probe_loss(scores, y), "loss")


@check("1.12-backward", points=2, needs=("1.12-forward",))
def network_passes_the_gradient_back(student: Student, rng: np.random.Generator) -> None:
    """ConvNet.backward starts with the criterion's gradient and goes through the layers from the last to the first.

    What one layer returns as dx is dy of the layer before it. The last dx is what backward returns.
    """
    layers, (x, y) = _layers(rng), _batch(rng)
    net = _net(student, layers)
    net.leave("forward", x, y)
    expect_close(net.backward(), probe_dx(x, y, layers), "dx", axes=AXES)


@check("1.12-repeat", needs=("1.12-backward",))
def network_stays_as_it_is(student: Student, rng: np.random.Generator) -> None:
    """ConvNet leaves its layers in their order, and the images and parameters as they are.

    A second batch works like the first. list.reverse changes the list itself; only an optimizer moves parameters.
    """
    layers = _layers(rng)
    modules = _modules(student, layers)
    net = _net(student, layers, modules)
    learning = {
        student.new("probe:Parameters", module, ["weight", "bias"]): {"weight": arrays[0], "bias": arrays[1]}
        for module, (kind, *arrays) in zip(modules, layers, strict=True)
        if kind == "scale"
    }
    for number in ("first", "second"):
        x, y = _batch(rng)
        held = student.hold(x, "readonly")
        calls = [net.calling("forward", held, y), net.calling("backward")]
        found = student.several([*calls, held.fetching(), *(one.calling("now") for one in learning)])
        probs, _ = returned(next(found))
        expect_close(probs, probe_scores(x, layers) / 2, f"probs of the {number} batch", axes=AXES)
        expect_close(next(found), probe_dx(x, y, layers), f"dx of the {number} batch", axes=AXES)
        expect_unchanged(next(found), x, "x")
        for given in learning.values():
            expect_parameters_kept(next(found), given, "ConvNet")
