"""What the checks of the loops have in common: cases, the grader's objects on the student's side, pairs of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.cases.training import Setting
from autograder.checking import answers
from autograder.checking.expect import show
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed

from ..part1.shared import draw, pair

HIDDEN, CLASSES, COLOURS = 5, 4, 3
MEASURES = ("loss", "accuracy")  # what a loop returns
SINGLE = 1e-6  # relative: loss and accuracy may have been averaged in float32


def draw_parameters(rng: np.random.Generator, hidden: int = HIDDEN) -> tuple[np.ndarray, ...]:
    """Draw weight and bias of the first layer, and of the second."""
    return draw(rng, hidden, COLOURS), draw(rng, hidden), draw(rng, CLASSES, hidden), draw(rng, CLASSES)


def draw_setting(rng: np.random.Generator, count: int = 10, batch_size: int = 4) -> Setting:
    """Draw an epoch whose last batch is smaller than the others."""
    return Setting(draw_parameters(rng), draw(rng, count, COLOURS), rng.integers(CLASSES, size=count), batch_size)


def new_net(student: Student, setting: Setting) -> Remote:
    """The grader's small model on the student's side."""
    return student.new("torch-probe:Net", list(setting.parameters))


def new_loader(student: Student, setting: Setting, **how: Any) -> Remote:
    """A loader of the setting's images on the student's side."""
    return student.new("torch-probe:Batches", setting.images, setting.labels, setting.batch_size, **how)


def calls(model: Remote, noted: str) -> list[object]:
    """Pass one of the grader's models that has been called, and return what it has noted each time."""
    found = answers.items(model.get(noted))
    if not found:
        raise CheckFailed("the model is never called, expected once for each batch")
    return found


def measures(answer: object, function: str) -> tuple[object, object]:
    """Pass what a loop returned if it is (loss, accuracy)."""
    return pair(answer, function, "(loss, accuracy)")


def number(answer: object) -> object:
    """Turn a tensor or an array of one number into that number."""
    found = answers.number(answer)
    return answer if found is None else found


def expect_floats(answer: object, function: str) -> None:
    """Pass a pair of plain Python numbers."""
    for part, name in zip(measures(answer, function), MEASURES, strict=True):
        if type(part) not in (float, int):
            dtype = answers.tensor_dtype(part)
            found = show(part) if dtype is None else f"a tensor of dtype {dtype}"
            raise CheckFailed(f"{name} is {found}, expected a float")
