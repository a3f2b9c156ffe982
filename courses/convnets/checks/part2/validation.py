"""2.4: validation, which learns nothing and leaves no trace, on a small model and loader of the grader's."""

from __future__ import annotations

import numpy as np

from autograder.cases.training import Setting
from autograder.checking import answers
from autograder.checking.expect import expect_unchanged, show
from autograder.checking.rubric import check
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed

from .loop import TWICE, expect_measure, expect_modes, new_norm_net, telling_setting
from .shared import calls, draw_setting, expect_floats, new_loader, new_net

VALIDATE = "part2_pytorch.train:validate"

CONDITION = {"the parameters": 2, "the running statistics": 3, "requires_grad": 2, "the gradients": 2}


def validate(
    student: Student, setting: Setting, model: Remote | None = None, criterion: str = "cross_entropy", **how: bool
) -> object:
    """One validation by the student's code, of the grader's small model or another one: what it returned."""
    model, loader = model or new_net(student, setting), new_loader(student, setting, **how)
    given = (model, loader, student.new(f"torch-probe:{criterion}"), student.new("torch-probe:cpu"))
    return student.call(VALIDATE, *given)


@check("2.4-loss", points=2)
def validation_returns_the_mean_loss(student: Student, rng: np.random.Generator) -> None:
    """validate() returns the loss averaged over all samples.

    The criterion gives the mean of a batch, and the last batch may be smaller than the others.
    """
    setting = draw_setting(rng)
    expect_measure(validate(student, setting), "validate", "loss", setting)


@check("2.4-accuracy", points=2)
def validation_returns_the_accuracy(student: Student, rng: np.random.Generator) -> None:
    """validate() returns the share of all samples whose highest score is that of their label."""
    for _ in range(TWICE):
        setting = telling_setting(rng)
        expect_measure(validate(student, setting), "validate", "accuracy", setting)


@check("2.4-numbers", needs=("2.4-loss",), alone=False)
def validation_returns_plain_numbers(student: Student, rng: np.random.Generator) -> None:
    """validate() returns Python numbers, not tensors: item() and float() give a number."""
    expect_floats(validate(student, draw_setting(rng)), "validate")


@check("2.4-criterion", needs=("2.4-loss",))
def validation_uses_its_criterion(student: Student, rng: np.random.Generator) -> None:
    """validate() computes the loss with the criterion that it is given, whatever that is."""
    setting = draw_setting(rng)
    answer = validate(student, setting, criterion="Distance")
    expect_measure(answer, "validate", "loss", setting, "distance")


@check("2.4-mode", points=3)
def validation_is_in_evaluation_mode(student: Student, rng: np.random.Generator) -> None:
    """validate() puts the model, and every layer in it, into evaluation mode.

    In training mode dropout blanks half of the numbers, and batch normalisation lets the images of a batch mix.
    """
    model = new_norm_net(student, rng)
    validate(student, draw_setting(rng), model)
    expect_modes(calls(model, "modes"), False)


@check("2.4-gradients", points=2)
def validation_computes_no_gradients(student: Student, rng: np.random.Generator) -> None:
    """validate() computes scores without keeping what gradients would need.

    Evaluation mode does not do that: it changes layers, not what torch remembers.
    """
    setting = draw_setting(rng)
    model = new_net(student, setting)
    validate(student, setting, model)
    tracked = calls(model, "tracked")
    if wrong := sum(flag is not False for flag in tracked):
        raise CheckFailed(f"torch keeps track for gradients in {wrong} of {len(tracked)} batches, expected none")


@check("2.4-unchanged", points=2, needs=("2.4-mode",), alone=False)
def validation_leaves_the_model_as_it_is(student: Student, rng: np.random.Generator) -> None:
    """validate() changes nothing of the model: parameters, gradients, requires_grad, running statistics."""
    setting = draw_setting(rng)
    model = new_norm_net(student, rng)
    before = _condition(model)
    validate(student, setting, model)
    after = _condition(model)
    for what in CONDITION:
        for old, new in zip(before[what], after[what], strict=True):
            before_it = answers.array(old)
            if before_it is not None and answers.array(new) is not None:
                expect_unchanged(new, before_it, what)
            elif before_it is not None or old is not new:
                shown = "tensors" if before_it is not None else show(old)
                raise CheckFailed(f"{what} of the model: {show(new)} after validate, expected {shown}, as before it")


def _condition(model: Remote) -> dict[str, list[object]]:
    """Everything of the grader's model that a validation might change."""
    found = answers.table(model.call("condition")) or {}
    condition = {what: answers.items(found.get(what)) or [] for what in CONDITION}
    for what, count in CONDITION.items():
        if len(condition[what]) != count:
            raise CheckFailed(f"{what} of the model: {show(found.get(what))} after validate, expected {count} values")
    return condition


@check("2.4-restored", needs=("2.4-mode",), alone=False)
def validation_restores_the_mode(student: Student, rng: np.random.Generator) -> None:
    """validate() leaves the model in the mode in which it found it, training or evaluation."""
    setting = draw_setting(rng)
    for method, training in (("train", True), ("eval", False)):
        model = new_norm_net(student, rng)
        model.call(method)
        validate(student, setting, model)
        if model.get("training") is not training:
            modes = ("training mode", "evaluation mode")[:: 1 if training else -1]
            raise CheckFailed(f"a model that was in {modes[0]} is in {modes[1]} after validate")


@check("2.4-device")
def validation_moves_its_batches(student: Student, rng: np.random.Generator) -> None:
    """validate() moves images and labels to the device before it uses them.

    The batches here do as if they were on another device than the model. `to` returns a tensor that has moved.
    """
    setting = draw_setting(rng)
    model = new_net(student, setting)
    validate(student, setting, model, elsewhere=True)
    calls(model, "modes")
