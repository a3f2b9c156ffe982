"""What the checks of several layers have in common: how cases are drawn, and what becomes of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.student import Remote, Student
from autograder.errors import CheckFailed, StudentRaised, Unfinished

from ...oracles.losses import clipped

SMALL = (1e-30, 1e-20, 1e-16, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
Clauses = dict[str, Callable[[], Any]]


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Add to what the student's code raises what this case has that earlier ones had not."""
    try:
        yield
    except Unfinished:
        raise
    except StudentRaised as error:
        error.args = (f"{error}: {what}",)
        raise


def draw(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw float64 values that a float32 holds as well, so that one expected value serves both."""
    return rng.normal(size=shape).astype(np.float32).astype(np.float64)


def distinct(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw values of both signs that are far from 0 and from each other, and exact in float32."""
    size = int(np.prod(shape))
    return (rng.permutation(size) - size // 2 + 0.5).reshape(shape) / 4


def kept_away_from_0(what: str, scores: np.ndarray, labels: np.ndarray, gamma: float = 0.0) -> Clauses:
    """What the loss would be if a probability were kept away from 0 before its logarithm is taken."""
    how = {f"{what} is kept above {small:g}": (small, False) for small in SMALL}
    how |= {f"{small:g} is added to {what}": (small, True) for small in SMALL}
    return {clause: partial(clipped, scores, labels, gamma, *one) for clause, one in how.items()}


def hold_parameters(student: Student, layer: Remote, names: Iterable[str]) -> Remote:
    """Note what a layer's parameters are now, for `expect_parameters_kept`."""
    return student.new("probe:Parameters", layer, list(names))


def expect_parameters_kept(held: Remote, parameters: Mapping[str, np.ndarray], method: str) -> None:
    """Pass a layer that still has these parameters after a call, in the arrays in which it had them."""
    found = answers.table(held.call("now")) or {} if parameters else {}
    for name, value in parameters.items():
        after, replaced = answers.pair(found.get(name)) or (None, False)
        numbers = answers.array(after)
        if numbers is None or not np.array_equal(numbers, value):
            raise CheckFailed(f"{name} was changed by {method}: only an optimizer moves parameters")
        if replaced is not False:
            raise CheckFailed(f"{name} is another array after {method}, expected the same, which an optimizer may hold")
