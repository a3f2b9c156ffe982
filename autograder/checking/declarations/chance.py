"""What calls of a random layer have in common, whoever draws."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

MOST_LEVELS, FACTOR_DIGITS = 4, 9  # of the factors by which it multiplies
TINY = 1e-9


class Statistics(NamedTuple):
    """What calls of a random layer have in common.

    Attributes:
        shape: of the output.
        levels: the factors that values of the input are multiplied by; empty where there are more than a few.
        shares: of the values, for each level.
        alike: whether values that differ in their place along an axis only have one level, or the same added, for each
            axis.
        moments: mean and standard deviation of what is added to the input.
        errors: of these two, by how much they differ from call to call: values that share a draw are few.
    """

    shape: np.ndarray
    levels: np.ndarray
    shares: np.ndarray
    alike: np.ndarray
    moments: np.ndarray
    errors: np.ndarray


def statistics(calls: np.ndarray, x: np.ndarray) -> Statistics:
    """Look at many outputs, (calls, *shape), for one input x."""
    same = calls.shape[1:] == x.shape
    factors = np.round(calls / x, FACTOR_DIGITS) if same else np.round(calls, FACTOR_DIGITS)
    levels, counts = np.unique(factors, return_counts=True)
    if len(levels) > MOST_LEVELS:
        levels, counts = np.zeros(0), counts[:0]
    added = calls - x if same else calls
    told = factors if levels.size else np.round(added, FACTOR_DIGITS)
    alike = [bool((told == told.take([0], axis)).all()) for axis in range(1, calls.ndim)]
    added = added.reshape(len(calls), -1)
    mean, deviation = added.mean(), added.std()
    # Both are means over the calls, the deviation nearly: of what one value more or less changes in its square.
    each = np.stack([added.mean(1), ((added - mean) ** 2).mean(1) / max(2 * deviation, TINY)])
    errors = each.std(1, ddof=1) / math.sqrt(len(calls))
    shape, shares, moments = np.array(calls.shape[1:]), counts / max(1, calls.size), np.array([mean, deviation])
    return Statistics(shape, levels, shares, np.array(alike), moments, errors)
