"""3.1 and 3.2: reweight and FocalLoss, in each of the readings that the handout has accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

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
from ..oracles.softmax_form import detached_gradient, softmax_focal, unlike_weights

REWEIGHT, LOSS = "part3_imbalance.losses:class_balanced_weights", "part3_imbalance.losses:FocalLoss"
EXAMPLE = np.array([645, 387, 232, 139])
SINGLE = 1e-4  # what is worked out in float32, subtracted and divided, is no closer
NEAR = 1e-3  # of the reading that is meant
READINGS = ("mean", "over weights", "sigmoid", "sigmoid over weights", "sigmoid mean")


@check("3.1-values", points=2)
def weights_are_one_over_effective_numbers(student: Student, rng: np.random.Generator) -> None:
    """`reweight` gives each class 1 / E_n, E_n = (1 - beta**n) / (1 - beta), as it is or scaled to sum to C."""
    rules = {
        "the weights are scaled to sum to 1, not to C": "sum 1",
        "they are proportional to E_n, not to 1 / E_n": "not inverted",
        "n ** beta stands in the place of beta ** n": "power",
        "beta and n are exchanged: n ** beta is subtracted from 1": "exchanged",
        "beta * n stands in the place of beta ** n": "no power",
        "they are one over the counts, and beta has no influence": "inverse",
    }
    for counts, beta in ((EXAMPLE, 0.9999), (draw_counts(rng, 5), 0.99), (draw_counts(rng, 3), 0.999)):
        found = answers.numbers(student.call(REWEIGHT, counts.tolist(), beta))
        if found is None:
            raise CheckFailed(f"weights for beta {beta} are {show(found)}, expected {len(counts)} numbers")
        scaled, plain = class_weights(counts, beta), unlike_weights(counts, beta, "unscaled")
        meant = plain if found.shape == plain.shape and np.allclose(found, plain, rtol=NEAR) else scaled
        suspects = _clauses(unlike_weights, (counts, beta), rules)
        suspects["beta is 0.9999 whatever is said"] = lambda counts=counts: class_weights(counts, 0.9999)
        numbers = found.astype(np.float64)
        expect_close(numbers, meant, f"weights for beta {beta}", suspects=suspects, tolerance=SINGLE, axes=("class",))


def _clauses(
    compute: Callable[..., object], args: tuple[object, ...], rules: Mapping[str, str]
) -> dict[str, Callable[[], object]]:
    """Suspects of an oracle: for a clause the rule by which it goes wrong."""
    return {clause: partial(compute, *args, rule) for clause, rule in rules.items()}


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
        return softmax_focal(batch.logits, batch.labels, gamma, weight, reading)
    return batch.focal(gamma, weight).value


def _reading(student: Student, rng: np.random.Generator, weighted: bool) -> str:
    """Which of the accepted readings a student's loss follows; the plain one where it follows none."""
    batch, weight = Batch.drawn(rng, 6, 4), draw_weight(rng, 4) if weighted else None
    found = answers.number(_value(student, batch, 2.0, weight))
    values = {reading: float(_expected(batch, reading, 2.0, weight)) for reading in READINGS}
    fits = [name for name, value in values.items() if found is not None and np.isclose(found, value, rtol=NEAR)]
    return fits[0] if fits else READINGS[0]


def _known(batch: Batch, gamma: float, weight: np.ndarray | None) -> dict[str, Callable[[], object]]:
    rules = {
        "the power is that of p_t, not of 1 - p_t": "of p",
        "gamma is the exponent of -log p_t, not of 1 - p_t": "of log p",
        "gamma is a factor, not an exponent": "times gamma",
        "p_t comes from the mean cross-entropy of the batch, not from that of each image": "of the batch",
    }
    if weight is not None:
        rules = {
            "the weights are applied twice": "twice",
            "the mean loss is multiplied by the mean weight": "apart",
            "p_t is worked out from the weighted cross-entropy": "weighted p",
            "the weight is that of the predicted class": "predicted",
            "the weights go to the images in order, whatever their classes": "by place",
        }
    plain = {
        "gamma has no influence": lambda: batch.focal(0.0, weight).value,
        "the weights have no influence": lambda: batch.focal(gamma).value,
        "it is the sum over the images": lambda: batch.focal(gamma, weight).value * len(batch.labels),
        "its sign is off": lambda: -batch.focal(gamma, weight).value,
    }
    return {**_clauses(softmax_focal, (batch.logits, batch.labels, gamma, weight), rules), **plain}


def _compare(student: Student, rng: np.random.Generator, gammas: Sequence[float], weighted: bool) -> None:
    reading = _reading(student, rng, weighted)
    for gamma in gammas:
        batch, weight = Batch.drawn(rng, 6, 3), draw_weight(rng, 3) if weighted else None
        name, suspects = f"loss for gamma {gamma}", _known(batch, gamma, weight)
        found = _value(student, batch, gamma, weight)
        expect_close(found, _expected(batch, reading, gamma, weight), name, tolerance=SINGLE, suspects=suspects)


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
    inputs, slope = (batch.logits, batch.labels), batch.focal(2.0).slope
    suspects = {"(1 - p_t) ** gamma is taken for a constant": lambda: detached_gradient(*inputs, 2.0)}
    expect_close(found, slope, "gradient", dtype="float32", tolerance=SINGLE, suspects=suspects)


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
