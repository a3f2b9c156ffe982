"""What calls of a random layer have in common, whoever draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MOST_LEVELS, FACTOR_DIGITS = 4, 9  # of the factors by which it multiplies


class Statistics(NamedTuple):
    """What calls of a random layer have in common.

    Attributes:
        shape: of the output.
        levels: the factors that values of the input are multiplied by; empty where there are more than a few.
        shares: of the values, for each level.
        alike: whether values that differ in their place along an axis only have one level, for each axis.
        moments: mean and standard deviation of what is added to the input.
    """

    shape: np.ndarray
    levels: np.ndarray
    shares: np.ndarray
    alike: np.ndarray
    moments: np.ndarray


def statistics(calls: np.ndarray, x: np.ndarray) -> Statistics:
    """Look at many outputs, (calls, *shape), for one input x."""
    same = calls.shape[1:] == x.shape
    factors = np.round(calls / x, FACTOR_DIGITS) if same else np.round(calls, FACTOR_DIGITS)
    levels, counts = np.unique(factors, return_counts=True)
    if len(levels) > MOST_LEVELS:
        levels, counts = np.zeros(0), counts[:0]
    alike = [bool((factors == factors.take([0], axis)).all()) for axis in range(1, calls.ndim)]
    added = calls - x if same else calls
    moments = np.array([added.mean(), added.std()])
    return Statistics(np.array(calls.shape[1:]), levels, counts / max(1, calls.size), np.array(alike), moments)
