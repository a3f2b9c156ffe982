"""3.5: weights for a sampler that shows all classes equally often."""

from __future__ import annotations

import numpy as np

from autograder.cases.situations import Situation, Trait, situations
from autograder.checking import answers
from autograder.checking.containers import as_told, expect_kept, kind_traits
from autograder.checking.each import for_each
from autograder.checking.rubric import check
from autograder.checking.student import Student

from ...oracles.imbalance import sample_shares
from .shared import draw_labels, expect_numbers

WEIGHTS = "part3_imbalance.sampling:balanced_sample_weights"
ABSENT = (
    Trait("first", "class 0 has no image", "where class 0 has images"),
    Trait("gap", "a class between two others has no image", "where no class between others is left out"),
)


@np.errstate(over="ignore")
def _scaled(actual: object) -> object:
    """Divide weights by their sum, as a sampler does; whatever is no such array stays as it is."""
    found = answers.array(actual)
    if found is None or found.dtype.kind not in "fiu":
        return actual
    if found.dtype.kind in "iu":
        found = found.astype(np.float64)
    total = found.sum()
    return found / total if np.isfinite(total) and total > 0 else found


@check("3.5-balance", points=2)
def classes_are_drawn_equally_often(student: Student, rng: np.random.Generator) -> None:
    """balanced_sample_weights gives each image a weight, and those of each class the same sum.

    A common factor has no influence. An image of a class with twice as many images gets half the weight.
    """
    labels = draw_labels(rng, (8, 2, 1, 5))
    found = _scaled(student.call(WEIGHTS, labels))
    parts = {"the number of images of its class": np.bincount(labels)[labels].astype(np.float64)}
    expect_numbers(found, sample_shares(labels), "share", axes=("image",), parts=parts)


@check("3.5-absent", needs=("3.5-balance",))
def numbers_of_classes_may_be_left_out(student: Student, rng: np.random.Generator) -> None:
    """balanced_sample_weights works where some class between 0 and the largest label has no image.

    The count of class c has to stand at c, whatever other classes occur.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        first, gap = int("first" in case), 2 * ("gap" in case)
        labels = draw_labels(rng, (6, 1, 3), (first, first + 1, first + 2 + gap))
        found = _scaled(student.call(WEIGHTS, labels))
        expect_numbers(found, sample_shares(labels), "share", axes=("image",))

    for_each(student, rng, situations("labels of three classes", ABSENT, "gap", "first", "first gap"), body)


@check("3.5-kinds", needs=("3.5-balance",))
def sampler_labels_may_be_a_list(student: Student, rng: np.random.Generator) -> None:
    """balanced_sample_weights takes labels as a list, an array or a tensor, and leaves them as they are.

    The labels of torchvision's data sets are lists.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        labels = draw_labels(rng, (4, 1, 2))
        held = student.hold(as_told(labels, case))
        found = _scaled(student.call(WEIGHTS, held))
        expect_numbers(found, sample_shares(labels), "share", axes=("image",))
        expect_kept(held, labels, "labels")

    for_each(student, rng, situations("labels of three classes", kind_traits("labels"), "list", "", "tensor"), body)
