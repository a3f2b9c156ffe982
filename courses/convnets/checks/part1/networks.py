"""1.12: the networks that build_cnn makes, and the whole chain of the student's own layers."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import expect_array, expect_close, expect_equal, show
from autograder.checking.raising import expect_raises
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed
from autograder.inside.wire import Seed

from ...oracles.convnet import features, network
from .convnet import returned
from .losses import NEARLY, NEARLY_LOSS
from .shared import draw

BUILD = "part1_numpy.convnet:build_cnn"

# input_shape, channels, kernel_sizes, strides, num_classes; the activation, and what the list of layers must be.
Plan = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...], int]
PLANS: tuple[tuple[Plan, str], ...] = (
    (((3, 13, 10), (4, 5), (3, 4), (2, 1), 6), "tanh"),  # the second kernel just fits
    (((1, 9, 12), (3,), (4,), (3,), 2), "relu"),
    (((2, 19), (3, 4, 2), (4, 1, 3), (2, 1, 3), 5), "sigmoid"),
)
END = ("Flatten", "Linear")
CLASSES = {"tanh": "Tanh", "relu": "ReLU", "sigmoid": "Sigmoid"}


def _types(net: Remote) -> tuple[str, ...]:
    """The names of the classes of a network's layers."""
    modules = net.get("modules")
    layers = answers.items(modules)
    if layers is None:
        raise CheckFailed(f"modules is {show(modules)}, expected a list of layers")
    return tuple(answers.type_name(layer) or show(layer) for layer in layers)


@check("1.12-layers", points=2)
def network_has_its_layers_in_order(student: Student, rng: np.random.Generator) -> None:
    """build_cnn makes a convolution and an activation of its own for each entry of channels, then Flatten and Linear.

    Conv1d for inputs (C, L), Conv2d for (C, H, W). Nothing follows the Linear layer.
    """
    for plan, kind in PLANS:
        net = student.new(BUILD, *plan, activation=kind)
        row = (f"Conv{len(plan[0]) - 1}d", CLASSES[kind])
        expect_equal(_types(net), row * len(plan[1]) + END, "the row of layers")


@check("1.12-sizes", points=2, needs=("1.12-layers",))
def network_follows_its_sizes(student: Student, rng: np.random.Generator) -> None:
    """build_cnn gives every convolution its channels, kernel and stride, and the Linear layer the inputs that are left.

    Follow height and width through the layers, each by itself. The Linear layer sees every channel at every place.
    """
    for plan, kind in PLANS:
        net = student.new(BUILD, *plan, activation=kind)
        shape, channels, kernels, strides, _ = plan
        before = shape[0]
        sizes = ("weight.shape", "stride", "padding")
        paths = [f"modules.{2 * index}.{what}" for index in range(len(channels)) for what in sizes]
        found = net.get_all([*paths, f"modules.{2 * len(channels) + 1}.weight.shape"])
        for index, (filters, kernel, stride) in enumerate(zip(channels, kernels, strides, strict=True)):
            which, lengths = f"convolution {index + 1}", (kernel,) * (len(shape) - 1)
            expect_equal(next(found), (filters, before, *lengths), f"the shape of the weight of {which}")
            expect_equal(next(found), stride, f"the stride of {which}")
            expect_equal(next(found), 0, f"the padding of {which}")
            before = filters

        expected = plan[4], int(features(shape, channels, kernels, strides))
        places = expected[1] // channels[-1]
        name = f"the shape of the weight of the Linear layer behind {channels[-1]} channels of {places} values each"
        expect_equal(next(found), expected, name)


@check("1.12-refused", needs=("1.12-sizes",), alone=False)
def network_refuses_what_does_not_fit(student: Student, rng: np.random.Generator) -> None:
    """build_cnn raises ValueError where a kernel is larger than what is left of the input.

    Two negative sizes have a positive product: ask each of them.
    """
    for shape, kernels, strides in (((1, 5, 6), (8,), (1,)), ((2, 9, 8), (3, 9), (1, 1)), ((1, 7), (3, 4), (2, 1))):
        asked = f"build_cnn for inputs {shape} and kernels {kernels}"
        ask = partial(student.call, BUILD, shape, (2,) * len(kernels), kernels, strides, 3)
        expect_raises(ask, "ValueError", asked)


@check("1.12-rng", needs=("1.12-sizes",))
def network_draws_from_one_generator(student: Student, rng: np.random.Generator) -> None:
    """build_cnn hands its generator on to every layer: equal seeds give equal networks, of layers that differ.

    The generator itself is handed on, not a new one of the same seed.
    """
    plan, shape = ((3, 6, 7), (3, 3), (1, 1), (1, 1), 3), (3, 3, 1, 1)
    seed = Seed(int(rng.integers(1000)))
    one, two = (student.new(BUILD, *plan, rng=seed) for _ in range(2))
    shapes = {0: shape, 2: shape, 5: (3, 126)}
    paths = [f"modules.{place}.weight" for place in shapes]
    with student.together():
        first, second = one.get_all(paths), two.get_all(paths)
    weights = {place: expect_array(next(first), "weight", shape) for place, shape in shapes.items()}
    if np.array_equal(weights[0], weights[2]):
        raise CheckFailed("two convolutions have equal weights, expected each to draw its own")
    for place, weight in weights.items():
        if not np.array_equal(expect_array(next(second), "weight", shapes[place]), weight):
            raise CheckFailed(
                f"modules[{place}].weight differs between two networks of one seed, expected equal weights"
            )


LAYERS = (
    "1.2-forward", "1.2-dx", "1.2-parameters", "1.2-flatten", "1.3-relu", "1.3-tanh",
    "1.4-probs", "1.4-loss", "1.4-gradient",
    "1.5-forward", "1.5-geometry", "1.5-dx", "1.5-dx-geometry", "1.5-parameters",
    "1.6-forward", "1.6-stride", "1.6-dx", "1.6-dx-stride", "1.6-dw", "1.6-db",
)  # fmt: skip
PARAMETERS = [f"modules.{layer}.{name}" for layer in (0, 2, 5) for name in ("weight", "bias")]
GRADIENTS = [f"modules.{layer}.{name}" for layer in (0, 2, 5) for name in ("dw", "db")]


@check("1.12-chain", points=2, needs=(*LAYERS, "1.12-repeat", "1.12-sizes"))
def whole_network_equals_autograd(student: Student, rng: np.random.Generator) -> None:
    """A network of build_cnn gives the probabilities, the loss and all gradients that automatic differentiation gives.

    Each layer passes its own checks. What can still go wrong is that two layers get in each other's way.
    """
    for shape, kernels, strides, kind in (((3, 7, 6), (3, 1), (2, 1), "tanh"), ((2, 9), (2, 1), (2, 1), "relu")):
        net = student.new(BUILD, shape, (4, 4), kernels, strides, 3, activation=kind)
        rank, inputs = len(shape) - 1, int(features(shape, (4, 4), kernels, strides))
        shapes = ((4, shape[0], *kernels[:1] * rank), (4,), (4, 4, *kernels[1:] * rank), (4,), (3, inputs), (3,))
        parameters = [draw(rng, *sizes) for sizes in shapes]
        x, y = draw(rng, 2, *shape), rng.permutation(3)[:2]
        how = (x, y, parameters, strides, kind)
        for place, value in zip(PARAMETERS, parameters, strict=True):
            net.set_at(place, value)
        asked = net.asked([net.calling("forward", x, y), net.calling("backward"), *map(net.asking, GRADIENTS)])
        probs, loss = returned(next(asked))
        expect_close(probs, network(*how, "probs"), f"probs with {kind}", axes=("image", "class"), tolerance=NEARLY)
        expect_close(loss, network(*how, "loss"), f"loss with {kind}", tolerance=NEARLY_LOSS)
        expect_close(next(asked), network(*how, "dx"), f"dx with {kind}", tolerance=NEARLY)
        for number, place in enumerate(GRADIENTS):
            expect_close(next(asked), network(*how, str(number)), f"{place} with {kind}", tolerance=NEARLY)
