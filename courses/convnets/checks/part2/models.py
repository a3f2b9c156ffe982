"""2.1 and 2.2: the two given networks, with parameters of the grader's; sub-modules may have any names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import expect_close, expect_equal, show
from autograder.checking.raising import telling
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed, GraderError
from autograder.inside.wire import Tensor

from ...oracles.networks import gradients, scores
from ..part1.shared import Clauses, draw

AXES = ("image", "class")
OWN = {"TwoLayerNet": "sigmoid", "VanillaCNN": "ReLU"}  # activations; a handout has no constants of oracles
COMPANY = 1e-3  # by which a score may differ that has other company, relative
MIXED = "the scores of an image change with the other images of its batch: is an axis taken for another one?"
UNSEEN = "no layer is an attribute of the module: none is made, or a plain list holds them, and parameters() sees none"


@dataclass(frozen=True)
class Network:
    """One of the two, as it should be.

    Attributes:
        name: of the class.
        sizes: what its constructor takes.
        shapes: of weight and bias of the first layer, and of the second.
        image: its shape.
    """

    name: str
    sizes: tuple[int, ...]
    shapes: Sequence[tuple[int, ...]]
    image: tuple[int, ...] = (3, 32, 32)

    @classmethod
    def two_layer(cls, inputs: int, hidden: int, classes: int, *image: int) -> Network:
        """TwoLayerNet of these sizes."""
        shapes = ((hidden, inputs), (hidden,), (classes, hidden), (classes,))
        return cls("TwoLayerNet", (inputs, hidden, classes), shapes, image)

    def new(self, student: Student) -> Remote:
        """The student's network."""
        made = student.new(f"part2_pytorch.models:{self.name}", *self.sizes)
        return student.new("model-probe:ready", made, (2, *self.image))

    def parameters(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Weights large enough for the activation to matter, and biases that are not 0; exact in float32."""
        scales = [2 / math.sqrt(math.prod(shape[1:])) for shape in self.shapes]
        drawn = [scale * rng.normal(size=shape) for scale, shape in zip(scales, self.shapes, strict=True)]
        return [array.astype(np.float32).astype(np.float64) for array in drawn]

    def filled(self, student: Student, parameters: Sequence[np.ndarray]) -> Remote:
        """The student's network with these parameters, told apart by their shapes, in evaluation mode."""
        model = self.new(student)
        student.call("model-probe:fill", model, [array.astype(np.float32) for array in parameters])
        model.call("eval")
        return model

    def images(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Draw so many images."""
        return draw(rng, count, *self.image)

    def expect_shapes(self, student: Student, what: str) -> None:
        """Pass a network whose parameters have the right shapes, in any order."""
        found = student.call("model-probe:parameter_shapes", self.new(student))
        shapes = answers.items(found)
        if shapes is None:
            raise CheckFailed(f"the parameters of {what} are {show(found)}, expected tensors")
        name = f"the list of the shapes of all parameters of {what}, sorted,"
        expect_equal(sorted(shapes, key=_order), tuple(sorted(self.shapes)), name, suspects={UNSEEN: tuple})

    def expect_scores(self, student: Student, rng: np.random.Generator, count: int = 3) -> None:
        """Pass a network that gives so many images the right scores."""
        parameters, x = self.parameters(rng), self.images(rng, count)
        found = self.filled(student, parameters).call("__call__", _tensor(x))
        others: Clauses = {
            f"the axes of the images come in the order {order}": partial(self._turned, x, parameters, order)
            for order in ((0, 2, 3, 1), (0, 1, 3, 2), (0, 3, 2, 1), (0, 2, 1, 3), (0, 3, 1, 2))
        }
        for words, factor in (("divided by 255", 1 / 255), ("multiplied by 255", 255.0), ("divided by 2", 0.5)):
            others[f"the images are {words} first"] = partial(self._scaled, x, parameters, factor)
        for acts in permutations((*OWN.values(), "tanh"), 2):
            clause = f"the activations behind the first layer are {' and then '.join(acts)}, not {OWN[self.name]} alone"
            others[clause] = partial(scores, self.name, x, parameters, acts)
        right = scores(self.name, x, parameters)
        try:
            expect_close(found, right, "scores", dtype="float32", axes=AXES, suspects=others)
        except CheckFailed as error:
            if student.explains and not error.finding.suspect:
                self._tell_company(student, parameters, x, found, error)
            raise

    def _tell_company(
        self, student: Student, parameters: Sequence[np.ndarray], x: np.ndarray, found: object, error: CheckFailed
    ) -> None:
        """Say of wrong scores that those of an image depend on the other images of its batch, where they do."""
        with suppress(GraderError):
            model = self.filled(student, parameters)
            alone, again = (answers.array(model.call("__call__", _tensor(x[:1]))) for _ in range(2))
            scored = answers.array(found)
            if alone is None or again is None or scored is None or alone.shape != scored[:1].shape:
                return
            if not np.array_equal(alone, again):
                return  # what differs from call to call does not depend on the company
            if np.abs(alone - scored[:1]).max() > COMPANY * np.abs(scored).max():
                error.finding = replace(error.finding, suspect=MIXED, cause=MIXED)

    def _scaled(self, x: np.ndarray, parameters: Sequence[np.ndarray], factor: float) -> np.ndarray:
        """The scores of images that are multiplied by a number."""
        return np.asarray(scores(self.name, factor * x, parameters))

    def _turned(self, x: np.ndarray, parameters: Sequence[np.ndarray], order: tuple[int, ...]) -> np.ndarray:
        """The scores of images whose axes lie in another order; NaN where the network cannot have them."""
        turned = np.ascontiguousarray(x.transpose(order))
        if len(self.shapes[0]) > 2 and turned.shape[1] != x.shape[1]:
            return np.full((), np.nan)
        return np.asarray(scores(self.name, turned, parameters))

    def expect_any_batch(self, student: Student, rng: np.random.Generator) -> None:
        """Pass a network that takes one image as well as several, and channels-last images, and stays as it is."""
        parameters = self.parameters(rng)
        model, one, several = self.filled(student, parameters), self.images(rng, 1), self.images(rng, 3)
        held = student.new("model-probe:Parameters", model)
        found, right = model.call("__call__", _tensor(one)), scores(self.name, one, parameters)
        expect_close(found, right, "scores of a batch of one", dtype="float32", axes=AXES)
        with telling("the images lie channels-last in memory here"):
            found = model.call("__call__", student.new("model-probe:channels_last", _tensor(several)))
        right = scores(self.name, several, parameters)
        expect_close(found, right, "scores of channels-last images", dtype="float32", axes=AXES)
        moved = answers.listed(held.call("moved"))
        if moved != []:
            name = show(moved[0]) if moved else "a parameter"
            raise CheckFailed(f"{name} was changed by forward: only an optimizer moves parameters")

    def expect_gradients(self, student: Student, rng: np.random.Generator) -> None:
        """Pass a network in which automatic differentiation reaches every parameter."""
        parameters, x, dy = self.parameters(rng), self.images(rng, 2), draw(rng, 2, *self.shapes[-1])
        asked = self.filled(student, parameters), _tensor(x), _tensor(dy)
        found = answers.table(student.call("model-probe:gradients", *asked)) or {}
        for array in gradients(self.name, x, dy, parameters):
            gradient = found.get(str(array.shape))
            if gradient is None:
                raise CheckFailed(f"no gradient reaches the parameter of shape {array.shape}")
            name, axes = f"the gradient of the parameter of shape {array.shape}", ("axis 0", "axis 1", "row", "column")
            expect_close(gradient, array, name, dtype="float32", axes=axes[: array.ndim])


TWO_LAYER = Network.two_layer(3072, 256, 10, 3, 32, 32)
OTHER = Network.two_layer(60, 7, 4, 3, 4, 5)
VANILLA = Network("VanillaCNN", (), ((32, 3, 7, 7), (32,), (10, 5408), (10,)))


def _tensor(array: np.ndarray) -> Tensor:
    return Tensor(array.astype(np.float32), "float32")


def _order(shape: object) -> list[int]:
    """The whole numbers among an answer's entries."""
    return [size for entry in answers.items(shape) or [] if (size := answers.whole(entry)) is not None]


@check("2.1-parameters")
def two_layer_net_has_its_parameters(student: Student, rng: np.random.Generator) -> None:
    """TwoLayerNet(3072, 256, 10) has two linear layers with biases, 3072 -> 256 -> 10, and nothing else to learn."""
    TWO_LAYER.expect_shapes(student, "TwoLayerNet")


@check("2.1-forward", points=2, needs=("2.1-parameters",))
def two_layer_net_gives_scores(student: Student, rng: np.random.Generator) -> None:
    """TwoLayerNet.forward is linear, sigmoid, linear, on the pixels in a row, and ends without an activation."""
    TWO_LAYER.expect_scores(student, rng)


@check("2.1-sizes", needs=("2.1-forward",))
def two_layer_net_takes_other_sizes(student: Student, rng: np.random.Generator) -> None:
    """TwoLayerNet follows input_dim, hidden_size and num_classes, whatever they are.

    Here: images of 3 x 4 x 5, 7 hidden units, 4 classes.
    """
    OTHER.expect_shapes(student, f"TwoLayerNet{OTHER.sizes}")
    OTHER.expect_scores(student, rng, count=2)


@check("2.1-batches", needs=("2.1-forward",))
def two_layer_net_takes_any_batch(student: Student, rng: np.random.Generator) -> None:
    """TwoLayerNet takes a batch of one image, and images in any memory layout, and gives (N, 10) in both cases.

    In channels-last images the numbers of one image do not lie in a row: flatten and reshape copy then, view refuses.
    """
    TWO_LAYER.expect_any_batch(student, rng)


@check("2.1-gradients", needs=("2.1-forward",))
def two_layer_net_learns(student: Student, rng: np.random.Generator) -> None:
    """Gradients reach every parameter of TwoLayerNet."""
    TWO_LAYER.expect_gradients(student, rng)


@check("2.2-parameters")
def vanilla_cnn_has_its_parameters(student: Student, rng: np.random.Generator) -> None:
    """VanillaCNN has a convolution of 32 filters, 7 x 7, and a linear layer 5408 -> 10, each with a bias.

    32 - 7 + 1 = 26, halved 13, and 32 * 13 * 13 = 5408. No padding anywhere.
    """
    VANILLA.expect_shapes(student, "VanillaCNN")


@check("2.2-forward", points=2, needs=("2.2-parameters",))
def vanilla_cnn_gives_scores(student: Student, rng: np.random.Generator) -> None:
    """VanillaCNN.forward is convolution, ReLU, max pooling, linear, and ends without an activation."""
    VANILLA.expect_scores(student, rng)


@check("2.2-batches", needs=("2.2-forward",))
def vanilla_cnn_takes_any_batch(student: Student, rng: np.random.Generator) -> None:
    """VanillaCNN takes a batch of one image, and images in any memory layout, and gives (N, 10) in both cases.

    A convolution of channels-last images gives channels-last features: flatten and reshape copy then, view refuses.
    """
    VANILLA.expect_any_batch(student, rng)


@check("2.2-gradients", needs=("2.2-forward",))
def vanilla_cnn_learns(student: Student, rng: np.random.Generator) -> None:
    """Gradients reach every parameter of VanillaCNN."""
    VANILLA.expect_gradients(student, rng)
