"""2.3: one epoch of training, on a small model, loader, criterion and optimizer of the grader's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograder.cases.training import Setting
from autograder.checking import answers
from autograder.checking.expect import expect_close
from autograder.checking.raising import telling
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed

from ...oracles.loops import learned, measured, mismeasured
from ..part1.shared import Clauses, draw
from .shared import (
    CLASSES,
    COLOURS,
    MEASURES,
    SINGLE,
    calls,
    draw_setting,
    expect_floats,
    measures,
    new_loader,
    new_net,
    number,
)

TRAIN = "part2_pytorch.train:train_epoch"
LR, MOMENTUM = 0.25, 0.5
FACTORS = (1.0, 0.5, 2.0, 0.25)  # of the learning rate, for the three batches, and after them
PARAMETERS = "the parameters after the epoch"
START = "the parameters at the start"
TWICE = 2  # one accuracy of few images is what a mistake would give by chance too
SECONDS = 30.0  # the first optimizer of a process imports for seconds
# What the rows of `mismeasured` are, of a model that stays as it is, and of one that learns.
WAYS = (
    "it is averaged over the batches: the last one is smaller and counts less",
    "the loop ends with its first batch",
    "it is the value of the last batch",
    "the last batch alone is divided by the number of all samples",
    "every batch is taken to be as large as the first",
    "every batch is taken to be as large as the last",
    "the last batch is left out",
    "the sum over all samples is divided by the number of batches",
    "it is the sum over all samples, not divided by their number",
    "the values of the batches are added up, not averaged",
    "every batch counts as much as the first, and the sum is divided by the true number of samples",
    "the mean of each batch is divided by the number of samples once more",
    "it is in percent",
    "loss and accuracy change places: the loss comes first",
    "the sum over all samples is divided by the size of the last batch",
    "the first class with a score above 0 is taken, not that with the highest score",
    "a hit is a score of the label above 0, not the highest of all",
    "the class with the lowest score is taken",
    "the softmax runs over the images of a batch, not over the classes",
    "the highest score itself is compared with the label, not the class that has it",
)
NO_HIT = "no image is ever a hit: are scores compared with the labels, not the numbers of classes?"
MOVING = ("the epoch's last model sees all batches once more", "each batch is measured after its step")


def expect_measure(answer: object, function: str, name: str, setting: Setting, criterion: str = "cross") -> None:
    """Pass what a loop returned, (loss, accuracy), if the one of this name is right."""
    index = MEASURES.index(name)
    found, expected = number(measures(answer, function)[index]), measured(setting, criterion)[index]
    suspects: Clauses = {
        clause: partial(lambda row: mismeasured(setting)[row, index], row)
        for row, clause in enumerate((MOVING if setting.lr else WAYS) if criterion == "cross" else ())
    }
    if name == "accuracy":
        suspects[NO_HIT] = lambda: np.zeros(())
    expect_close(found, expected, name, suspects=suspects, tolerance=SINGLE)


def telling_setting(rng: np.random.Generator, lr: float = 0.0) -> Setting:
    """Draw an epoch for which no two accuracies, however they are measured, are equal, and none is 0."""
    while True:
        setting = draw_setting(rng, 47)._replace(lr=lr, momentum=MOMENTUM)
        found = [0.0, measured(setting)[1], *mismeasured(setting)[:, 1]]
        if np.diff(np.sort(found)).min() > 1e-3:
            return setting


class Trained(NamedTuple):
    """One epoch by the student's code: what it returned, and what it was given."""

    answer: object
    model: Remote
    scheduler: Remote | None


def train(
    student: Student,
    setting: Setting,
    criterion: str = "cross_entropy",
    model: Remote | None = None,
    scheduled: bool = False,
    **how: Any,
) -> Trained:
    """Let the student's code train the grader's small model, or another one; `how` says what the loader is like."""
    model = model or new_net(student, setting)
    optimizer = student.new("torch-probe:sgd", model, setting.lr, setting.momentum)
    scheduler = student.new("torch-probe:stepwise", optimizer, list(setting.factors)) if scheduled else None
    loader, device = new_loader(student, setting, **how), student.new("torch-probe:cpu")
    given = (model, loader, student.new(f"torch-probe:{criterion}"), optimizer, device)
    return Trained(student.call(TRAIN, *given, *([scheduler] if scheduled else [])), model, scheduler)


@check("2.3-learns", points=3, seconds=SECONDS)
def epoch_learns_from_every_batch(student: Student, rng: np.random.Generator) -> None:
    """train_epoch takes one step of the optimizer for each batch, the smaller last one too, with gradients from zero.

    backward adds to what is in .grad already.
    """
    setting = draw_setting(rng)._replace(lr=LR, momentum=MOMENTUM)
    single = setting._replace(images=setting.images[: setting.batch_size], labels=setting.labels[: setting.batch_size])
    start = np.concatenate([array.ravel() for array in setting.parameters])
    for one, name in ((single, "the parameters after one batch"), (setting, PARAMETERS)):
        found = train(student, one).model.call("flat")
        wrong: Clauses = {
            f"what is derived is the loss {how}": partial(learned, one, scales=by) for how, by in _scales(one)
        }
        expect_close(found, learned(one), name, suspects=wrong, axes=("parameter",), parts={START: start})


def _scales(setting: Setting) -> Iterator[tuple[str, tuple[float, ...]]]:
    """By what the loss of each batch may be multiplied, or divided, before it is derived."""
    size, count = setting.batch_size, len(setting.labels)
    sizes = [min(size, count - first) for first in range(0, count, size)]
    for words, numbers in (
        ("the number of batches", [len(sizes)] * len(sizes)),
        ("the size of its batch", sizes),
        ("the size of the first batch", [size] * len(sizes)),
        ("the number of all samples", [count] * len(sizes)),
    ):
        yield f"divided by {words}", tuple(1 / number for number in numbers)
        yield f"multiplied by {words}", tuple(map(float, numbers))
    yield "with the other sign", (-1.0,) * len(sizes)
    yield "twice", (2.0,) * len(sizes)


@check("2.3-loss", points=2, seconds=SECONDS)
def epoch_returns_the_mean_loss(student: Student, rng: np.random.Generator) -> None:
    """train_epoch returns the loss averaged over all samples.

    The criterion gives the mean of a batch, and the last batch may be smaller than the others. The learning rate is 0
    here.
    """
    setting = draw_setting(rng)
    expect_measure(train(student, setting).answer, "train_epoch", "loss", setting)


@check("2.3-accuracy", points=2, seconds=SECONDS)
def epoch_returns_the_accuracy(student: Student, rng: np.random.Generator) -> None:
    """train_epoch returns the share of all samples whose highest score is that of their label.

    As with the loss, every sample counts the same, whatever the size of its batch. The learning rate is 0 here.
    """
    for _ in range(TWICE):
        setting = telling_setting(rng)
        expect_measure(train(student, setting).answer, "train_epoch", "accuracy", setting)


@check("2.3-moving", needs=("2.3-learns", "2.3-loss", "2.3-accuracy"), seconds=SECONDS)
def epoch_measures_while_it_trains(student: Student, rng: np.random.Generator) -> None:
    """train_epoch measures each batch with the scores that it learns from, before the step of the optimizer."""
    setting = telling_setting(rng, LR)
    answer = train(student, setting).answer
    for name in MEASURES:
        expect_measure(answer, "train_epoch", name, setting)


@check("2.3-numbers", needs=("2.3-loss",), seconds=SECONDS, alone=False)
def epoch_returns_plain_numbers(student: Student, rng: np.random.Generator) -> None:
    """train_epoch returns Python numbers, not tensors.

    A loss that is kept as a tensor keeps everything that it was computed from. item() and float() give a number.
    """
    expect_floats(train(student, draw_setting(rng)).answer, "train_epoch")


@check("2.3-scheduler", points=2, needs=("2.3-learns",), seconds=SECONDS)
def epoch_steps_the_scheduler(student: Student, rng: np.random.Generator) -> None:
    """train_epoch steps the scheduler once after each batch, after the optimizer.

    Without a scheduler, the learning rate stays as it is.
    """
    setting = draw_setting(rng)._replace(lr=LR, momentum=MOMENTUM, factors=FACTORS)
    with telling("a scheduler is given here, whose step needs no argument"):
        _, model, scheduler = train(student, setting, scheduled=True)
    rates = scheduler.call("get_last_lr") if scheduler else None
    rate, *_ = answers.items(rates) or [rates]
    steps: Clauses = {f"the scheduler takes {n} steps, not 3": partial(np.asarray, LR * FACTORS[n]) for n in range(3)}
    expect_close(number(rate), LR * FACTORS[3], "the learning rate after the epoch", suspects=steps)
    expect_close(model.call("flat"), learned(setting), PARAMETERS, axes=("parameter",))


@check("2.3-criterion", needs=("2.3-learns", "2.3-loss"), seconds=SECONDS)
def epoch_uses_its_criterion(student: Student, rng: np.random.Generator) -> None:
    """train_epoch computes the loss with the criterion that it is given, whatever that is."""
    setting = draw_setting(rng)._replace(lr=LR, momentum=MOMENTUM)
    still = setting._replace(lr=0.0)
    expect_measure(train(student, still, "Distance").answer, "train_epoch", "loss", still, "distance")
    found = train(student, setting, "Distance").model.call("flat")
    expect_close(found, learned(setting, "distance"), PARAMETERS)


@check("2.3-mode", seconds=SECONDS)
def epoch_trains_in_training_mode(student: Student, rng: np.random.Generator) -> None:
    """train_epoch puts the model, and every layer in it, into training mode.

    After a validation the model may still be in evaluation mode, in which dropout does nothing.
    """
    model = new_norm_net(student, rng)
    model.call("eval")
    train(student, draw_setting(rng), model=model)
    expect_modes(calls(model, "modes"), True)


@check("2.3-device", seconds=SECONDS)
def epoch_moves_its_batches(student: Student, rng: np.random.Generator) -> None:
    """train_epoch moves images and labels to the device before it uses them.

    The batches here do as if they were on another device than the model. `to` returns a tensor that has moved.
    """
    calls(train(student, draw_setting(rng), elsewhere=True).model, "modes")


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
