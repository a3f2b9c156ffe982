"""3.4: the class-balanced focal loss and the logit-adjusted loss."""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.cases.situations import Situation, situations
from autograder.cases.sizes import Sizes
from autograder.checking.containers import as_told, expect_kept, kind_traits
from autograder.checking.each import for_each
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.student import Student

from ...oracles.imbalance import class_weights
from .shared import AXES, SINGLE, Batch, Classes, draw_counts

BALANCED = "part3_imbalance.losses:class_balanced_focal"
ADJUSTED = "part3_imbalance.losses:logit_adjusted_loss"


@check("3.4-class-balanced", points=2, needs=("3.2-values", "3.3-weights"))
def class_balanced_focal_loss(student: Student, rng: np.random.Generator) -> None:
    """class_balanced_focal is the focal loss with the class-balanced weights of the counts.

    Both beta and gamma have their say.
    """

    def body(beta: float, gamma: float, student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        batch, counts = Batch.of(rng, sizes), draw_counts(rng, sizes.filters)
        loss, right = student.new(BALANCED, counts, beta, gamma), batch.focal(gamma, class_weights(counts, beta))
        passed = {
            "beta and gamma change places": (gamma, beta),
            "beta is passed on as gamma too": (beta, beta),
            "gamma is passed on as beta too": (gamma, gamma),
            "gamma is not passed on, and stays 0": (beta, 0.0),
            "beta is not passed on, and stays 0.9999": (0.9999, gamma),
        }
        wrong = {
            how: partial(lambda one, other: batch.focal(other, class_weights(counts, one)).value, *both)
            for how, both in passed.items()
        }
        right = right._replace(others={**right.others, **wrong})
        batch.expect_value(student, loss, right, f"loss for beta {beta} and gamma {gamma}")

    for beta, gamma in ((0.99, 2.0), (0.999, 0.5), (0.9, 1.0)):
        for_each(student, rng, (Classes((6,), 4),), partial(body, beta, gamma))


@check("3.4-adjusted", points=2)
def rare_classes_win_by_a_margin(student: Student, rng: np.random.Generator) -> None:
    """logit_adjusted_loss is the cross-entropy of logits + tau * log(share of each class).

    The share of a rare class is small, and its logarithm far below 0: its logit has to make up for that. With tau 0 it
    is plain cross-entropy.
    """

    def body(tau: float, student: Student, rng: np.random.Generator, sizes: Sizes) -> None:
        batch, counts = Batch.of(rng, sizes), draw_counts(rng, sizes.filters)
        found, right = batch.evaluate(student, student.new(ADJUSTED, counts, tau)), batch.adjusted(counts, tau)
        expect_close(found.value, right.value, f"loss for tau {tau}", tolerance=SINGLE)
        expect_close(found.gradient, right.slope, f"gradient for tau {tau}", tolerance=SINGLE, axes=AXES)

    for tau in (1.5, 1.0, 0.5, 0.0):
        for_each(student, rng, (Classes((6,), 4),), partial(body, tau))


@check("3.4-kinds", needs=("3.2-kinds", "3.3-kinds", "3.4-class-balanced", "3.4-adjusted"))
def losses_take_counts_as_a_list(student: Student, rng: np.random.Generator) -> None:
    """class_balanced_focal and logit_adjusted_loss take counts as list, array or tensor, and change none of them.

    A list has no sum method, and dividing one by a number is an error.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        batch, counts = Batch.drawn(rng, 6, 4), draw_counts(rng, 4)
        held = student.hold(as_told(counts, case))
        adjusted, balanced = batch.adjusted(counts, 1.0), batch.focal(2.0, class_weights(counts, 0.99))
        batch.expect_value(student, student.new(ADJUSTED, held, 1.0), adjusted, "logit-adjusted loss")
        batch.expect_value(student, student.new(BALANCED, held, 0.99, 2.0), balanced, "class-balanced loss")
        expect_kept(held, counts, "counts")

    for_each(student, rng, situations("4 counts", kind_traits("counts"), "list", "", "tensor"), body)


@check("3.4-inputs", needs=("3.4-adjusted",))
def adjusted_loss_leaves_its_inputs_alone(student: Student, rng: np.random.Generator) -> None:
    """logit_adjusted_loss leaves the logits as they are, and has their dtype.

    The accuracy is worked out from the same logits afterwards, without the offset: += would adjust those as well.
    """
    batch, counts = Batch.drawn(rng, 5, 3), draw_counts(rng, 3)
    loss = student.new(ADJUSTED, counts, 1.0)
    for dtype in ("float32", "float64"):
        batch.expect_kept(student, loss, batch.adjusted(counts, 1.0), f"{{}} of {dtype} logits", dtype, 1e-4)


@check("3.4-buffer", needs=("3.4-adjusted",))
def offsets_are_a_buffer(student: Student, rng: np.random.Generator) -> None:
    """logit_adjusted_loss keeps its offsets as a buffer: state_dict and .to(device) take them along.

    A tensor that is merely assigned to an attribute stays on the CPU when the model goes to the GPU.
    """
    batch, counts, other = Batch.drawn(rng, 5, 3), np.array([900, 30, 4]), np.array([4, 30, 900])
    losses = student.new(ADJUSTED, counts, 1.0), student.new(ADJUSTED, other, 1.0)
    batch.expect_buffer(student, losses, batch.adjusted(counts, 1.0))
