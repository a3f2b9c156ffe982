"""1.4: softmax and cross-entropy."""

from __future__ import annotations

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking.declarations.counterpart import Result
from autograder.checking.declare import Row, checks, layer
from autograder.checking.expect import expect_array, expect_close, expect_no_warnings, expect_unchanged
from autograder.checking.rubric import check
from autograder.checking.student import Student
from autograder.errors import CheckFailed

from .shared import draw, kept_away_from_0, pair

AXES = ("image", "class")
# A small number added to a logarithm or a denominator is the business of 1.4-stable, which alone is exact.
NEARLY, NEARLY_LOSS = 1e-6, 1e-4
CRITERION = layer(
    "1.4",
    "part1_numpy.losses:SoftmaxCrossEntropy",
    "F.softmax(scores, 1), F.cross_entropy(scores, y)",
    inputs={"scores": "N M", "y": "N < M"},
    outputs={"probs": "N M", "loss": ""},
    start="loss",
    cases={"all": tuple(Sizes((n,), m, out="classes", fewest=2) for n, m in ((3, 4), (1, 5), (6, 2)))},
    tolerances={"probs": NEARLY, "loss": NEARLY_LOSS, "dscores": NEARLY},
    spoken={"probs": "image class", "dscores": "image class"},
)
checks(
    "1.4",
    {
        "probs": Row(
            "SoftmaxCrossEntropy.forward returns the probabilities of each image's classes.", "Each row sums to 1.",
            points=2, ask="probs: all",
        ),
        "loss": Row(
            "SoftmaxCrossEntropy.forward returns the mean of -log(probability of the true class) over the images.",
            "One number. Work it out by hand for two images and two classes.", points=2, ask="loss: all",
        ),
        "gradient": Row(
            "SoftmaxCrossEntropy.backward returns the gradient of the mean loss by the scores.",
            "Each row of it sums to 0, and the more images there are, the less each of them weighs.",
            points=2, ask="dscores: all",
        ),
    },
    CRITERION,
)  # fmt: skip


def _right(scores: np.ndarray, y: np.ndarray) -> Result:
    return CRITERION.result({"scores": scores, "y": y}, np.zeros(scores.shape), np.ones(()))


def _quiet(student: Student, scores: np.ndarray, y: np.ndarray) -> bool:
    """Whether forward gives no warning."""
    criterion = student.new(CRITERION.target)
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
    criterion = student.new(CRITERION.target)
    probs, loss = pair(criterion.forward(scores, y))
    if student.warned and student.explains and all(_quiet(student, scores[[n]], y[[n]]) for n in range(len(y))):
        question = "each image is right alone: does the largest score of the batch stand for that of each image"
        raise CheckFailed(f"forward with scores of +-10000 warns: {question}?")
    expect_no_warnings(student.warned, "forward with scores of +-10000")
    right = _right(scores, y)
    expect_close(probs, right.outputs[0], "probs", axes=AXES)
    expect_close(loss, right.outputs[1], "loss", suspects=kept_away_from_0("each probability", scores, y))
    expect_close(criterion.backward(), right.gradients[0], "dscores", axes=AXES)


@check("1.4-repeat", needs=("1.4-gradient",))
def criterion_keeps_what_it_returned(student: Student, rng: np.random.Generator) -> None:
    """SoftmaxCrossEntropy changes neither the scores nor the probs that it has returned, and takes float32.

    probs belong to the caller: what backward makes of them has to be an array of its own.
    """
    criterion = student.new(CRITERION.target)
    criterion.leave("forward", draw(rng, 3, 2), np.array([1, 0, 1]))
    scores, y = draw(rng, 4, 3), np.array([2, 0, 1, 0])
    for dtype in ("float64", "float32"):
        held, labels = student.hold(scores.astype(dtype)), student.hold(y)
        returned = student.new((criterion.reference, "forward"), held, labels)
        probs = returned.asking("0")
        found = student.several([probs, criterion.calling("backward"), probs, held.fetching(), labels.fetching()])
        before = expect_array(next(found), "probs", scores.shape, dtype=dtype)
        expected = _right(scores, y).gradients[0]
        expect_close(next(found), expected, "dscores", dtype=dtype, axes=AXES, tolerance=NEARLY_LOSS)
        for name, given in (("probs", before), ("scores", scores), ("y", y)):
            expect_unchanged(next(found), given, name)
