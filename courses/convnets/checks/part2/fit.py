"""2.5: a whole run that nobody interrupts, on a small model of the grader's: history, scalars, checkpoints."""

from __future__ import annotations

import contextlib
import itertools
from contextlib import AbstractContextManager
from functools import partial

import numpy as np

from autograder.cases.training import Plan
from autograder.checking import answers
from autograder.checking.expect import expect_close, expect_equal, show, unexplained
from autograder.checking.rubric import check
from autograder.checking.student import Student
from autograder.errors import CheckFailed

from ...oracles.fits import batch_losses, fitted, rows
from ..part1.shared import Clauses
from .runs import BEST, LAST, Run, draw_plan, draw_telling_plan, fit
from .shared import SINGLE, number

LOOPS = ("2.3-learns", "2.3-loss", "2.3-accuracy", "2.3-moving", "2.3-scheduler", "2.4-loss", "2.4-accuracy")
COLUMNS = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr")
TAGS = ("Train/loss", "Train/accuracy", "Valid/loss", "Valid/accuracy", "LearningRate")
SECONDS = 30.0


def expect_history(answer: object, plan: Plan) -> None:
    """Pass a history: one dictionary an epoch, of numbers that are right."""
    listed = answers.listed(answer)
    found = [row for entry in listed or [] if (row := answers.table(entry)) is not None]
    if listed is None or len(found) < len(listed):
        why = ": does it end without return?" if answer is None else ""
        raise CheckFailed(f"fit returned {show(answer)}, expected a list of dictionaries, one an epoch{why}")
    expect_equal(len(found), plan.epochs, "the number of rows in the history")
    for name in ("epoch", *COLUMNS):
        if missing := [index for index, row in enumerate(found) if name not in row]:
            raise CheckFailed(
                f"row {missing[0]} of the history has no {name!r}, only {show(sorted(found[missing[0]]))}"
            )
    if len({tuple(answers.number(row[name]) for name in ("epoch", *COLUMNS)) for row in found}) < min(2, len(found)):
        raise CheckFailed(f"all {len(found)} rows of the history are equal: is one dictionary filled again and again?")
    epochs = tuple(range(1, plan.epochs + 1))
    expect_equal(tuple(_whole(row["epoch"]) for row in found), epochs, "the epochs of the history")
    for index, name in enumerate(COLUMNS):
        # Where suspects are weighed, a wrong number of rows has passed.
        column = rows(plan)[:, index]
        for epoch, (row, expected) in enumerate(zip(found, column, strict=False), start=1):
            others: Clauses = {
                f"rows are those of epochs that come {later} later: do the restored ones stand before them?": partial(
                    column.__getitem__, epoch - 1 + later
                )
                for later in range(1, plan.epochs - epoch + 1)
            }
            here = f"{name} of epoch {epoch}"
            expect_close(number(row[name]), expected, here, suspects=others, tolerance=SINGLE)


def _whole(answer: object) -> object:
    """Turn 3.0 and tensors of one number into a whole number."""
    plain = number(answer)
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


@check("2.5-trains", points=2, needs=LOOPS, seconds=SECONDS)
def run_trains_the_model(student: Student, rng: np.random.Generator) -> None:
    """fit() trains the model for config.epochs epochs, with the optimizer and the scheduler that config.py builds.

    Both are built once, for the whole run. The model keeps what it has learned in the last epoch.
    """
    plan = draw_plan(rng)
    found, expected = fit(student, plan).parameters(), fitted(plan)[-1]
    batches, plain = plan.batches, (plan.batches, 1)
    slips: dict[str, tuple[tuple[int, ...], bool]] = {
        "the scheduler takes another step after each epoch": ((batches + 1, 1), False),
        "the scheduler takes one step an epoch, not one a batch": ((1, 0), False),
        "the scheduler takes two steps a batch": ((2 * batches, 2), False),
        "the schedule begins anew with each epoch": ((0, 1), False),
        "the learning rate is that of the configuration, whatever the schedule": ((), False),
        "each epoch builds an optimizer of its own, which no scheduler knows": ((), True),
        "each epoch builds an optimizer and a scheduler of its own": ((0, 1), True),
        "each epoch begins without momentum": (plain, True),
    }
    wrong: Clauses = {how: partial(lambda *slip: fitted(plan, *slip)[-1], *slip) for how, slip in slips.items()}
    expect_close(found, expected, "the parameters after the last epoch", suspects=wrong, axes=("parameter",))


@check("2.5-history", needs=("2.5-trains",), seconds=SECONDS)
def run_returns_its_history(student: Student, rng: np.random.Generator) -> None:
    """fit() returns one row an epoch: epoch, train_loss, train_accuracy, valid_loss, valid_accuracy, lr.

    lr is the learning rate after the epoch, for the batch that would come next.
    """
    plan = draw_plan(rng)
    expect_history(fit(student, plan).history, plan)


@check("2.5-scalars", needs=("2.5-trains",), seconds=SECONDS)
def run_writes_its_scalars(student: Student, rng: np.random.Generator) -> None:
    """fit() writes Train/loss, Train/accuracy, Valid/loss, Valid/accuracy and LearningRate after each epoch.

    The step of each value is the number of the epoch, counted from 1.
    """
    plan = draw_plan(rng)
    run, expected = fit(student, plan), rows(plan)
    for index, tag in enumerate(TAGS):
        written = run.scalars(tag)
        steps = tuple(range(1, plan.epochs + 1))
        expect_equal(tuple(step for step, _ in written), steps, f"the steps of {tag}")
        others: Clauses = {
            f"they are those of {other}": partial(expected.__getitem__, (slice(None), column))
            for column, other in enumerate(TAGS)
            if other != tag
        }
        values = np.array([value for _, value in written])
        name = f"the values of {tag}"
        expect_close(values, expected[:, index], name, suspects=others, tolerance=SINGLE, axes=("epoch",))


@check("2.5-batches", needs=("2.3-criterion", "2.5-trains"), seconds=SECONDS)
def run_writes_every_hundredth_batch(student: Student, rng: np.random.Generator) -> None:
    """fit() writes Train/loss_batch, the loss of a single batch of the training, every 100 batches.

    LoggedCriterion does that and counts over the whole run: one of them for all epochs, for training only.
    """
    plan = draw_plan(rng, count=99, batch_size=2, epochs=4)
    run = fit(student, plan, save_every=4)
    written = run.scalars("Train/loss_batch")
    expected = batch_losses(plan)[::100]
    steps = tuple(100 * place for place in range(len(expected)))
    with _unless_validated_otherwise(run, plan):
        expect_equal(tuple(step for step, _ in written), steps, "the steps of Train/loss_batch")
    values = np.array([value for _, value in written])
    expect_close(values, expected, "the values of Train/loss_batch", tolerance=SINGLE, axes=("hundred",))


@check("2.5-files", seconds=SECONDS)
def run_leaves_plain_files(student: Student, rng: np.random.Generator) -> None:
    """fit() leaves last.pt and best.pt in out_dir, both of which load with weights_only=True.

    last.pt holds a state_dict under "model", best.pt one under "model_state_dict". A pickled model, or a configuration
    that is an object, is code that someone else would have to trust.
    """
    run = fit(student, draw_plan(rng))
    for name in (LAST, BEST):
        run.saved(name)


@check("2.5-periodic", seconds=SECONDS)
def run_saves_every_few_epochs(student: Student, rng: np.random.Generator) -> None:
    """fit() writes last.pt after every save_every epochs, and after the last one.

    Here save_every is 2 and there are 5 epochs: it is written after epochs 2, 4 and 5.
    """
    run = fit(student, draw_plan(rng, epochs=5), save_every=2)
    run.train.call("look")
    versions = [answers.whole(version) for version in answers.items(run.train.get("versions")) or []]
    if len(versions) > 6:
        raise CheckFailed(f"the training loader is used {len(versions) - 1} times in 5 epochs, expected once an epoch")
    changed = [after != before for before, after in itertools.pairwise(versions)]
    epochs = tuple(epoch for epoch, change in enumerate(changed, start=1) if change)
    expect_equal(epochs, (2, 4, 5), "the list of epochs after which last.pt is written")


@check("2.5-best", points=2, needs=("2.5-trains", "2.5-files"), seconds=SECONDS)
def run_keeps_the_best_weights(student: Student, rng: np.random.Generator) -> None:
    """fit() keeps in best.pt the weights of the epoch with the highest validation accuracy, the first of equals.

    state_dict refers to the tensors that training goes on to change.
    """
    plan = draw_telling_plan(rng)
    run = fit(student, plan)
    with _unless_validated_otherwise(run, plan):
        expect_best(run, plan)


def _unless_validated_otherwise(run: Run, plan: Plan) -> AbstractContextManager[None]:
    """Explain nothing where there are other epochs or accuracies: the best of these, or their steps, are others too."""
    return contextlib.nullcontext() if _validated(run.history, plan) else unexplained()


def _validated(history: object, plan: Plan) -> bool:
    """Whether a history has the right validation accuracy of each epoch."""
    found = [answers.number((answers.table(row) or {}).get("valid_accuracy")) for row in answers.listed(history) or []]
    right = rows(plan)[:, COLUMNS.index("valid_accuracy")]
    return None not in found and len(found) == len(right) and np.allclose(np.array(found, float), right)


def expect_best(run: Run, plan: Plan) -> None:
    """Pass a run of the telling plan that has kept the weights of epoch 2."""
    weights, _ = run.saved(BEST)
    expect_close(weights, fitted(plan)[1], "the weights in best.pt", axes=("weight",))
    for name, right in (("epoch", 2.0), ("accuracy", rows(plan)[1, 3])):
        expect_number(run, BEST, name, right)


def expect_number(run: Run, file: str, name: str, right: float) -> None:
    """Pass a run of whose files one holds the right number under a name."""
    _, numbers = run.saved(file)
    if name not in numbers:
        raise CheckFailed(f"{file} holds no number {name!r} beside the weights, only {show(sorted(numbers))}")
    expect_close(number(numbers[name]), right, f"{name!r} in {file}", tolerance=SINGLE)
