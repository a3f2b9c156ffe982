"""1.14: a network of convolutions and a linear layer."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import expect_close
from autograder.checking.raising import telling_earlier
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed
from courses.convnets.checks.part1.shared import Clauses, draw

from ..oracles.networks import gradient, scores

# Width and channels of the signal, filters and kernel and stride of each convolution.
NETWORKS = ((17, 3, ((4, 3, 1), (2, 4, 2))), (20, 2, ((3, 5, 2), (4, 2, 1), (2, 3, 2))))
CLASSES = 3


def _drawn(
    rng: np.random.Generator, width: int, channels: int, layers: tuple[tuple[int, int, int], ...]
) -> tuple[list[np.ndarray], list[int], np.ndarray]:
    kernels = []
    for filters, kernel, stride in layers:
        kernels.append(draw(rng, filters, channels, kernel) / np.sqrt(channels * kernel))
        width, channels = (width - kernel) // stride + 1, filters
    return kernels, [stride for *_, stride in layers], draw(rng, CLASSES, width * channels)


@check("1.14-forward", points=2)
def network_chains_its_layers(student: Student, rng: np.random.Generator) -> None:
    """CNN.forward goes through each convolution and its activation, Flatten and the linear layer."""
    for width, channels, layers in NETWORKS:
        kernels, strides, linear = _drawn(rng, width, channels, layers)
        case = (draw(rng, 2, channels, width), kernels, strides, linear)
        network = student.new("mytorch:CNN", width, kernels, strides, linear)
        suspects: Clauses = {
            "no activations follow the convolutions": partial(scores, *case, "no activations"),
            "an activation follows the linear layer too": partial(scores, *case, "activation at the end"),
            "each activation is applied twice": partial(scores, *case, "activations twice"),
            "Flatten puts the positions before the channels": partial(scores, *case, "time-major"),
        }
        expect_close(network.forward(case[0]), scores(*case), "Z", suspects=suspects)


@check("1.14-backward", points=2, needs=("1.14-forward",))
def network_goes_back_through_all(student: Student, rng: np.random.Generator) -> None:
    """CNN.backward gives every layer its gradient, and returns that of A; asked with one signal, whose N is 1."""
    for width, channels, layers in NETWORKS:
        kernels, strides, linear = _drawn(rng, width, channels, layers)
        x, labels = draw(rng, 1, channels, width), np.eye(CLASSES)[[1]]
        network = student.new("mytorch:CNN", width, kernels, strides, linear)
        network.forward(x)
        back = network.backward(labels)
        case = (x, labels, kernels, strides, linear)
        kept, last = answers.array(network.get("linear_layer.W")), gradient(*case, -1)
        if kept is not None and kept.shape != linear.shape:  # the Linear of some homework 1 keeps it (in, out)
            last = last.T
        divided: Clauses = {
            "the gradient is divided by the number of classes": partial(np.divide, last, CLASSES),
            "the difference of scores and labels stands in the place of the criterion's gradient": partial(
                gradient, *case, -1, "scores less labels"
            ),
        }
        expect_close(network.get("linear_layer.dLdW"), last, "linear_layer.dLdW", suspects=divided)
        for index in reversed(range(len(kernels))):
            found = network.get(f"convolutional_layers.{index}.conv1d_stride1.dLdW")
            back_only: Clauses = {
                # Of each layer a clause of its own: that others are reached refutes none.
                f"backward does not come to convolutional_layers[{index}], where it is left at zero": partial(
                    np.zeros_like, kernels[index]
                ),
                "the gradient passes the activations by": partial(gradient, *case, index, "activations forgotten"),
                "the slope of an activation stands in the place of the gradient, not times it": partial(
                    gradient, *case, index, "slope alone"
                ),
                "the slope of each activation is multiplied in twice": partial(gradient, *case, index, "slope twice"),
                "Flatten's backward puts the positions before the channels": partial(
                    gradient, *case, index, "back by position"
                ),
            }
            expect_close(found, gradient(*case, index), f"dLdW of convolutional_layers[{index}]", suspects=back_only)
        expect_close(back, gradient(*case, -2), "dLdA")


@check("1.14-repeat", needs=("1.14-backward",))
def network_goes_by_the_latest_signal(student: Student, rng: np.random.Generator) -> None:
    """CNN goes by the latest signal, and backward leaves all parameters as they are: step() alone moves them."""
    width, channels, layers = NETWORKS[0]
    kernels, strides, linear = _drawn(rng, width, channels, layers)
    earlier, latest = (draw(rng, 1, channels, width) for _ in range(2))
    labels = np.eye(CLASSES)[[1]]

    def ask(network: Remote, x: np.ndarray) -> None:
        expect_close(network.forward(x), scores(x, kernels, strides, linear), "Z of a later signal")
        back = network.backward(labels)
        for index in reversed(range(len(kernels))):
            found = network.get(f"convolutional_layers.{index}.conv1d_stride1.dLdW")
            right = gradient(x, labels, kernels, strides, linear, index)
            expect_close(found, right, f"dLdW of convolutional_layers[{index}] of a later signal")
        expect_close(back, gradient(x, labels, kernels, strides, linear, -2), "dLdA of a later signal")

    def made() -> Remote:
        return student.new("mytorch:CNN", width, kernels, strides, linear)

    network = made()
    network.forward(earlier)
    paths = [*(f"convolutional_layers.{index}.conv1d_stride1.W" for index in range(len(kernels))), "linear_layer.W"]
    before = [answers.array(network.get(path)) for path in paths]
    network.backward(labels)
    for path, matrix in zip(paths, before, strict=True):
        after = answers.array(network.get(path))
        if after is None or matrix is None or not np.array_equal(after, matrix):
            raise CheckFailed(f"{path} was changed by backward: step() alone moves parameters")
    with telling_earlier(student, lambda: ask(made(), latest)):
        ask(network, latest)
