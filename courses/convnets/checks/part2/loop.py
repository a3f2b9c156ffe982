"""2.3: one epoch of training, on a small model, loader, criterion and optimizer of the grader's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from autograder.cases.training import Setting
from autograder.checking import answers
from autograder.checking.expect import expect_close
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed

from ...oracles.loops import average_accuracies, average_accuracy, average_loss, learned
from ..part1.shared import Clauses, draw
from .shared import (
    CLASSES,
    COLOURS,
    SINGLE,
    calls,
    clauses,
    draw_setting,
    expect_floats,
    new_loader,
    new_net,
    number,
    pair,
)

TRAIN = "part2_pytorch.train:train_epoch"
LR, MOMENTUM = 0.25, 0.5
FACTORS = (1.0, 0.5, 2.0, 0.25)  # of the learning rate, for the three batches, and after them
PARAMETERS = "the parameters after the epoch"
SECONDS = 30.0  # the first optimizer of a process imports for seconds
SOFTMAX = "a softmax comes before the criterion, which has one already"
AVERAGES = {
    "it is averaged over the batches: the last one is smaller and counts less": "batches",
    "it is the value of the last batch": "last",
    "the last batch alone is divided by the number of all samples": "last of all",
    "every batch is taken to be as large as the first": "full batches",
    "every batch is taken to be as large as the last": "small batches",
    "the last batch is left out": "dropped",
    "the loop ends with its first batch": "first",
}
SUMS = {
    "it is the sum over all samples, not divided by their number": "weighted sum",
    "the values of the batches are added up, not averaged": "sum",
    "the mean of each batch is divided by the number of samples once more": "twice",
}
SHARES = {
    "it is the number of hits, not their share": "count",
    "it is the number of hits per batch": "per batch",
    "it is in percent": "percent",
}
HITS = {
    "the first class with a score above 0 is taken, not that with the highest score": "first positive",
    "a hit is a score of the label above 0, not the highest of all": "label positive",
    "the class with the lowest score is taken": "lowest",
    "the softmax runs over the images of a batch, not over the classes": "over images",
    "the highest score itself is compared with the label, not the class that has it": "rounded",
}
COUNTED = {*AVERAGES.values(), *SHARES.values(), *HITS.values()}
MOVING = {
    "the epoch's last model sees all batches once more": "after",
    "each batch is measured after its step": "stepped",
}


def loss_suspects(setting: Setting) -> Clauses:
    """What the loss would be, averaged in a wrong way."""
    suspects = clauses(AVERAGES | SUMS, lambda how: average_loss(setting, how))
    suspects["it is the accuracy: the loss comes first"] = lambda: average_accuracy(setting)
    suspects[SOFTMAX] = lambda: average_loss(setting, "samples", "softmax, cross")
    return suspects


def accuracy_suspects(setting: Setting) -> Clauses:
    """What the accuracy would be, averaged in a wrong way."""
    suspects = clauses(AVERAGES | SHARES | HITS, lambda how: average_accuracy(setting, how))
    suspects["it is the loss: the accuracy comes second"] = lambda: average_loss(setting)
    return suspects


def telling_setting(rng: np.random.Generator, rules: Collection[str] = COUNTED) -> Setting:
    """Draw an epoch for which no two accuracies by these rules, or the right one, are equal, and none is 0."""
    while True:
        setting = draw_setting(rng, 47)._replace(lr=LR if rules != COUNTED else 0.0, momentum=MOMENTUM)
        found = [0.0, *average_accuracies(setting, ("samples", *sorted(rules)))]
        if np.diff(np.sort(found)).min() > 1e-3:
            return setting


def _train(student: Student, setting: Setting, criterion: str = "cross_entropy", **how: Any) -> tuple[object, Remote]:
    """One epoch by the student's code, without a scheduler: what it returned, and the model."""
    model = new_net(student, setting)
    loader = new_loader(student, setting, **how)
    optimizer = student.new("torch-probe:sgd", model, setting.lr, setting.momentum)
    device = student.new("torch-probe:cpu")
    return student.call(TRAIN, model, loader, student.new(f"torch-probe:{criterion}"), optimizer, device), model


@check("2.3-learns", points=3, seconds=SECONDS)
def epoch_learns_from_every_batch(student: Student, rng: np.random.Generator) -> None:
    """train_epoch takes one step of the optimizer for each batch, the smaller last one too, with gradients from zero.

    backward adds to what is in .grad already.
    """
    setting = draw_setting(rng)._replace(lr=LR, momentum=MOMENTUM)
    rules = {
        "the gradients of earlier batches are not set to zero": "gradients add up",
        "the last batch is left out": "last batch dropped",
        "the loop ends with its first batch": "one batch",
        "the optimizer takes a single step at the end": "one step",
        "the optimizer takes two steps for each batch": "two steps",
        "every batch is learned from twice": "each twice",
    }
    suspects = clauses(rules, lambda rule: learned(setting, rule))
    suspects[SOFTMAX] = lambda: learned(setting, "", "softmax, cross")
    suspects["the optimizer takes no step, or its gradients are zero: is zero_grad the last before it?"] = lambda: (
        learned(setting._replace(lr=0.0))
    )
    _, model = _train(student, setting)
    expect_close(model.call("flat"), learned(setting), PARAMETERS, suspects=suspects, axes=("parameter",))


@check("2.3-loss", points=2, seconds=SECONDS)
def epoch_returns_the_mean_loss(student: Student, rng: np.random.Generator) -> None:
    """train_epoch returns the loss averaged over all samples.

    The criterion gives the mean of a batch, and the last batch may be smaller than the others. The learning rate is 0
    here.
    """
    setting = draw_setting(rng)
    loss, _ = pair(_train(student, setting)[0], "train_epoch")
    expect_close(loss, average_loss(setting), "loss", suspects=loss_suspects(setting), tolerance=SINGLE)


@check("2.3-accuracy", points=2, seconds=SECONDS)
def epoch_returns_the_accuracy(student: Student, rng: np.random.Generator) -> None:
    """train_epoch returns the share of all samples whose highest score is that of their label.

    As with the loss, every sample counts the same, whatever the size of its batch. The learning rate is 0 here.
    """
    setting = telling_setting(rng)
    _, accuracy = pair(_train(student, setting)[0], "train_epoch")
    suspects = accuracy_suspects(setting)
    expect_close(accuracy, average_accuracy(setting), "accuracy", suspects=suspects, tolerance=SINGLE)


@check("2.3-moving", needs=("2.3-learns", "2.3-loss", "2.3-accuracy"), seconds=SECONDS)
def epoch_measures_while_it_trains(student: Student, rng: np.random.Generator) -> None:
    """train_epoch measures each batch with the scores that it learns from, before the step of the optimizer."""
    setting = telling_setting(rng, MOVING.values())
    loss, accuracy = pair(_train(student, setting)[0], "train_epoch")
    suspects = clauses(MOVING, lambda how: average_loss(setting, how))
    expect_close(loss, average_loss(setting), "loss", suspects=suspects, tolerance=SINGLE)
    suspects = clauses(MOVING, lambda how: average_accuracy(setting, how))
    expect_close(accuracy, average_accuracy(setting), "accuracy", suspects=suspects, tolerance=SINGLE)


@check("2.3-numbers", needs=("2.3-loss",), seconds=SECONDS, alone=False)
def epoch_returns_plain_numbers(student: Student, rng: np.random.Generator) -> None:
    """train_epoch returns Python numbers, not tensors.

    A loss that is kept as a tensor keeps everything that it was computed from. item() and float() give a number.
    """
    expect_floats(_train(student, draw_setting(rng))[0], "train_epoch")


@check("2.3-scheduler", points=2, needs=("2.3-learns",), seconds=SECONDS)
def epoch_steps_the_scheduler(student: Student, rng: np.random.Generator) -> None:
    """train_epoch steps the scheduler once after each batch, after the optimizer.

    Without a scheduler, the learning rate stays as it is.
    """
    setting = draw_setting(rng)._replace(lr=LR, momentum=MOMENTUM, factors=FACTORS)
    rules = {
        "the scheduler is not stepped after each batch": "rate per epoch",
        "the scheduler is stepped before the optimizer": "rate early",
    }
    suspects = clauses(rules, lambda rule: learned(setting, rule))
    model, loader = new_net(student, setting), new_loader(student, setting)
    optimizer = student.new("torch-probe:sgd", model, LR, MOMENTUM)
    scheduler = student.new("torch-probe:stepwise", optimizer, list(FACTORS))
    criterion, device = student.new("torch-probe:cross_entropy"), student.new("torch-probe:cpu")
    student.call(TRAIN, model, loader, criterion, optimizer, device, scheduler)
    expect_close(model.call("flat"), learned(setting), PARAMETERS, suspects=suspects, axes=("parameter",))
    steps: Clauses = {"the scheduler is not stepped after the last batch": lambda: LR * FACTORS[2]}
    rates = scheduler.call("get_last_lr")
    rate, *_ = answers.items(rates) or [rates]
    expect_close(number(rate), LR * FACTORS[3], "the learning rate after the epoch", suspects=steps)


@check("2.3-criterion", needs=("2.3-learns", "2.3-loss"), seconds=SECONDS)
def epoch_uses_its_criterion(student: Student, rng: np.random.Generator) -> None:
    """train_epoch computes the loss with the criterion that it is given, whatever that is."""
    setting = draw_setting(rng)._replace(lr=LR, momentum=MOMENTUM)
    still = setting._replace(lr=0.0)
    clause = "the criterion is cross-entropy, not the one that is given"
    loss, _ = pair(_train(student, still, "Distance")[0], "train_epoch")
    suspects: Clauses = {clause: lambda: average_loss(still)}
    expect_close(loss, average_loss(still, "samples", "distance"), "loss", suspects=suspects, tolerance=SINGLE)
    _, model = _train(student, setting, "Distance")
    suspects = {clause: lambda: learned(setting)}
    expect_close(model.call("flat"), learned(setting, "", "distance"), PARAMETERS, suspects=suspects)


@check("2.3-mode", seconds=SECONDS)
def epoch_trains_in_training_mode(student: Student, rng: np.random.Generator) -> None:
    """train_epoch puts the model, and every layer in it, into training mode.

    After a validation the model may still be in evaluation mode, in which dropout does nothing.
    """
    setting = draw_setting(rng)
    model = new_norm_net(student, rng)
    model.call("eval")
    optimizer = student.new("torch-probe:sgd", model, LR, MOMENTUM)
    criterion, device = student.new("torch-probe:cross_entropy"), student.new("torch-probe:cpu")
    student.call(TRAIN, model, new_loader(student, setting), criterion, optimizer, device)
    expect_modes(calls(model, "modes"), True)


@check("2.3-device", seconds=SECONDS)
def epoch_moves_its_batches(student: Student, rng: np.random.Generator) -> None:
    """train_epoch moves images and labels to the device before it uses them.

    The batches here do as if they were on another device than the model. `to` returns a tensor that has moved.
    """
    _, model = _train(student, draw_setting(rng), elsewhere=True)
    calls(model, "modes")


def new_norm_net(student: Student, rng: np.random.Generator) -> Remote:
    """The grader's model with normalisation and dropout on the student's side."""
    mean, var = draw(rng, COLOURS), rng.uniform(0.5, 2, size=COLOURS)
    return student.new("torch-probe:NormNet", mean, var, draw(rng, CLASSES, COLOURS), draw(rng, CLASSES))


def expect_modes(found: Sequence[object], training: bool) -> None:
    """Pass a model whose layers were all in one mode for every batch."""
    modes = {True: "training mode", False: "evaluation mode"}
    wrong = [layers for layers in found if not _all_are(training, layers)]
    if wrong:
        where = "is" if _all_are(not training, wrong[0]) else "is in part"
        counts = f"for {len(wrong)} of {len(found)} batches"
        raise CheckFailed(f"the model {where} in {modes[not training]} {counts}, expected {modes[training]}")


def _all_are(training: bool, layers: object) -> bool:
    found = answers.items(layers)
    return found is not None and all(layer is training for layer in found)
