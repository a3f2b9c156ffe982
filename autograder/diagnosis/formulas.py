"""A last step too much or too little, seen from the values alone: cut off, one over, the square, a factor.

One step explains every value, or nothing is said. A single number is compared to nine digits, and a factor is named
only where it is a small fraction: so many images, so many classes; to seven, where it or its inverse is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

NEARLY, FLOAT32 = 1e-9, 2e-7  # relative
ROUND = 10_000  # a number is round where so many times it is whole
MAX_FACTOR = 24  # of a single number, and as many parts

STEPS: tuple[tuple[Callable[[np.ndarray], np.ndarray], str], ...] = (
    (np.floor, "cut off to a whole number"),
    (np.rint, "rounded to a whole number"),
    (lambda right: 1 / right, "one over what it should be"),
    (lambda right: 1 - right, "1 minus what it should be"),
    (np.abs, "right but for its sign, which is lost"),
    (np.square, "the square of what it should be"),
    (np.sqrt, "the square root of what it should be"),
    (np.exp, "the exponential of what it should be"),
    (np.log, "the logarithm of what it should be"),
)


def patterns(found: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Yield what explains all values; both arrays are finite and of one shape."""
    if expected.size == 1 and float(ROUND * expected.ravel()[0]).is_integer():
        return  # a number of few digits is much else besides
    each = "each is" if found.size > 1 else "it is"
    if len(np.unique(expected)) >= min(2, expected.size):
        for step, words in STEPS:
            wrong = _after(step, expected)
            if wrong is not None and _equal(found, wrong) and not _equal(expected, wrong):
                yield f"{each} {words}"
                break
    if found.size == 1 and found.any() and expected.any():  # of single precision, a whole factor stands out as well
        with np.errstate(all="ignore"):
            quotient = float(found.ravel()[0] / expected.ravel()[0])
        factor = Fraction(quotient).limit_denominator(MAX_FACTOR) if 0 < quotient <= MAX_FACTOR else Fraction(1)
        near = FLOAT32 if 1 in (factor.numerator, factor.denominator) else NEARLY
        if factor not in (0, 1) and _equal(found, float(factor) * expected, near):
            yield f"it is {factor} times what it should be"


@np.errstate(all="ignore")
def _after(step: Callable[[np.ndarray], np.ndarray], expected: np.ndarray) -> np.ndarray | None:
    """What a step makes of the right values; None where that is no number, or the same wherever it starts."""
    wrong = step(expected)
    varied = len(np.unique(wrong)) >= min(2, wrong.size) and wrong.any()
    return wrong if varied and np.isfinite(np.square(wrong)).all() else None


def _equal(one: np.ndarray, other: np.ndarray, near: float = NEARLY) -> bool:
    return bool((np.abs(one - other) <= near * np.abs(other)).all())
