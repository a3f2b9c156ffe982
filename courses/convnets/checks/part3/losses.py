"""3.3: the focal loss."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import product

import numpy as np

from autograder.cases.situations import Situation, Trait, situations
from autograder.cases.sizes import Sizes
from autograder.checking.containers import as_told, kind_traits
from autograder.checking.each import for_each
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import GraderError, StudentRaised, Unfinished
from autograder.inside.wire import Tensor

from ..part1.shared import draw, kept_away_from_0
from .shared import AXES, LENIENT, Batch, Classes, draw_weight, expect_finite

FOCAL = "part3_imbalance.losses:FocalLoss"
GAMMAS = (2.0, 0.5, 1.0)
ABSENT = (
    Trait("last", "no image of the batch is of the last class", "where the last class occurs in the batch"),
    Trait("inner", "no image is of a class between others", "where all classes before the last occur"),
    Trait("one", "the batch is a single image", "for several images"),
)
SINGLE_WEIGHTS = Trait("single", "the weights are float32", "for float64 weights")
SINGLE_LOGITS = Trait("logits", "the logits are float32", "for float64 logits")


def _loss(student: Student, gamma: float, weight: np.ndarray | None = None) -> Remote:
    """The student's loss, its weights a float32 tensor."""
    given = None if weight is None else Tensor(weight.astype(np.float32), "float32")
    return student.new(FOCAL, weight=given, gamma=gamma)


def _unweighted(student: Student, batch: Batch, make: Callable[[], Remote]) -> object:
    """The loss of a batch without weights; what it raises says so where it takes weights."""
    try:
        return batch.evaluate(student, make()).value
    except StudentRaised as error:
        if student.explains and not isinstance(error, Unfinished):
            with suppress(GraderError):
                batch.evaluate(student, _loss(student, 0.0, np.ones(batch.logits.shape[1])))
                error.args = (f"{error}: no weights are given here",)
        raise


@check("3.3-cross-entropy")
def gamma_0_is_cross_entropy(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss without weights and with gamma 0 is cross-entropy, the mean over the images.

    One number for the whole batch. gamma is 0 where nothing else is said.
    """

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        batch = Batch.of(rng, sizes)
        plain = partial(student.new, FOCAL)
        for make, name in ((partial(_loss, student, 0.0), "loss"), (plain, "loss with no gamma given")):
            found = _unweighted(student, batch, make)
            expect_close(found, batch.focal(0.0).value, name)

    for_each(student, rng, (Classes((5,), 3), Classes((4,), 4)), body)


@check("3.3-focus", points=2, needs=("3.3-cross-entropy",))
def recognised_images_count_for_less(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss multiplies the cross-entropy of each image by (1 - p_t) ** gamma.

    p_t is the probability that this image's true class is given: it differs from image to image. Take the mean last.
    """

    def body(gamma: float, student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        batch = Batch.of(rng, sizes)
        batch.expect_value(student, _loss(student, gamma), batch.focal(gamma), f"loss for gamma {gamma}")

    for gamma in (*GAMMAS, 3.0):
        for_each(student, rng, (Classes((6,), 3),), partial(body, gamma))


@check("3.3-weights", points=2, needs=("3.3-focus",))
def weights_belong_to_true_classes(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss multiplies each image's loss by the weight of its true class, and divides the sum by N.

    The weights change neither p_t nor what is divided by. PyTorch's weighted cross-entropy divides by their sum.
    """

    def body(gamma: float, student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        batch, weight = Batch.of(rng, sizes), draw_weight(rng, sizes.filters)
        loss, right = _loss(student, gamma, weight), batch.focal(gamma, weight)
        scaled = {
            f"the weights are divided by their {words} first": partial(np.divide, right.value, size)
            for words, size in (("mean", weight.mean()), ("sum", weight.sum()), ("length", np.linalg.norm(weight)))
        }
        right = right._replace(others={**right.others, **scaled})
        batch.expect_value(student, loss, right, f"weighted loss for gamma {gamma}")

    for gamma, images, classes in ((0.0, 5, 3), (2.0, 6, 4), (0.5, 4, 4)):
        for_each(student, rng, (Classes((images,), classes),), partial(body, gamma))


@check("3.3-gradient", points=2, needs=("3.3-weights",))
def gradient_is_that_of_the_whole_formula(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss has the gradient of its formula, for gamma 0, 0.5, 1 and 2, with and without weights.

    (1 - p_t) ** gamma changes with the logits as well: nothing in it may be cut off from them.
    """
    for gamma in (0.0, *GAMMAS):
        for weight in (None, draw_weight(rng, 3)):
            batch = Batch.drawn(rng, 5, 3)
            found = batch.evaluate(student, _loss(student, gamma, weight)).gradient
            name = f"gradient for gamma {gamma}" + (" and weights" if weight is not None else "")
            expect_close(found, batch.focal(gamma, weight).slope, name, tolerance=LENIENT, axes=AXES)


@check("3.3-extremes", points=2, needs=("3.3-gradient",))
def large_logits_do_no_harm(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss and its gradient are finite and right for logits of +-10000, for gamma 0, 0.5, 1 and 2.

    A probability may be so small that it is 0: its logarithm has to come from the logits. Another may be so close to 1
    that 1 - p_t is 0: there the slope of its power is infinite for gamma below 1.
    """
    # Apart, as beside losses of 20000 those of a few units hardly count.
    large = Batch(np.array([*[[1e4, -1e4, 0.0]] * 3, [-1e4, -1e4, 1e4]]), np.array([0, 1, 2, 0]))
    rows = [[1e4, 1e4, 1e4], [0.0, 30.0, -3.0], [0.0, 50.0, 0.0], *draw(rng, 2, 3)]
    small = Batch(np.array(rows), np.array([2, 1, 1, 2, 0]))
    for dtype in ("float64", "float32"):
        for gamma, batch in product((0.0, *GAMMAS), (large, small)):
            found, right = batch.evaluate(student, _loss(student, gamma), dtype), batch.focal(gamma)
            where = f"for gamma {gamma} and logits of +-10000"
            expect_finite(found.value, f"loss {where}", "is the logarithm taken of a p_t that has become 0?")
            known = kept_away_from_0("p_t", batch.logits, batch.labels, gamma)
            expect_close(found.value, right.value, f"loss {where}", dtype=dtype, tolerance=LENIENT, suspects=known)
            expect_finite(found.gradient, f"gradient {where}", "is 1 - p_t 0, where its power has no finite slope?")
            expect_close(found.gradient, right.slope, f"gradient {where}", dtype=dtype, tolerance=LENIENT, axes=AXES)


@check("3.3-absent", needs=("3.3-weights",))
def classes_may_be_missing_from_the_batch(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss takes a batch in which classes are missing, the last one too, and a batch of a single image.

    How many classes there are follows from the logits, never from the labels.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        labels = [0, 2, 2, 0, 1, 3] if "inner" not in case else [0, 2, 2, 0]
        labels = [*(labels[:1] if "one" in case else labels), *([] if "last" in case or "one" in case else [4])]
        batch, weight = Batch(draw(rng, len(labels), 5), np.array(labels)), draw_weight(rng, 5)
        loss, right = _loss(student, 2.0, weight), batch.focal(2.0, weight)
        batch.expect_value(student, loss, right, f"loss for labels {labels} of 5 classes")

    for_each(student, rng, situations("a batch", ABSENT, "last inner", "last one inner", "inner", "last"), body)


@check("3.3-kinds", needs=("3.3-weights",))
def weights_may_be_a_list(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss takes its weights as a list, an array or a tensor, of float32 or float64.

    The loss has the dtype of the logits, whatever that of the weights.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        batch, weight = Batch.drawn(rng, 5, 3), draw_weight(rng, 3)
        given = as_told(weight.astype("float32" if "single" in case else "float64"), case)
        loss, dtype = student.new(FOCAL, weight=given, gamma=1.0), "float32" if "logits" in case else "float64"
        batch.expect_value(student, loss, batch.focal(1.0, weight), "loss", dtype)

    kinds = (*kind_traits("weights"), SINGLE_WEIGHTS, SINGLE_LOGITS)
    names = [f"{kind} {w} {z}" for w in ("", "single") for kind in ("list", "", "tensor") for z in ("", "logits")]
    for_each(student, rng, situations("weights of 3 classes", kinds, *names), body)


@check("3.3-inputs", needs=("3.3-gradient",))
def focal_loss_leaves_its_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss changes neither logits nor labels, and gives the same again for the same batch.

    The logits of a model are needed elsewhere too, for its accuracy for instance.
    """
    batch, weight = Batch.drawn(rng, 5, 3), draw_weight(rng, 3)
    loss = _loss(student, 2.0, weight)
    for time in ("first", "second"):
        batch.expect_kept(student, loss, batch.focal(2.0, weight), f"{{}} for the {time} time")


@check("3.3-buffer", needs=("3.3-weights",))
def weights_are_a_buffer(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss keeps its weights as a buffer: state_dict and .to(device) take them along, no optimizer changes them.

    A tensor that is merely assigned to an attribute stays on the CPU when the model goes to the GPU.
    """
    batch, weight = Batch.drawn(rng, 5, 3), draw_weight(rng, 3)
    losses = _loss(student, 1.0, weight), _loss(student, 1.0, 3 * weight)
    batch.expect_buffer(student, losses, batch.focal(1.0, weight))
