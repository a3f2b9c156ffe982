"""What the checks of part 3 have in common: values as list, array and tensor, results of any dtype, batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import expect_close, expect_equal, expect_unchanged, show
from autograder.checking.situations import Situation, Trait
from autograder.checking.sizes import Sizes
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed, StudentRaised, Unfinished
from autograder.inside.wire import Tensor

from ...oracles.imbalance_losses import adjusted, adjusted_gradient, focal, focal_gradient
from ..part1.shared import draw

Clauses = dict[str, Callable[[], Any]]
AXES = ("image", "class")
Classes = partial(Sizes, out="classes", fewest=2)  # (images,), and the number of classes
SINGLE = 1e-5  # for what may have been kept or worked out in float32, whatever its dtype is in the end


def kind_traits(what: str) -> tuple[Trait, Trait]:
    """That values, "labels", come as a list, or as a tensor."""
    plain = f"for {what} as an array"
    return tuple(Trait(kind, f"the {what} are a {kind}", plain, "kind") for kind in ("list", "tensor"))  # type: ignore[return-value]


def as_told(values: np.ndarray, case: Situation) -> Any:
    """The values as the kind that a case has."""
    if "list" in case:
        return values.tolist()
    return Tensor(values, values.dtype.name) if "tensor" in case else values


def kinds(values: np.ndarray) -> Iterator[tuple[str, Any]]:
    """Yield the same values as a list, an array and a tensor, each with its name."""
    yield "a list", values.tolist()
    yield "an array", values
    yield "a tensor", Tensor(values, values.dtype.name)


def clauses(compute: Callable[..., Any], args: tuple[Any, ...], rules: Mapping[str, str]) -> Clauses:
    """Make suspects of an oracle: for a clause the rule by which it goes wrong."""

    def suspect(rule: str) -> Callable[[], Any]:
        return lambda: compute(*args, rule=rule)

    return {clause: suspect(rule) for clause, rule in rules.items()}


def expect_numbers(
    actual: object,
    expected: Any,
    name: str,
    *,
    suspects: Clauses | None = None,
    tolerance: float | None = None,
    axes: tuple[str, ...] = (),
) -> np.ndarray:
    """Pass values that are close, as float64, as float32, or as whole numbers: nothing says which they must be."""
    found = answers.array(actual)
    if found is not None and found.dtype.kind in "iu":
        actual = found.astype(np.float64)
    dtype = "float32" if found is not None and found.dtype == np.float32 else "float64"
    return expect_close(actual, expected, name, dtype=dtype, suspects=suspects, tolerance=tolerance, axes=axes)


def expect_finite(actual: object, name: str, question: str) -> None:
    """Pass what holds no infinity and no NaN; whether it is an array at all is for others to say."""
    number = answers.number(actual)
    found = answers.array(actual) if number is None else np.array(answers.as_float(number))
    if found is not None and found.dtype.kind == "f" and not np.isfinite(found).all():
        odd = found[~np.isfinite(found)]
        raise CheckFailed(f"{name} is {odd[0]} ({odd.size} of {found.size} values are not finite): {question}")


def expect_kept(held: Remote, before: np.ndarray, name: str) -> None:
    """Pass a list, an array or a tensor that the student's code has left as it was."""
    after = held.fetch()
    found = answers.numbers(after)
    expect_unchanged(after if found is None else found, before, name)


def expect_value_error(ask: Callable[[], object], what: str) -> None:
    """Pass a call that raises a ValueError."""
    try:
        ask()
    except Unfinished:
        raise
    except StudentRaised as error:
        if not str(error).startswith("ValueError"):
            raise CheckFailed(f"{what} raises {error}, expected a ValueError") from error
    else:
        raise CheckFailed(f"{what} raises nothing, expected a ValueError")


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

    def focal(self, gamma: float, weight: np.ndarray | None = None, rule: str = "") -> np.ndarray:
        """Return the focal loss of this batch, see `oracles.imbalance_losses`."""
        return focal(self.logits, self.labels, gamma, weight, rule)

    def focal_gradient(self, gamma: float, weight: np.ndarray | None = None, rule: str = "") -> np.ndarray:
        """Return its gradient."""
        return focal_gradient(self.logits, self.labels, gamma, weight, rule)

    def adjusted(self, counts: np.ndarray, tau: float, rule: str = "") -> np.ndarray:
        """Return the logit-adjusted loss of this batch."""
        return adjusted(self.logits, self.labels, counts, tau, rule)

    def adjusted_gradient(self, counts: np.ndarray, tau: float) -> np.ndarray:
        """Return its gradient."""
        return adjusted_gradient(self.logits, self.labels, counts, tau)


def draw_weight(rng: np.random.Generator, classes: int) -> np.ndarray:
    """Draw weights that float32 holds exactly, no two of them equal."""
    return rng.permutation(np.arange(1, classes + 1)) / 4 + rng.integers(0, 2) / 8


def draw_counts(rng: np.random.Generator, classes: int) -> np.ndarray:
    """Draw counts that differ widely."""
    return rng.permutation(np.geomspace(8, 4000, classes).astype(np.int64) + rng.integers(0, 5, size=classes))


def expect_buffer(
    student: Student, batch: Batch, losses: tuple[Remote, Remote], values: tuple[np.ndarray, np.ndarray], what: str
) -> None:
    """Pass two losses of which the second gives what the first does, once it has its state_dict.

    Args:
        losses, values: each loss and what it gives of the batch at first.
        what: they keep, for the sentence: "weights".
    """
    source, target = losses
    count = student.call("loss-probe:trainable", source)
    expect_equal(count, 0, "the number of parameters that an optimizer would change")
    student.call("loss-probe:load_state_of", target, source)
    suspects: Clauses = {f"the {what} are no buffer: they are missing from state_dict": lambda: values[1]}
    found = batch.evaluate(student, target).value
    expect_close(found, values[0], "loss after load_state_dict", tolerance=SINGLE, suspects=suspects)
