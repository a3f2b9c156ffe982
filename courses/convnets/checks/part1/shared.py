"""What the checks of several layers have in common: how cases are drawn, and a suspect that many functions share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.checking import answers
from autograder.checking.expect import show
from autograder.errors import CheckFailed

from ...oracles.losses import clipped

SMALL = (1e-30, 1e-20, 1e-16, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
Clauses = dict[str, Callable[[], Any]]


def pair(answer: object, function: str = "forward", what: str = "(probs, loss)") -> tuple[object, object]:
    """Pass what a function returned if it is a pair."""
    found = answers.pair(answer)
    if found is None:
        why = ": does it end without return?" if answer is None else ""
        raise CheckFailed(f"{function} returned {show(answer)}, expected the pair {what}{why}")
    return found


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
