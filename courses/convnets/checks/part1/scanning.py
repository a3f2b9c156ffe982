"""1.11: networks that scan a signal are convolutional networks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np

from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student, calling
from autograder.errors import CheckFailed, GraderError

from ...oracles.scanning import kernel, scanned, scanned_by_cnn
from .shared import Clauses, draw

AXES = ("signal", "channel", "window")
ORDERS = {
    "channel-major": "the kernel of the {} layer is read channel-major",
    "transposed": "rows and columns of the {} layer's matrix are exchanged before a reshape",
}
LAYERS = ("1.3-relu", "1.5-forward", "1.5-geometry")  # what the given ScanningCNN is made of


@check("1.11-kernel", points=2)
def matrix_of_a_window_becomes_a_kernel(student: Student, rng: np.random.Generator) -> None:
    """linear_to_conv1d puts column k*C + c of the matrix at channel c and time step k of the kernel.

    A window is flattened time-major: all channels of its first time step come first. The shape alone does not tell.
    """
    sizes = ((1, 2, 3), (2, 3, 3), (3, 4, 2), (2, 1, 4), (4, 3, 1))
    cases = [(draw(rng, filters, steps * channels), channels) for filters, channels, steps in sizes]
    found = student.several([calling("part1_numpy.scanning:linear_to_conv1d", *case) for case in cases])
    for case in cases:
        expect_close(next(found), kernel(*case), "the kernel", axes=("filter", "channel", "time step"))


def _expect_scan(
    student: Student,
    function: str,
    x: np.ndarray,
    weights: Sequence[np.ndarray],
    copies: Sequence[int],
    strides: Sequence[int],
) -> None:
    """Pass a network that does what the MLP does whose windows are 8 steps long and as far apart as `strides` say."""
    expected = scanned(x, weights, copies, 8, int(np.prod(strides)))
    suspects: Clauses = {
        "kernels are read channel-major": lambda: scanned_by_cnn(x, weights, strides, "channel-major"),
        "rows and columns of the matrices are exchanged before a reshape": lambda: scanned_by_cnn(
            x, weights, strides, "transposed"
        ),
        "kernels are flipped": lambda: scanned_by_cnn(x, weights, strides, "flipped"),
        "a ReLU follows the last layer too": lambda: scanned_by_cnn(x, weights, strides, relus="after"),
        "no ReLU stands between the layers": lambda: scanned_by_cnn(x, weights, strides, relus="none"),
    }
    for layer, words in ((1, "first"), (2, "second")):
        suspects[f"no ReLU follows the {words} layer"] = partial(
            scanned_by_cnn, x, weights, strides, relus=f"not after {layer}"
        )
    for layer, words in enumerate(("first", "second", "third")):
        for order, clause in ORDERS.items():
            suspects[clause.format(words)] = partial(scanned_by_cnn, x, weights, strides, order, "between", layer)
    for wrong in product((8, 4, 2, 1), repeat=3):
        if wrong != tuple(strides) and np.prod(wrong) <= 8:
            suspects[f"the strides are {wrong[0]}, {wrong[1]}, {wrong[2]}"] = partial(scanned_by_cnn, x, weights, wrong)
    network = student.new(f"part1_numpy.scanning:{function}", list(weights))
    with _telling_kernels(network, weights, x.shape[1]):
        expect_close(network.forward(x), expected, "y", suspects=suspects, axes=AXES)


@contextlib.contextmanager
def _telling_kernels(network: Remote, weights: Sequence[np.ndarray], channels: int) -> Iterator[None]:
    """Where the output is wrong and nothing says why, look for the first kernel that is not the usual one."""
    try:
        yield
    except CheckFailed as error:
        if error.finding.suspect:
            raise
        for layer, weight in enumerate(weights):
            try:
                found = network.get(f"modules.{2 * layer}.weight")
            except GraderError:  # another handout keeps them elsewhere
                break
            try:
                expect_close(found, kernel(weight, channels), f"kernel of layer {layer + 1}")
            except CheckFailed as wrong:
                error.finding = replace(error.finding, suspect=str(wrong), cause=str(wrong))
                break
            channels = len(weight)
        raise


@check("1.11-simple", points=2, needs=("1.11-kernel", *LAYERS))
def scanning_mlp_is_a_cnn(student: Student, rng: np.random.Generator) -> None:
    """simple_scanning_cnn gives what scan_mlp gives, an MLP run on windows of 8 time steps, 4 apart.

    The first layer sees the whole window. What does the second see, and how far is it to the next window then?
    """
    weights = [draw(rng, 8, 192), draw(rng, 16, 8), draw(rng, 4, 16)]
    for shape in ((2, 24, 22), (1, 24, 8)):
        _expect_scan(student, "simple_scanning_cnn", draw(rng, *shape), weights, (1, 1, 1), (4, 1, 1))


@check("1.11-distributed", points=2, needs=("1.11-kernel", *LAYERS))
def distributed_scan_is_a_cnn(student: Student, rng: np.random.Generator) -> None:
    """distributed_scanning_cnn gives what scan_mlp gives with blocks of shared weights, on windows 4 apart.

    The distance of the copies within a window is the stride of their layer, and all strides together make the
    distance of the windows.
    """
    weights = [draw(rng, 2, 48), draw(rng, 8, 4), draw(rng, 4, 16)]
    for shape in ((2, 24, 23), (1, 24, 8)):
        _expect_scan(student, "distributed_scanning_cnn", draw(rng, *shape), weights, (4, 2, 1), (2, 2, 1))


@check("1.11-thirteen", points=2, needs=("1.11-kernel", *LAYERS))
def thirteen_neurons_scan_108_steps(student: Student, rng: np.random.Generator) -> None:
    """thirteen_neuron_cnn turns 108 time steps into 13 outputs, as 13 neurons do on windows that touch.

    Windows of 8 time steps, 8 apart; 108 = 13 * 8 and a rest of 4.
    """
    weights = [draw(rng, 2, 2), draw(rng, 1, 4), draw(rng, 3, 2)]
    _expect_scan(student, "thirteen_neuron_cnn", draw(rng, 2, 1, 108), weights, (4, 2, 1), (2, 2, 2))
