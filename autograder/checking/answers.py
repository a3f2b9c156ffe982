"""The kinds of what a student's code gives back, judged before anything is done with it.

An answer is an `object`, with which a type checker lets nobody calculate, index, count or iterate: a check hands it to
an `expect_*`, or asks here for what it is. Each function gives None where the answer is of another kind, and what it
takes out of a container is an answer again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from autograder.errors import CheckFailed
from autograder.inside.operands import INDICES
from autograder.inside.wire import Opaque, Tensor

MAX_BITS = 1000  # of a whole number that is taken for a float


def array(answer: object) -> np.ndarray | None:
    """The numbers of an array or a tensor."""
    found = answer.array if isinstance(answer, Tensor) else answer
    return np.asarray(found) if isinstance(found, np.ndarray) else None


def number(answer: object) -> float | int | None:
    """A plain number, or that of an array or a tensor that holds a single one; no truth value."""
    if type(answer) in (float, int):
        return answer  # type: ignore[return-value]
    found = array(answer)
    return float(found.reshape(-1)[0]) if found is not None and found.size == 1 and found.dtype.kind in "fiu" else None


def numbers(answer: object) -> np.ndarray | None:
    """An array, a tensor, or a list of plain numbers as an array."""
    items = listed(answer)
    if items is None:
        return array(answer)
    found = [number(item) for item in items]
    return None if None in found else np.array([as_float(item) for item in found if item is not None])


def as_float(value: float | int) -> float:
    """A number as a float; one that is too large becomes infinite."""
    return float(value) if isinstance(value, float) or value.bit_length() < MAX_BITS else math.inf


def whole(answer: object) -> int | None:
    """A plain whole number; no truth value."""
    return answer if type(answer) is int else None


def text(answer: object) -> str | None:
    """A text."""
    return answer if isinstance(answer, str) else None


def listed(answer: object) -> list[object] | None:
    """The entries of a list."""
    return list(answer) if isinstance(answer, list) else None


def items(answer: object) -> list[object] | None:
    """The entries of a list or a tuple."""
    return list(answer) if isinstance(answer, list | tuple) else None


def pair(answer: object) -> tuple[object, object] | None:
    """A list or a tuple of two."""
    found = items(answer)
    return (found[0], found[1]) if found is not None and len(found) == 2 else None


def table(answer: object) -> dict[str, object] | None:
    """The entries of a dictionary."""
    return dict(answer) if isinstance(answer, dict) else None


def kind(answer: object) -> str:
    """What an answer is that is no array, in words: "a tuple of 2"."""
    if isinstance(answer, tuple) and len(answer) == 1 and array(answer[0]) is not None:
        return INDICES
    if isinstance(answer, tuple | list):
        return f"a {type(answer).__name__} of {len(answer)}"
    return f"a {type_name(answer) or type(answer).__name__}"


def type_name(answer: object) -> str | None:
    """The name of the class of an object that stayed on the student's side."""
    return answer.type_name if isinstance(answer, Opaque) else None


def tensor_dtype(answer: object) -> str | None:
    """The name of a tensor's dtype."""
    return answer.dtype if isinstance(answer, Tensor) else None


def separate(answer: object, names: list[str], method: str) -> list[object]:
    """Take apart what should be one value, or as many as there are names.

    Raises:
        CheckFailed: if there are more or fewer.
    """
    if len(names) == 1:
        return [answer]
    found = list(_leaves(answer))
    if len(found) != len(names) or not isinstance(answer, tuple | list):
        count = f"{len(found)} values" if isinstance(answer, tuple | list) else "one value"
        raise CheckFailed(f"{method} returns {count}, expected {len(names)}: {', '.join(names)}")
    return found


def _leaves(answer: object) -> Iterator[object]:
    if isinstance(answer, tuple | list):
        for one in answer:
            yield from _leaves(one)
    else:
        yield answer
