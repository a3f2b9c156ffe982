"""What the checks of part 3 have in common: results of any dtype, batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from autograder.cases.sizes import Sizes
from autograder.checking import answers
from autograder.checking.expect import expect_close, expect_equal, expect_unchanged, show
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed
from autograder.inside.wire import Tensor

from ...oracles.imbalance_losses import adjusted, focal
from ..part1.shared import draw

AXES = ("image", "class")
Classes = partial(Sizes, out="classes", fewest=2)  # (images,), and the number of classes
SINGLE = 1e-5  # for what may have been kept or worked out in float32, whatever its dtype is in the end
LENIENT = 1e-5  # of a loss: a small number that keeps 1 - p_t away from 0 may show in the digits behind


class Right(NamedTuple):
    """A loss as it should be, its gradient by the logits, and what the loss may be instead."""

    value: np.ndarray
    slope: np.ndarray
    others: Mapping[str, Callable[[], Any]] = MappingProxyType({})


def expect_numbers(
    actual: object,
    expected: Any,
    name: str,
    *,
    tolerance: float | None = None,
    axes: tuple[str, ...] = (),
    parts: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> np.ndarray:
    """Pass values that are close, as float64, as float32, or as whole numbers: nothing says which they must be."""
    found = answers.array(actual)
    if found is not None and found.dtype.kind in "iu":
        actual = found.astype(np.float64)
    dtype = "float32" if found is not None and found.dtype == np.float32 else "float64"
    return expect_close(actual, expected, name, dtype=dtype, tolerance=tolerance, axes=axes, parts=parts)


def expect_finite(actual: object, name: str, question: str) -> None:
    """Pass what holds no infinity and no NaN; whether it is an array at all is for others to say."""
    number = answers.number(actual)
    found = answers.array(actual) if number is None else np.array(answers.as_float(number))
    if found is not None and found.dtype.kind == "f" and not np.isfinite(found).all():
        odd = found[~np.isfinite(found)]
        raise CheckFailed(f"{name} is {odd[0]} ({odd.size} of {found.size} values are not finite): {question}")


@dataclass(frozen=True)
class Evaluated:
    """What a student's loss makes of a batch, and the logits and labels as they are afterwards."""

    value: object
    slope: object
    logits: object
    labels: object

    @property
    def gradient(self) -> object:
        """The gradient by the logits.

        Raises:
            CheckFailed: if there is none.
        """
        if self.slope is None:
            raise CheckFailed("the loss has no gradient: nothing leads from it back to the logits, expected a way back")
        return self.slope


@dataclass(frozen=True)
class Batch:
    """Logits (N, C), exact in float32, and labels (N,), with the losses that they must give."""

    logits: np.ndarray
    labels: np.ndarray

    @classmethod
    def of(cls, rng: np.random.Generator, sizes: Sizes) -> Batch:
        """Draw a batch of these sizes."""
        return cls.drawn(rng, sizes.images, sizes.filters)

    @classmethod
    def drawn(cls, rng: np.random.Generator, count: int, classes: int) -> Batch:
        """Draw a batch in which every class occurs."""
        return cls(2 * draw(rng, count, classes), rng.permutation(np.arange(count) % classes))

    def evaluate(self, student: Student, loss: Remote, dtype: str = "float64") -> Evaluated:
        """Ask a student's loss for its value, and for its gradient by the logits."""
        inputs = Tensor(self.logits.astype(dtype), dtype), Tensor(self.labels, "int64")
        answer = student.call("loss-probe:evaluate", loss, *inputs)
        found = answers.items(answer) or []
        if len(found) != 4:
            raise CheckFailed(f"the loss returned {show(answer)}, expected one number")
        return Evaluated(*found)

    def expect_value(self, student: Student, loss: Remote, right: Right, name: str, dtype: str = "float64") -> None:
        """Pass a loss that gives this batch the right value."""
        found = self.evaluate(student, loss, dtype).value
        expect_close(found, right.value, name, dtype=dtype, tolerance=LENIENT, suspects=right.others)

    def expect_kept(
        self,
        student: Student,
        loss: Remote,
        right: Right,
        name: str,
        dtype: str = "float64",
        tolerance: float = LENIENT,
    ) -> None:
        """Pass a loss that leaves logits and labels alone, and is right; its name has room for "loss" or "gradient"."""
        found = self.evaluate(student, loss, dtype)
        expect_unchanged(found.logits, self.logits, "logits")
        expect_unchanged(found.labels, self.labels, "labels")
        expect_close(found.value, right.value, name.format("loss"), dtype=dtype, tolerance=tolerance)
        name = name.format("gradient")
        expect_close(found.gradient, right.slope, name, dtype=dtype, tolerance=tolerance, axes=AXES)

    def expect_buffer(self, student: Student, losses: tuple[Remote, Remote], right: Right) -> None:
        """Pass two losses of which the second gives what is right for the first, once it has its state_dict."""
        source, target = losses
        count = student.call("loss-probe:trainable", source)
        expect_equal(count, 0, "the number of parameters that an optimizer would change")
        student.call("loss-probe:load_state_of", target, source)
        self.expect_value(student, target, right, "loss after load_state_dict")

    def focal(self, gamma: float, weight: np.ndarray | None = None) -> Right:
        """Return the focal loss of this batch, its gradient, and the loss divided by what is no number of images."""
        value, slope = focal(self.logits, self.labels, gamma, weight)
        odds = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        focus = (1 - (odds / odds.sum(axis=1, keepdims=True))[np.arange(len(odds)), self.labels]) ** gamma
        divisors = {"the sum of (1 - p_t) ** gamma": focus}
        if weight is not None:
            divisors["the sum of the weights times (1 - p_t) ** gamma"] = focus * weight[self.labels]
        others = {
            f"the sum is divided by {name}, not by N": partial(np.multiply, value, len(odds) / terms.sum())
            for name, terms in divisors.items()
            if terms.any()
        }
        return Right(value, slope, others)

    def adjusted(self, counts: np.ndarray, tau: float) -> Right:
        """Return the logit-adjusted loss of this batch, and its gradient."""
        return Right(*adjusted(self.logits, self.labels, counts, tau))


def draw_weight(rng: np.random.Generator, classes: int) -> np.ndarray:
    """Draw weights that float32 holds exactly, no two of them equal."""
    return rng.permutation(np.arange(1, classes + 1)) / 4 + rng.integers(0, 2) / 8


def draw_counts(rng: np.random.Generator, classes: int) -> np.ndarray:
    """Draw counts that differ widely."""
    return rng.permutation(np.geomspace(8, 4000, classes).astype(np.int64) + rng.integers(0, 5, size=classes))


def draw_labels(rng: np.random.Generator, sizes: Sequence[int], classes: Sequence[int] = ()) -> np.ndarray:
    """Draw an order for as many labels of each class; the classes are 0, 1, 2 ... where nothing else is said."""
    return rng.permutation(np.repeat(classes or range(len(sizes)), sizes))
