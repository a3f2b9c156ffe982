"""3.1 and 3.2: reweight and FocalLoss, in each of the readings that the handout has accepted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import expect_close, show
from autograder.checking.raising import telling
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed
from autograder.inside.wire import Tensor
from courses.convnets.checks.part3.losses import GAMMAS
from courses.convnets.checks.part3.shared import Batch, draw_counts, draw_weight
from courses.convnets.oracles.imbalance import class_weights

from ..oracles.sigmoid_form import sigmoid_focal
from ..oracles.softmax_form import softmax_focal, unscaled_weights

REWEIGHT, LOSS = "part3_imbalance.losses:class_balanced_weights", "part3_imbalance.losses:FocalLoss"
EXAMPLE, FEW = np.array([645, 387, 232, 139]), np.array([40, 7, 1])
SINGLE = 1e-4  # what is worked out in float32, subtracted and divided, is no closer
NEAR = 1e-3  # of the reading that is meant
READINGS = ("mean", "over weights", "sigmoid", "sigmoid over weights", "sigmoid mean")


@check("3.1-values", points=2)
def weights_are_one_over_effective_numbers(student: Student, rng: np.random.Generator) -> None:
    """`reweight` gives each class 1 / E_n, E_n = (1 - beta**n) / (1 - beta), as it is or scaled to sum to C."""
    for counts, beta in ((EXAMPLE, 0.9999), (draw_counts(rng, 5), 0.99), (draw_counts(rng, 3), 0.999), (FEW, 0.9)):
        found = answers.numbers(student.call(REWEIGHT, counts.tolist(), beta))
        if found is None:
            raise CheckFailed(f"weights for beta {beta} are {show(found)}, expected {len(counts)} numbers")
        scaled, plain = class_weights(counts, beta), unscaled_weights(counts, beta)
        meant = plain if found.shape == plain.shape and np.allclose(found, plain, rtol=NEAR) else scaled
        expect_close(found.astype(np.float64), meant, f"weights for beta {beta}", tolerance=SINGLE, axes=("class",))


def _loss(student: Student, gamma: float, weight: np.ndarray | None = None) -> Remote:
    given = {} if weight is None else {"weight": Tensor(weight.astype(np.float32), "float32")}
    return student.new(LOSS, **given, gamma=gamma)


def _value(student: Student, batch: Batch, gamma: float, weight: np.ndarray | None = None) -> object:
    found = batch.evaluate(student, _loss(student, gamma, weight), "float32").value
    number = answers.number(found)
    return found if number is None else float(number)


def _expected(batch: Batch, reading: str, gamma: float, weight: np.ndarray | None = None) -> np.ndarray:
    if reading.startswith("sigmoid"):
        return sigmoid_focal(batch.logits, batch.labels, gamma, weight, reading.removeprefix("sigmoid").strip())
    if weight is not None and reading == "over weights":
        return softmax_focal(batch.logits, batch.labels, gamma, weight)
    return batch.focal(gamma, weight).value


def _reading(student: Student, rng: np.random.Generator, weighted: bool) -> str:
    """Which of the accepted readings a student's loss follows; the plain one where it follows none."""
    batch, weight = Batch.drawn(rng, 6, 4), draw_weight(rng, 4) if weighted else None
    found = answers.number(_value(student, batch, 2.0, weight))
    values = {reading: float(_expected(batch, reading, 2.0, weight)) for reading in READINGS}
    fits = [name for name, value in values.items() if found is not None and np.isclose(found, value, rtol=NEAR)]
    return fits[0] if fits else READINGS[0]


def _compare(student: Student, rng: np.random.Generator, gammas: Sequence[float], weighted: bool) -> None:
    reading = _reading(student, rng, weighted)
    for gamma in gammas:
        batch, weight = Batch.drawn(rng, 6, 3), draw_weight(rng, 3) if weighted else None
        found, name = _value(student, batch, gamma, weight), f"loss for gamma {gamma}"
        expect_close(found, _expected(batch, reading, gamma, weight), name, tolerance=SINGLE)


@check("3.2-focus", points=2)
def recognised_images_count_for_less(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss multiplies the cross-entropy of each image by (1 - p_t) ** gamma, and takes the mean.

    The form of the paper, with a sigmoid for each class, is as good.
    """
    _compare(student, rng, (0.0, *GAMMAS, 3.0), weighted=False)


@check("3.2-weights", points=2, needs=("3.2-focus",))
def weights_belong_to_true_classes(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss multiplies each image's loss by the weight of its true class.

    The sum is divided by N, or by the sum of these weights.
    """
    _compare(student, rng, (2.0, 0.0, 0.5), weighted=True)


@check("3.2-gradient", needs=("3.2-focus",))
def gradient_is_that_of_the_whole_formula(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss has the gradient of its formula: nothing in it is cut off from the logits."""
    if _reading(student, rng, weighted=False) != READINGS[0]:
        return
    batch = Batch.drawn(rng, 5, 3)
    found = batch.evaluate(student, _loss(student, 2.0), "float32").gradient
    expect_close(found, batch.focal(2.0).slope, "gradient", dtype="float32", tolerance=SINGLE)


@check("3.2-absent", needs=("3.2-focus",))
def classes_may_be_missing_from_the_batch(student: Student, rng: np.random.Generator) -> None:
    """FocalLoss takes a batch in which classes are missing, the last one too: rare classes often are."""
    reading = _reading(student, rng, weighted=False)
    for labels in ([0, 2, 2, 0], [1, 3, 3]):
        whole = Batch.drawn(rng, len(labels), 5)
        batch = Batch(whole.logits, np.array(labels))
        with telling(f"the labels are {labels}, of 5 classes"):
            found = _value(student, batch, 1.0)
        expect_close(found, _expected(batch, reading, 1.0), f"loss for labels {labels} of 5 classes", tolerance=SINGLE)
