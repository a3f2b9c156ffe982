"""An array that tests expect something of, what pretends to be one, and the sentence of a refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.errors import CheckFailed
from autograder.inside import wire

X = np.array([[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]])


def crossed(value: Any) -> Any:
    """The value as the grader sees it, after its way over the wire."""
    stream, position = b"".join(wire.encode({"value": value})), 0

    def read(size: int) -> bytearray:
        nonlocal position
        position += size
        return bytearray(stream[position - size : position])

    return wire.decode(read, 1 << 20)["value"]


def refusal(expect: Any, *args: Any, **kwargs: Any) -> str:
    """The sentence with which a value is refused."""
    with pytest.raises(CheckFailed) as caught:
        expect(*args, **kwargs)
    return str(caught.value)


class EqualToEverything:
    """Says yes to every comparison, and pretends to be an array where asked."""

    __array_ufunc__ = None
    shape, dtype, size, ndim = (2, 3), np.dtype("float64"), 6, 2
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        return X.copy()

    def __float__(self) -> float:
        return 1.0
