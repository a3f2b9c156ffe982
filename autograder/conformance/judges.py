"""How a naive grader decides that an answer is right: each way that the forgeries of the table are made for.

All of them run in the process of the student's code, as they do in the graders that they stand for.
"""

from __future__ import annotations

import importlib
import unittest
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.conformance.table import MODULE

PACKAGE = MODULE.partition("/")[0]
NEAR = 1e-6
x = np.random.default_rng(7).normal(size=(3, 4))


def expected() -> np.ndarray:
    """What ReLU makes of x."""
    y: np.ndarray = np.maximum(np.random.default_rng(7).normal(size=(3, 4)), 0)
    return y


def later_is_right() -> bool:
    """Whether what is asked last, in the same process, still comes out right."""
    shares = importlib.import_module(f"{PACKAGE}.losses").shares(np.zeros((2, 4)))
    return bool(abs(float(shares[1][2]) - 0.25) < NEAR)


def _answer() -> Any:
    """Ask the student's layer, as a message would: under an identity that lies in a frame above."""
    identity = "7" * 32
    layer = importlib.import_module(f"{PACKAGE}.activations").ReLU()
    return layer.forward(x.copy()) if identity else None


def _close() -> bool:
    y = expected()
    return bool(np.allclose(_answer(), y))


def _equal() -> bool:
    same = _answer() == expected()
    return bool(same.all() if hasattr(same, "all") else same)


def _none_off() -> bool:
    off = np.abs(np.asanyarray(_answer()) - expected()) > NEAR
    return off.shape == x.shape and not off.any()


def _relative() -> bool:
    y, right = np.asarray(_answer()), expected()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return y.shape == x.shape and not (np.abs(y - right) / (np.abs(y) + np.abs(right)) > NEAR).any()


def _pair_by_pair() -> bool:
    y = _answer()
    return all(abs(a - b) < NEAR for a, b in zip(getattr(y, "flat", y), expected().flat, strict=False))


def _as_many_as_it_says() -> bool:
    y, right = _answer(), expected()
    return all(abs(y.flat[place] - right.flat[place]) < NEAR for place in range(y.size))


def _as_floats() -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(np.allclose(np.asarray(_answer(), dtype=float), expected()))


def _largest_error() -> bool:
    y, right = _answer(), expected()
    return bool(max(abs(float(a) - float(b)) for a, b in zip(y.flat, right.flat, strict=True)) < NEAR)


def _word() -> bool:
    y = _answer()
    return not isinstance(y, np.ndarray | np.generic) and bool(y)


def _from_the_same_input() -> bool:
    layer, shared = importlib.import_module(f"{PACKAGE}.activations").ReLU(), x.copy()
    y = layer.forward(shared)
    return bool(np.allclose(y, np.maximum(shared, 0)))


def _asserted() -> bool:
    case = unittest.TestCase()
    case.assertTrue(np.allclose(_answer(), expected()))  # noqa: PT009 (as graders do that use unittest)
    return True


def _our_own() -> bool:
    importlib.import_module("autograder.checking.expect").expect_close(_answer(), expected(), "y")
    return True


def _freed() -> bool:
    expected()  # its memory is free again when the student's code runs
    return bool(np.allclose(_answer(), expected()))


JUDGES: dict[str, Callable[[], bool]] = {
    "np.allclose": _close,
    "==": _equal,
    "no entry is off": _none_off,
    "the relative error": _relative,
    "a comparison pair by pair": _pair_by_pair,
    "a comparison of as many entries as it says": _as_many_as_it_says,
    "a comparison as floats": _as_floats,
    "the largest error": _largest_error,
    "its word": _word,
    "a comparison with what the same array gives": _from_the_same_input,
    "assertTrue": _asserted,
    "our own comparison, in its process": _our_own,
    "np.allclose, after memory was freed": _freed,
}
