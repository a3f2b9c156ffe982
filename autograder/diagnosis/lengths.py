"""Values that are right in an array that is too long or too short: which of them are too many, or missing."""

from __future__ import annotations

import itertools
import math

import numpy as np

from autograder.diagnosis.closeness import close

FEWEST = 6  # values that must agree
PLACES = 200  # where the smaller array may lie in the larger one


def cut(found: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Say that values are right but for some at the ends of axes, or nothing where they are not.

    >>> cut(np.arange(8.0), np.arange(1.0, 8.0), 1e-9)
    'they are right without the first along axis 0'
    """
    many, few = sorted((found, expected), key=lambda array: array.size, reverse=True)
    if found.ndim != expected.ndim or few.size < FEWEST or len(np.unique(few)) < FEWEST:
        return ""
    spare = [more - less for more, less in zip(many.shape, few.shape, strict=True)]
    if min(spare) < 0 or math.prod(more + 1 for more in spare) > PLACES:
        return ""
    for starts in itertools.product(*(range(more + 1) for more in spare)):
        part = many[tuple(slice(start, start + less) for start, less in zip(starts, few.shape, strict=True))]
        if close(part if many is found else few, few if many is found else part, tolerance):
            ends = " and ".join(
                _ends(axis, *each) for axis, each in enumerate(zip(starts, spare, strict=True)) if each[1]
            )
            return f"they are right without {ends}" if many is found else f"they are right, but lack {ends}"
    return ""


def _ends(axis: int, before: int, spare: int) -> str:
    counts = (("first", before), ("last", spare - before))
    both = " and ".join(f"the {end}{f' {count}' if count > 1 else ''}" for end, count in counts if count)
    return f"{both} along axis {axis}"
