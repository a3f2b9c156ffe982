"""3.2: class-balanced weights."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.cases.situations import Situation, Trait, situations
from autograder.checking.containers import as_told, expect_kept, kind_traits
from autograder.checking.each import for_each
from autograder.checking.raising import telling
from autograder.checking.rubric import check
from autograder.checking.student import Student

from ...oracles.imbalance import class_weights
from .shared import SINGLE, draw_counts, expect_finite, expect_numbers

WEIGHTS = "part3_imbalance.losses:class_balanced_weights"
AXES = ("class",)
EMPTY = (Trait("empty", "a class has no images", "where every class has images"),)
REAL = Trait("real", "the counts are no whole numbers", "for whole numbers")
EXAMPLE = np.array([645, 387, 232, 139])


@check("3.2-values", points=2)
def weights_are_one_over_effective_numbers(student: Student, rng: np.random.Generator) -> None:
    """class_balanced_weights is proportional to 1 / E_n, E_n = (1 - beta**n) / (1 - beta), and sums to C.

    For the counts 645, 387, 232, 139 and beta 0.9999 the docstring has the numbers.
    """
    for counts, beta in ((draw_counts(rng, 5), 0.99), (draw_counts(rng, 3), 0.999), (EXAMPLE, 0.9999)):
        found, name = student.call(WEIGHTS, counts, beta), f"weights for beta {beta}"
        parts = {"the counts": np.asarray(counts, float), "E_n": (1 - beta**counts) / (1 - beta)}
        expect_numbers(found, class_weights(counts, beta), name, axes=AXES, parts=parts)
    expect_numbers(
        student.call(WEIGHTS, EXAMPLE), class_weights(EXAMPLE, 0.9999), "weights for the default beta", axes=AXES
    )


@check("3.2-beta", needs=("3.2-values",))
def beta_may_be_0_and_close_to_1(student: Student, rng: np.random.Generator) -> None:
    """class_balanced_weights is exact from beta 0, where all weights are 1, to beta close to 1.

    The logarithm of 0 is minus infinity. And float32 has no number between 0.99999994 and 1.
    """
    counts, question = draw_counts(rng, 4), "is 1 - beta ** n worked out in float32, where such a beta is 1?"
    for beta in (0.0, 0.5, 0.9999, 1 - 1e-8):
        name = f"weights for beta {beta!r}"
        with telling(f"beta is {beta!r} here"):
            found = student.call(WEIGHTS, counts, beta)
        expect_finite(found, name, question if beta > 0.9999 else "is the logarithm of 0 taken?")
        expect_numbers(found, class_weights(counts, beta), name, tolerance=SINGLE, axes=AXES)


@check("3.2-empty", needs=("3.2-values",))
def empty_classes_weigh_nothing(student: Student, rng: np.random.Generator) -> None:
    """class_balanced_weights gives 0 to a class without images; the others sum to their number.

    One over an effective number of 0 is infinite, and turns the sum and all that is divided by it into infinity or NaN.
    """

    def body(beta: float, student: Student, rng: np.random.Generator, case: Situation) -> None:
        counts = np.array([40, 0, 1, 300, 0] if beta > 0.9 else [0, 9, 4])
        counts += 0 if "empty" in case else 7
        found, name = student.call(WEIGHTS, counts, beta), f"weights for counts {counts.tolist()}"
        expect_finite(found, name, "is one over the 0 of a class without images taken?")
        expect_numbers(found, class_weights(counts, beta), name, axes=AXES)

    for beta in (0.999, 0.5):
        for_each(student, rng, situations(f"beta {beta}", EMPTY, "empty"), partial(body, beta))


@check("3.2-kinds", needs=("3.2-values",))
def counts_may_be_a_list(student: Student, rng: np.random.Generator) -> None:
    """class_balanced_weights takes counts as a list, an array or a tensor, and leaves them as they are.

    They may be whole numbers or not.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        counts = draw_counts(rng, 4).astype(np.float64 if "real" in case else np.int64)
        held = student.hold(as_told(counts, case))
        found = student.call(WEIGHTS, held, 0.999)
        expect_numbers(found, class_weights(counts, 0.999), "weights", axes=AXES)
        expect_kept(held, counts, "counts")

    names = [f"{size} {kind}" for size in ("", "real") for kind in ("list", "", "tensor")]
    cases = situations("4 counts", (*kind_traits("counts"), REAL), *names)
    for_each(student, rng, cases, body)
