"""2.1 and 2.2: the two given networks, with parameters of the grader's; sub-modules may have any names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import expect_close, expect_equal, show
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed
from autograder.inside.wire import Tensor

from ...oracles.networks import two_layer, two_layer_gradients, vanilla, vanilla_gradients
from ..part1.shared import telling
from .shared import clauses

TWO_LAYER = "part2_pytorch.models:TwoLayerNet"
VANILLA = "part2_pytorch.models:VanillaCNN"
USED = (3072, 256, 10)
OTHER = (60, 7, 4)
IMAGE = (3, 32, 32)
VANILLA_SHAPES = ((32, 3, 7, 7), (32,), (10, 5408), (10,))
AXES = ("image", "class")
ACTIVATIONS = {
    "a softmax follows the last layer: the criterion has one already": "softmax",
    "a log_softmax follows the last layer: the criterion has one already": "log_softmax",
    "a softmax over the images follows the last layer": "softmax over images",
    "a sigmoid follows the last layer": "sigmoid",
    "a ReLU follows the last layer": "relu",
}

EXCHANGED = "a linear layer is told its outputs first: nn.Linear takes the number of inputs, then that of outputs"
UNSEEN = "no layer is an attribute of the module: none is made, or a plain list holds them, and parameters() sees none"

Shapes = Sequence[tuple[int, ...]]


def _two_layer_shapes(inputs: int, hidden: int, classes: int) -> Shapes:
    return ((hidden, inputs), (hidden,), (classes, hidden), (classes,))


def _two_layer(student: Student, sizes: Sequence[int] = USED, image: Sequence[int] = IMAGE) -> Remote:
    """The student's TwoLayerNet."""
    return student.new("model-probe:ready", student.new(TWO_LAYER, *sizes), (2, *image))


def _vanilla(student: Student) -> Remote:
    """The student's VanillaCNN."""
    return student.new("model-probe:ready", student.new(VANILLA), (2, *IMAGE))


def _parameters(rng: np.random.Generator, shapes: Shapes) -> list[np.ndarray]:
    """Weights large enough for the activation to matter, and biases that are not 0; exact in float32."""
    scales = [2 / math.sqrt(math.prod(shape[1:])) for shape in shapes]
    return [_single(scale * rng.normal(size=shape)) for scale, shape in zip(scales, shapes, strict=True)]


def _single(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32).astype(np.float64)


def _images(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return _single(rng.normal(size=shape))


def _tensor(array: np.ndarray) -> Tensor:
    return Tensor(array.astype(np.float32), "float32")


def _filled(student: Student, model: Remote, parameters: Sequence[np.ndarray]) -> Remote:
    """The model with these parameters, told apart by their shapes, in evaluation mode."""
    student.call("model-probe:fill", model, [array.astype(np.float32) for array in parameters])
    model.call("eval")
    return model


def _expect_shapes(student: Student, model: Remote, expected: Shapes, what: str, suspects: dict[str, Shapes]) -> None:
    """Pass a model whose parameters have these shapes, in any order."""
    found = student.call("model-probe:parameter_shapes", model)
    shapes = answers.items(found)
    if shapes is None:
        raise CheckFailed(f"the parameters of {what} are {show(found)}, expected tensors")
    name = f"the list of the shapes of all parameters of {what}, sorted,"
    exchanged = [
        one for weight, bias in zip(expected[::2], expected[1::2], strict=True) for one in _exchanged(weight, bias)
    ]
    suspects = {**suspects, EXCHANGED: exchanged, UNSEEN: ()}
    expect_equal(sorted(shapes, key=_order), tuple(sorted(expected)), name, suspects=clauses(suspects, _sorted))


def _exchanged(weight: tuple[int, ...], bias: tuple[int, ...]) -> Shapes:
    """The shapes of a linear layer whose sizes are told in the other order; those of others stay."""
    return (weight[::-1], weight[1:]) if len(weight) == 2 else (weight, bias)


def _sorted(shapes: Shapes) -> Shapes:
    return tuple(sorted(shapes))


def _order(shape: object) -> list[int]:
    """The whole numbers among an answer's entries."""
    return [size for entry in answers.items(shape) or [] if (size := answers.whole(entry)) is not None]


def _expect_gradients(
    student: Student, model: Remote, x: np.ndarray, dy: np.ndarray, expected: Sequence[np.ndarray]
) -> None:
    """Pass a model in which automatic differentiation reaches every parameter."""
    found = answers.table(student.call("model-probe:gradients", model, _tensor(x), _tensor(dy))) or {}
    for array in expected:
        gradient = found.get(str(array.shape))
        if gradient is None:
            raise CheckFailed(f"no gradient reaches the parameter of shape {array.shape}")
        name = f"the gradient of the parameter of shape {array.shape}"
        expect_close(gradient, array, name, dtype="float32", axes=("axis 0", "axis 1", "row", "column")[: array.ndim])


def _expect_any_batch(
    student: Student, rng: np.random.Generator, model: Remote, expected: Callable[[np.ndarray], np.ndarray]
) -> None:
    """Pass a model that takes one image as well as several, and channels-last images, and stays as it is."""
    one, several = _images(rng, 1, 3, 32, 32), _images(rng, 3, 3, 32, 32)
    held = student.new("model-probe:Parameters", model)
    found = model.call("__call__", _tensor(one))
    expect_close(found, expected(one), "scores of a batch of one", dtype="float32", axes=AXES)
    with telling("the images lie channels-last in memory here"):
        found = model.call("__call__", student.new("model-probe:channels_last", _tensor(several)))
    expect_close(found, expected(several), "scores of channels-last images", dtype="float32", axes=AXES)
    moved = answers.listed(held.call("moved"))
    if moved != []:
        name = show(moved[0]) if moved else "a parameter"
        raise CheckFailed(f"{name} was changed by forward: only an optimizer moves parameters")


@check("2.1-parameters")
def two_layer_net_has_its_parameters(student: Student, rng: np.random.Generator) -> None:
    """TwoLayerNet(3072, 256, 10) has two linear layers with biases, 3072 -> 256 -> 10, and nothing else to learn."""
    inputs, hidden, classes = USED
    suspects: dict[str, Shapes] = {
        "hidden_size is also the number of scores": _two_layer_shapes(inputs, hidden, hidden),
        "the hidden layer is as wide as the output": _two_layer_shapes(inputs, classes, classes),
        "the layers have no biases": _two_layer_shapes(*USED)[::2],
        "there is one linear layer only": ((classes, inputs), (classes,)),
        "a third linear layer stands between the two": (*_two_layer_shapes(*USED), (hidden, hidden), (hidden,)),
    }
    _expect_shapes(student, _two_layer(student), _two_layer_shapes(*USED), "TwoLayerNet", suspects)


@check("2.1-forward", points=2, needs=("2.1-parameters",))
def two_layer_net_gives_scores(student: Student, rng: np.random.Generator) -> None:
    """TwoLayerNet.forward is linear, sigmoid, linear, on the pixels in a row, and ends without an activation."""
    parameters, x = _parameters(rng, _two_layer_shapes(*USED)), _images(rng, 3, 3, 32, 32)
    suspects = clauses(ACTIVATIONS, lambda name: two_layer(x, parameters, output=name))
    suspects |= {
        "the hidden layer has a ReLU, not a sigmoid": lambda: two_layer(x, parameters, "relu"),
        "the hidden layer has a tanh, not a sigmoid": lambda: two_layer(x, parameters, "tanh"),
        "the hidden layer has no activation": lambda: two_layer(x, parameters, ""),
    }
    model = _filled(student, _two_layer(student), parameters)
    found = model.call("__call__", _tensor(x))
    expect_close(found, two_layer(x, parameters), "scores", dtype="float32", suspects=suspects, axes=AXES)


@check("2.1-sizes", needs=("2.1-forward",))
def two_layer_net_takes_other_sizes(student: Student, rng: np.random.Generator) -> None:
    """TwoLayerNet follows input_dim, hidden_size and num_classes, whatever they are.

    Here: images of 3 x 4 x 5, 7 hidden units, 4 classes.
    """
    suspects: dict[str, Shapes] = {"the sizes are always 3072, 256 and 10": _two_layer_shapes(*USED)}
    for place, word in enumerate(("input_dim", "hidden_size", "num_classes")):
        sizes = [*OTHER[:place], USED[place], *OTHER[place + 1 :]]
        suspects[f"{word} is always {USED[place]}"] = _two_layer_shapes(*sizes)
    model = _two_layer(student, OTHER, (3, 4, 5))
    _expect_shapes(student, model, _two_layer_shapes(*OTHER), f"TwoLayerNet{OTHER}", suspects)
    parameters, x = _parameters(rng, _two_layer_shapes(*OTHER)), _images(rng, 2, 3, 4, 5)
    found = _filled(student, model, parameters).call("__call__", _tensor(x))
    expect_close(found, two_layer(x, parameters), "scores", dtype="float32", axes=AXES)


@check("2.1-batches", needs=("2.1-forward",))
def two_layer_net_takes_any_batch(student: Student, rng: np.random.Generator) -> None:
    """TwoLayerNet takes a batch of one image, and images in any memory layout, and gives (N, 10) in both cases.

    In channels-last images the numbers of one image do not lie in a row: flatten and reshape copy then, view refuses.
    """
    parameters = _parameters(rng, _two_layer_shapes(*USED))
    model = _filled(student, _two_layer(student), parameters)
    _expect_any_batch(student, rng, model, lambda x: two_layer(x, parameters))


@check("2.1-gradients", needs=("2.1-forward",))
def two_layer_net_learns(student: Student, rng: np.random.Generator) -> None:
    """Gradients reach every parameter of TwoLayerNet."""
    parameters, x, dy = _parameters(rng, _two_layer_shapes(*USED)), _images(rng, 2, 3, 32, 32), _images(rng, 2, 10)
    model = _filled(student, _two_layer(student), parameters)
    _expect_gradients(student, model, x, dy, two_layer_gradients(x, dy, parameters))


@check("2.2-parameters")
def vanilla_cnn_has_its_parameters(student: Student, rng: np.random.Generator) -> None:
    """VanillaCNN has a convolution of 32 filters, 7 x 7, and a linear layer 5408 -> 10, each with a bias.

    32 - 7 + 1 = 26, halved 13, and 32 * 13 * 13 = 5408. No padding anywhere.
    """
    conv = ((32, 3, 7, 7), (32,))
    suspects: dict[str, Shapes] = {
        "the convolution is padded by 3": (*conv, (10, 32 * 16 * 16), (10,)),
        "the convolution is padded by 1": (*conv, (10, 32 * 14 * 14), (10,)),
        "the convolution is padded by 2": (*conv, (10, 32 * 15 * 15), (10,)),
        "the pooling is left out": (*conv, (10, 32 * 26 * 26), (10,)),
        "the pooling has stride 1": (*conv, (10, 32 * 25 * 25), (10,)),
        "the convolution has stride 2 before the pooling": (*conv, (10, 32 * 6 * 6), (10,)),
        "the layers have no biases": (conv[0], (10, 5408)),
    }
    _expect_shapes(student, _vanilla(student), VANILLA_SHAPES, "VanillaCNN", suspects)


@check("2.2-forward", points=2, needs=("2.2-parameters",))
def vanilla_cnn_gives_scores(student: Student, rng: np.random.Generator) -> None:
    """VanillaCNN.forward is convolution, ReLU, max pooling, linear, and ends without an activation."""
    parameters, x = _parameters(rng, VANILLA_SHAPES), _images(rng, 3, 3, 32, 32)
    suspects = clauses(ACTIVATIONS, lambda name: vanilla(x, parameters, output=name))
    suspects |= {
        "the ReLU after the convolution is left out": lambda: vanilla(x, parameters, activation=""),
        "a sigmoid follows the convolution, not a ReLU": lambda: vanilla(x, parameters, activation="sigmoid"),
        "the pooling takes the mean, not the largest": lambda: vanilla(x, parameters, pool="average"),
        "the convolution has stride 2 and the pooling is left out": lambda: vanilla(x, parameters, pool="stride"),
        "the colours of a place are laid out side by side": lambda: vanilla(x, parameters, order="channels last"),
    }
    model = _filled(student, _vanilla(student), parameters)
    found = model.call("__call__", _tensor(x))
    expect_close(found, vanilla(x, parameters), "scores", dtype="float32", suspects=suspects, axes=AXES)


@check("2.2-batches", needs=("2.2-forward",))
def vanilla_cnn_takes_any_batch(student: Student, rng: np.random.Generator) -> None:
    """VanillaCNN takes a batch of one image, and images in any memory layout, and gives (N, 10) in both cases.

    A convolution of channels-last images gives channels-last features: flatten and reshape copy then, view refuses.
    """
    parameters = _parameters(rng, VANILLA_SHAPES)
    model = _filled(student, _vanilla(student), parameters)
    _expect_any_batch(student, rng, model, lambda x: vanilla(x, parameters))


@check("2.2-gradients", needs=("2.2-forward",))
def vanilla_cnn_learns(student: Student, rng: np.random.Generator) -> None:
    """Gradients reach every parameter of VanillaCNN."""
    parameters, x, dy = _parameters(rng, VANILLA_SHAPES), _images(rng, 2, 3, 32, 32), _images(rng, 2, 10)
    model = _filled(student, _vanilla(student), parameters)
    _expect_gradients(student, model, x, dy, vanilla_gradients(x, dy, parameters))
