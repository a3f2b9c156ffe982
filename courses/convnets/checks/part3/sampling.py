"""3.5: weights for a sampler that shows all classes equally often."""

from __future__ import annotations

import numpy as np

from autograder.checking import answers
from autograder.checking.rubric import check
from autograder.checking.student import Student

from ...oracles.imbalance import sample_shares
from ..part1.shared import telling
from .shared import clauses, expect_kept, expect_numbers, kinds

WEIGHTS = "part3_imbalance.sampling:balanced_sample_weights"


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


def _labels(rng: np.random.Generator, sizes: dict[int, int]) -> np.ndarray:
    """Draw an order for as many labels of each class."""
    return rng.permutation(np.repeat(list(sizes), list(sizes.values())))


@check("3.5-balance", points=2)
def classes_are_drawn_equally_often(student: Student, rng: np.random.Generator) -> None:
    """balanced_sample_weights gives each image a weight, and those of each class the same sum.

    A common factor has no influence. An image of a class with twice as many images gets half the weight.
    """
    rules = {
        "frequent classes are drawn more often still: the weights are proportional to the counts": "frequent",
        "all images are drawn equally often": "equal",
        "the weights are one over the square of the counts": "squared",
        "the weights are one over the square root of the counts": "root",
        "the weight of a class is the share of the others": "complement",
        "there is one weight for each class, not for each image": "a class",
    }
    labels = _labels(rng, {0: 8, 1: 2, 2: 1, 3: 5})
    found = _scaled(student.call(WEIGHTS, labels))
    suspects = clauses(sample_shares, (labels,), rules)
    expect_numbers(found, sample_shares(labels), "share", suspects=suspects, axes=("image",))


@check("3.5-absent", needs=("3.5-balance",))
def numbers_of_classes_may_be_left_out(student: Student, rng: np.random.Generator) -> None:
    """balanced_sample_weights works where some class between 0 and the largest label has no image.

    The count of class c has to stand at c, whatever other classes occur.
    """
    labels = _labels(rng, {1: 6, 2: 1, 5: 3})
    with telling("no image is of class 0, 3 or 4 here"):
        found = _scaled(student.call(WEIGHTS, labels))
    expect_numbers(found, sample_shares(labels), "share", axes=("image",))


@check("3.5-kinds", needs=("3.5-balance",))
def sampler_labels_may_be_a_list(student: Student, rng: np.random.Generator) -> None:
    """balanced_sample_weights takes labels as a list, an array or a tensor, and leaves them as they are.

    The labels of torchvision's data sets are lists.
    """
    labels = _labels(rng, {0: 4, 1: 1, 2: 2})
    for name, given in kinds(labels):
        held = student.hold(given)
        with telling(f"the labels are {name} here"):
            found = _scaled(student.call(WEIGHTS, held))
        expect_numbers(found, sample_shares(labels), f"share for labels as {name}", axes=("image",))
        expect_kept(held, labels, f"labels as {name}")
