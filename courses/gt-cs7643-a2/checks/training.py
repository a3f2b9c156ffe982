"""2.3 and 2.4: the criterion of a step and what it returns, modes, validation, and what the trained networks know."""

from __future__ import annotations

import numpy as np

from autograder.checking.expect import expect_close
from autograder.checking.rubric import Exam, check
from autograder.checking.student import Student
from courses.convnets.checks.part2.loop import (
    LR,
    MOMENTUM,
    PARAMETERS,
    SECONDS,
    expect_measure,
    expect_modes,
    new_norm_net,
    telling_setting,
    train,
)
from courses.convnets.checks.part2.shared import (
    MEASURES,
    SINGLE,
    calls,
    draw_setting,
    measures,
    new_loader,
    new_net,
    number,
)
from courses.convnets.checks.part2.validation import validate
from courses.convnets.oracles.loops import learned, measured


@check("2.3-criterion", seconds=SECONDS)
def step_uses_its_criterion(student: Student, rng: np.random.Generator) -> None:
    """A step of training learns from the criterion that it is given, whatever that is."""
    setting = draw_setting(rng)._replace(lr=LR, momentum=MOMENTUM)
    suspects = {"the criterion is cross-entropy, not the one that is given": lambda: learned(setting)}
    found = train(student, setting, "Distance").model.call("flat")
    expect_close(found, learned(setting, "distance"), PARAMETERS, suspects=suspects)


@check("2.3-validation", seconds=SECONDS)
def validation_measures_and_learns_nothing(student: Student, rng: np.random.Generator) -> None:
    """Validation gives the accuracy over all images, and leaves the parameters as they are."""
    setting = telling_setting(rng)
    model = new_net(student, setting)
    answer = validate(student, setting, model)
    expect_close(model.call("flat"), learned(setting), "the parameters after validation")
    expect_measure(answer, "validate", "accuracy", setting)


@check("2.3-returns", needs=("2.3-criterion", "2.3-validation"), seconds=SECONDS, alone=False)
def step_of_a_solver_returns_scores_and_loss(student: Student, rng: np.random.Generator) -> None:
    """A step of the solver returns the scores and the loss of its batch, in training those from before its update.

    Loss and accuracy of an epoch follow from them. The functions of earlier terms have no step to be asked for.
    """
    setting = telling_setting(rng, LR)
    model, loader = new_net(student, setting), new_loader(student, setting)
    optimizer = student.new("torch-probe:sgd", model, setting.lr, setting.momentum)
    answer = student.call("gt:training", model, loader, student.new("torch-probe:cross_entropy"), optimizer)
    if answer is None:
        return
    still = setting._replace(lr=0.0)
    for during, told, case in (("training", answer, setting), ("validation", validate(student, still), still)):
        for found, expected, name in zip(measures(told, during), measured(case), MEASURES, strict=True):
            expect_close(number(found), expected, f"the {name} in {during}", tolerance=SINGLE)


@check("2.3-mode", needs=("2.3-criterion", "2.3-validation"), seconds=SECONDS)
def training_is_in_training_mode(student: Student, rng: np.random.Generator) -> None:
    """Training is in training mode in every epoch, whatever mode a validation chose before.

    Where validation calls eval(), train() has to follow it: else dropout does nothing from the second epoch on.
    """
    setting, model = draw_setting(rng), new_norm_net(student, rng)
    validate(student, setting, model)
    model.set(modes=[])  # those of the validation are free
    train(student, setting, model=model)
    expect_modes(calls(model, "modes"), True)


@check("2.4-twolayernet", exam=True)
def two_layer_net_has_learned(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/twolayernet.pth gives TwoLayerNet more than the minimum accuracy on the test images."""
    exam.expect_above(student, rng, "twolayernet", tier="two_layer")


@check("2.4-vanillacnn", exam=True)
def vanilla_cnn_has_learned(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/vanillacnn.pth gives VanillaCNN more than the minimum accuracy on the test images."""
    exam.expect_above(student, rng, "vanillacnn", tier="vanilla_cnn")


@check("2.4-mymodel", points=2, exam=True)
def my_model_has_learned(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/mymodel.pth gives MyModel more than the first of three accuracies on the test images."""
    exam.expect_above(student, rng, "mymodel", tier="my_model")


@check("2.4-mymodel-high", points=2, exam=True)
def my_model_has_learned_well(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/mymodel.pth gives MyModel more than the second of three accuracies on the test images."""
    exam.expect_above(student, rng, "mymodel", tier="my_model_high")


@check("2.4-mymodel-best", points=2, exam=True)
def my_model_has_learned_best(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/mymodel.pth gives MyModel more than the third of three accuracies on the test images."""
    exam.expect_above(student, rng, "mymodel", tier="my_model_best")
