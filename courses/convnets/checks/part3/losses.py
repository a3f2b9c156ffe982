"""3.3: the focal loss."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np

from autograder.checking.each import for_each
from autograder.checking.expect import expect_close, expect_unchanged
from autograder.checking.rubric import check
from autograder.checking.situations import Situation, Trait, situations
from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student
from autograder.errors import GraderError, StudentRaised, Unfinished
from autograder.inside.wire import Tensor

from ...oracles.imbalance_losses import clipped_focal, sigmoid_cross_entropy
from ..part1.shared import draw
from .shared import (
    AXES,
    Batch,
    Classes,
    Clauses,
    as_told,
    clauses,
    draw_weight,
    expect_buffer,
    expect_finite,
    kind_traits,
)

GAMMAS = (2.0, 0.5, 1.0)
ABSENT = (
    Trait("last", "no image of the batch is of the last class", "where the last class occurs in the batch"),
    Trait("inner", "no image is of a class between others", "where all classes before the last occur"),
    Trait("one", "the batch is a single image", "for several images"),
)
VOID = ("half", "double")  # where gamma is 0
FORMULA = {
    "the softmax runs over the images, not over the classes": "over images",
    "the softmax is applied twice": "softmax twice",
    "p_t is that of the class with the largest logit, not of the true one": "largest p",
    "the logarithm is missing": "no log",
    "the sum is divided by the number of all logits": "over all",
    "gamma is one more than it should be": "gamma more",
    "gamma is one less than it should be": "gamma less",
    "gamma is halved": "half",
    "gamma is doubled": "double",
}
SINGLE_WEIGHTS = Trait("single", "the weights are float32", "for float64 weights")
SINGLE_LOGITS = Trait("logits", "the logits are float32", "for float64 logits")
LENIENT = 1e-5  # a small number that keeps 1 - p_t away from 0 may show in the digits behind
SMALL = (1e-30, 1e-20, 1e-16, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)


def _loss(student: Student, gamma: float, weight: np.ndarray | None = None) -> Remote:
    """The student's loss, its weights a float32 tensor."""
    given = None if weight is None else Tensor(weight.astype(np.float32), "float32")
    return student.new("part3_imbalance.losses:FocalLoss", weight=given, gamma=gamma)


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

    def suspects(batch: Batch) -> Clauses:
        right, inputs = batch.focal(0.0), (batch.logits, batch.labels)
        return {
            "it is the sum over the images, not their mean": lambda: right * len(batch.labels),
            "it is not averaged: one loss for each image": lambda: batch.focal(0.0, rule="each"),
            "its sign is off": lambda: -right,
            "p comes from a sigmoid for each class, and classes are averaged": partial(
                sigmoid_cross_entropy, *inputs, False
            ),
            "p comes from a sigmoid for each class, and classes are summed": partial(
                sigmoid_cross_entropy, *inputs, True
            ),
            "the sum is divided by the number of classes, not by that of images": lambda: (
                right * batch.logits.shape[0] / batch.logits.shape[1]
            ),
            "gamma is 2 where nothing is said": lambda: batch.focal(2.0),
            **clauses(batch.focal, (0.0, None), {clause: rule for clause, rule in FORMULA.items() if rule not in VOID}),
        }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        batch = Batch.of(rng, sizes)
        plain = partial(student.new, "part3_imbalance.losses:FocalLoss")
        for make, name in ((partial(_loss, student, 0.0), "loss"), (plain, "loss with no gamma given")):
            found = _unweighted(student, batch, make)
            expect_close(found, batch.focal(0.0), name, suspects=suspects(batch))

    for_each(student, rng, (Classes((5,), 3), Classes((4,), 4)), body)


@check("3.3-focus", points=2, needs=("3.3-cross-entropy",))
def recognised_images_count_for_less(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss multiplies the cross-entropy of each image by (1 - p_t) ** gamma.

    p_t is the probability that this image's true class is given: it differs from image to image. Take the mean last.
    """

    def suspects(batch: Batch, gamma: float) -> Clauses:
        rules = {
            "the power is that of p_t, not of 1 - p_t": "of p",
            "gamma is the exponent of -log p_t, not of 1 - p_t": "of log p",
            "gamma is a factor, not an exponent": "times gamma",
            "p_t comes from the mean cross-entropy of the batch, not from that of each image": "of the batch",
        }
        known = clauses(batch.focal, (gamma, None), rules | FORMULA)
        return {**known, "gamma has no influence": lambda: batch.focal(0.0)}

    def body(gamma: float, student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        batch = Batch.of(rng, sizes)
        found = batch.evaluate(student, _loss(student, gamma)).value
        name, known = f"loss for gamma {gamma}", suspects(batch, gamma)
        expect_close(found, batch.focal(gamma), name, tolerance=LENIENT, suspects=known)

    for gamma in (*GAMMAS, 3.0):
        for_each(student, rng, (Classes((6,), 3),), partial(body, gamma))


@check("3.3-weights", points=2, needs=("3.3-focus",))
def weights_belong_to_true_classes(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss multiplies each image's loss by the weight of its true class, and divides the sum by N.

    The weights change neither p_t nor what is divided by. PyTorch's weighted cross-entropy divides by their sum.
    """

    def suspects(batch: Batch, gamma: float, weight: np.ndarray) -> Clauses:
        rules = {
            "the sum is divided by the sum of the weights, not by N": "over weights",
            "the mean loss is multiplied by the mean weight": "apart",
            "the weights are applied twice": "twice",
            "p_t is worked out from the weighted cross-entropy": "weighted p",
            "the weight is that of the predicted class": "predicted",
            "the weights go to the images in order, whatever their classes": "by place",
            "the square root of the weights is taken": "root",
            "one over the weights is taken": "inverse",
            "the weights are divided by their largest": "over largest",
            "the weights are divided by their sum": "normalised",
        }
        known = clauses(batch.focal, (gamma, weight), rules)
        return {**known, "the weights have no influence": lambda: batch.focal(gamma)}

    def body(gamma: float, student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        batch, weight = Batch.of(rng, sizes), draw_weight(rng, sizes.filters)
        found, name = batch.evaluate(student, _loss(student, gamma, weight)).value, f"weighted loss for gamma {gamma}"
        known = suspects(batch, gamma, weight)
        expect_close(found, batch.focal(gamma, weight), name, tolerance=LENIENT, suspects=known)

    for gamma, images, classes in ((0.0, 5, 3), (2.0, 6, 4), (0.5, 4, 4)):
        for_each(student, rng, (Classes((images,), classes),), partial(body, gamma))


@check("3.3-gradient", points=2, needs=("3.3-weights",))
def gradient_is_that_of_the_whole_formula(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss has the gradient of its formula, for gamma 0, 0.5, 1 and 2, with and without weights.

    (1 - p_t) ** gamma changes with the logits as well: nothing in it may be cut off from them.
    """
    rules = {"(1 - p_t) ** gamma is taken for a constant": "detached"}
    for gamma in (0.0, *GAMMAS):
        for weight in (None, draw_weight(rng, 3)):
            batch = Batch.drawn(rng, 5, 3)
            found = batch.evaluate(student, _loss(student, gamma, weight)).gradient
            name = f"gradient for gamma {gamma}" + (" and weights" if weight is not None else "")
            suspects = clauses(batch.focal_gradient, (gamma, weight), rules)
            slope = batch.focal_gradient(gamma, weight)
            expect_close(found, slope, name, tolerance=LENIENT, suspects=suspects, axes=AXES)


@check("3.3-extremes", points=2, needs=("3.3-gradient",))
def large_logits_do_no_harm(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss and its gradient are finite and right for logits of +-10000, for gamma 0, 0.5, 1 and 2.

    A probability may be so small that it is 0: its logarithm has to come from the logits. Another may be so close to 1
    that 1 - p_t is 0: there the slope of its power is infinite for gamma below 1.
    """
    rows = [[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, 1e4], [0.0, 30.0, -3.0], [0.0, 50.0, 0.0]]
    batch = Batch(np.array([*rows, *draw(rng, 2, 3)]), np.array([0, 1, 2, 0, 1, 1, 2, 0]))

    def suspects(gamma: float) -> Clauses:
        inputs = (batch.logits, batch.labels, gamma)
        cut = {f"p_t is kept above {small:g}": partial(clipped_focal, *inputs, small, False) for small in SMALL}
        return cut | {f"{small:g} is added to p_t": partial(clipped_focal, *inputs, small, True) for small in SMALL}

    for dtype in ("float64", "float32"):
        for gamma in (0.0, *GAMMAS):
            found, where = (
                batch.evaluate(student, _loss(student, gamma), dtype),
                f"for gamma {gamma} and logits of +-10000",
            )
            expect_finite(found.value, f"loss {where}", "is the logarithm taken of a p_t that has become 0?")
            value, slope = batch.focal(gamma), batch.focal_gradient(gamma)
            known = suspects(gamma)
            expect_close(found.value, value, f"loss {where}", dtype=dtype, tolerance=LENIENT, suspects=known)
            expect_finite(found.gradient, f"gradient {where}", "is 1 - p_t 0, where its power has no finite slope?")
            expect_close(found.gradient, slope, f"gradient {where}", dtype=dtype, tolerance=LENIENT, axes=AXES)


@check("3.3-absent", needs=("3.3-weights",))
def classes_may_be_missing_from_the_batch(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss takes a batch in which classes are missing, the last one too, and a batch of a single image.

    How many classes there are follows from the logits, never from the labels.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        labels = [0, 2, 2, 0, 1, 3] if "inner" not in case else [0, 2, 2, 0]
        labels = [*(labels[:1] if "one" in case else labels), *([] if "last" in case or "one" in case else [4])]
        batch, weight = Batch(draw(rng, len(labels), 5), np.array(labels)), draw_weight(rng, 5)
        found = batch.evaluate(student, _loss(student, 2.0, weight)).value
        name = f"loss for labels {labels} of 5 classes"
        expect_close(found, batch.focal(2.0, weight), name, tolerance=LENIENT)

    for_each(student, rng, situations("a batch", ABSENT, "last inner", "last one inner", "inner", "last"), body)


@check("3.3-kinds", needs=("3.3-weights",))
def weights_may_be_a_list(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss takes its weights as a list, an array or a tensor, of float32 or float64.

    The loss has the dtype of the logits, whatever that of the weights.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        batch, weight = Batch.drawn(rng, 5, 3), draw_weight(rng, 3)
        given = as_told(weight.astype("float32" if "single" in case else "float64"), case)
        loss = student.new("part3_imbalance.losses:FocalLoss", weight=given, gamma=1.0)
        dtype = "float32" if "logits" in case else "float64"
        found, value = batch.evaluate(student, loss, dtype).value, batch.focal(1.0, weight)
        expect_close(found, value, "loss", dtype=dtype, tolerance=LENIENT)

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
        found = batch.evaluate(student, loss)
        expect_unchanged(found.logits, batch.logits, "logits")
        expect_unchanged(found.labels, batch.labels, "labels")
        value, slope = batch.focal(2.0, weight), batch.focal_gradient(2.0, weight)
        expect_close(found.value, value, f"loss for the {time} time", tolerance=LENIENT)
        expect_close(found.gradient, slope, f"gradient for the {time} time", tolerance=LENIENT, axes=AXES)


@check("3.3-buffer", needs=("3.3-weights",))
def weights_are_a_buffer(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss keeps its weights as a buffer: state_dict and .to(device) take them along, no optimizer changes them.

    A tensor that is merely assigned to an attribute stays on the CPU when the model goes to the GPU.
    """
    batch, weight = Batch.drawn(rng, 5, 3), draw_weight(rng, 3)
    other = 3 * weight
    losses = _loss(student, 1.0, weight), _loss(student, 1.0, other)
    expect_buffer(student, batch, losses, (batch.focal(1.0, weight), batch.focal(1.0, other)), "weights")
