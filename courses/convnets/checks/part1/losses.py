"""1.4: softmax and cross-entropy."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.checking import answers
from autograder.checking.each import for_each
from autograder.checking.expect import expect_array, expect_close, expect_no_warnings, expect_unchanged, show
from autograder.checking.rubric import check
from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed

from ...oracles.losses import (
    clipped_cross_entropy,
    cross_entropy,
    cross_entropy_dscores,
    exponentials,
    mean_log_of_all,
    softmax,
)
from .shared import Clauses, draw

AXES = ("image", "class")
SIZES = tuple(Sizes((images,), classes, out="classes", fewest=2) for images, classes in ((3, 4), (1, 5), (6, 2)))
# A small number added to a logarithm or a denominator is the business of 1.4-stable, which alone is exact.
NEARLY, NEARLY_LOSS = 1e-6, 1e-4


def _criterion(student: Student) -> Remote:
    return student.new("part1_numpy.losses:SoftmaxCrossEntropy")


def _pair(answer: object) -> tuple[object, object]:
    """Pass what forward returned if it is a pair."""
    found = answers.pair(answer)
    if found is None:
        raise CheckFailed(f"forward returned {show(answer)}, expected the pair (probs, loss)")
    return found


def _case(rng: np.random.Generator, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw scores and true classes, not all of them equal."""
    return draw(rng, count, classes), rng.permutation(np.arange(count) % classes)


@check("1.4-probs", points=2)
def softmax_gives_each_image_its_probabilities(student: Student, rng: np.random.Generator) -> None:
    """SoftmaxCrossEntropy.forward returns the probabilities of each image's classes.

    Each row sums to 1.
    """

    def suspects(scores: np.ndarray) -> Clauses:
        return {
            "the sum runs over the images, not over the classes": lambda: softmax(scores, 0),
            "the sum runs over everything": lambda: softmax(scores, None),
            "the exponentials are not divided by their sum": lambda: exponentials(scores, False),
            "the exponentials, shifted by the largest score, are not divided by their sum": lambda: exponentials(
                scores, True
            ),
            "the scores change their sign": lambda: softmax(-scores),
            "their logarithm is returned": lambda: np.log(softmax(scores)),
        }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        scores, y = _case(rng, sizes.images, sizes.filters)
        probs, _ = _pair(_criterion(student).forward(scores, y))
        expect_close(probs, softmax(scores), "probs", suspects=suspects(scores), axes=AXES, tolerance=NEARLY)

    for_each(student, rng, SIZES, body)


@check("1.4-loss", points=2)
def cross_entropy_is_a_mean(student: Student, rng: np.random.Generator) -> None:
    """SoftmaxCrossEntropy.forward returns the mean of -log(probability of the true class) over the images.

    One number. Work it out by hand for two images and two classes.
    """

    def suspects(scores: np.ndarray, y: np.ndarray) -> Clauses:
        each = cross_entropy(scores, y, "none")
        return {
            "it is the sum over the images, not their mean": each.sum,
            "it is not averaged: one loss for each image": lambda: each,
            "it is divided by the number of classes as well": lambda: each.mean() / scores.shape[1],
            "it is divided by the number of classes, not of images": lambda: each.sum() / scores.shape[1],
            "its sign is off": lambda: -each.mean(),
            "the logarithm is to base 2": lambda: each.mean() / np.log(2),
            "the logarithm is to base 10": lambda: each.mean() / np.log(10),
            "the logarithm is left out": lambda: -np.exp(-each).mean(),
            "the logarithm is taken after the mean": lambda: -np.log(np.exp(-each).mean()),
            "all classes count, not the true one alone": lambda: mean_log_of_all(scores),
            "all classes are summed, not the true one taken": lambda: mean_log_of_all(scores) * scores.shape[1],
        }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        scores, y = _case(rng, sizes.images, sizes.filters)
        _, loss = _pair(_criterion(student).forward(scores, y))
        expect_close(loss, cross_entropy(scores, y), "loss", suspects=suspects(scores, y), tolerance=NEARLY_LOSS)

    for_each(student, rng, SIZES, body)


@check("1.4-gradient", points=2)
def backward_is_the_gradient_of_the_mean(student: Student, rng: np.random.Generator) -> None:
    """SoftmaxCrossEntropy.backward returns the gradient of the mean loss by the scores.

    Each row of it sums to 0, and the more images there are, the less each of them weighs.
    """

    def suspects(scores: np.ndarray, y: np.ndarray) -> Clauses:
        count, classes = scores.shape
        right, probs = cross_entropy_dscores(scores, y), softmax(scores)
        return {
            "it is not divided by N": lambda: right * count,
            "it is divided by the number of classes as well": lambda: right / classes,
            "it is divided by the number of classes, not of images": lambda: right * count / classes,
            "it is divided by N twice": lambda: right / count,
            "the sign is off": lambda: -right,
            "the true class plays no part": lambda: probs / count,
            "the true class plays no part, and it is not divided by N": lambda: probs,
            "only the entries of the true classes are set": lambda: np.where(np.eye(classes)[y] > 0, right, 0.0),
            "the true class is taken from every entry": lambda: (probs - 1) / count,
        }

    def body(student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        scores, y = _case(rng, sizes.images, sizes.filters)
        criterion = _criterion(student)
        criterion.forward(scores, y)
        found, right = criterion.backward(), cross_entropy_dscores(scores, y)
        expect_close(found, right, "dscores", suspects=suspects(scores, y), axes=AXES, tolerance=NEARLY)

    for_each(student, rng, SIZES, body)


def _quiet(student: Student, scores: np.ndarray, y: np.ndarray) -> bool:
    """Whether forward gives no warning."""
    criterion = _criterion(student)
    criterion.forward(scores, y)
    return not student.warned


@check("1.4-stable", points=2, needs=("1.4-probs", "1.4-loss", "1.4-gradient"))
def large_scores_do_no_harm(student: Student, rng: np.random.Generator) -> None:
    """SoftmaxCrossEntropy is exact for scores of +-10000, without a warning.

    A number added to all scores of one image changes nothing: which one keeps exp from overflowing? And a probability
    of 0 has no logarithm: where does the loss come from then?
    """
    lift = np.array([[1e4], [-1e4], [0.0], [0.0], [0.0]])
    scores, y = draw(rng, 5, 4) + lift, np.array([0, 1, 2, 3, 1])
    scores[3] = [1e4, 5.0, -3.0, -1e4]
    scores[4] = [300.0, -200.0, 5.0, 0.0]
    suspects: Clauses = {}
    for small in (1e-20, 1e-16, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5):
        suspects[f"{small:g} is added to the probabilities"] = partial(clipped_cross_entropy, scores, y, small, True)
        suspects[f"probabilities are cut off at {small:g}"] = partial(clipped_cross_entropy, scores, y, small, False)
    criterion = _criterion(student)
    probs, loss = _pair(criterion.forward(scores, y))
    if student.warned and student.explains and all(_quiet(student, scores[[n]], y[[n]]) for n in range(len(y))):
        question = "each image is right alone: does the largest score of the batch stand for that of each image"
        raise CheckFailed(f"forward with scores of +-10000 warns: {question}?")
    expect_no_warnings(student.warned, "forward with scores of +-10000")
    expect_close(probs, softmax(scores), "probs", axes=AXES)
    expect_close(loss, cross_entropy(scores, y), "loss", suspects=suspects)
    expect_close(criterion.backward(), cross_entropy_dscores(scores, y), "dscores", axes=AXES)


@check("1.4-repeat", needs=("1.4-gradient",))
def criterion_keeps_what_it_returned(student: Student, rng: np.random.Generator) -> None:
    """SoftmaxCrossEntropy changes neither the scores nor the probs that it has returned, and takes float32.

    probs belong to the caller: what backward makes of them has to be an array of its own.
    """
    criterion = _criterion(student)
    criterion.forward(*_case(rng, 3, 2))
    scores, y = _case(rng, 4, 3)
    for dtype in ("float64", "float32"):
        held, labels = student.hold(scores.astype(dtype)), student.hold(y)
        returned = student.new((criterion.reference, "forward"), held, labels)
        before = expect_array(returned.get("0"), "probs", scores.shape, dtype=dtype)
        expected = cross_entropy_dscores(scores, y)
        expect_close(criterion.backward(), expected, "dscores", dtype=dtype, axes=AXES, tolerance=NEARLY_LOSS)
        expect_unchanged(returned.get("0"), before, "probs")
        expect_unchanged(held.fetch(), scores, "scores")
        expect_unchanged(labels.fetch(), y, "y")
