"""2.3 and 2.4: the criterion of a step, validation, and what the trained networks know."""

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
    telling_setting,
    train,
)
from courses.convnets.checks.part2.shared import draw_setting, new_net
from courses.convnets.checks.part2.validation import validate
from courses.convnets.oracles.loops import learned


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
