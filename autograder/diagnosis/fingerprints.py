"""A few numbers that stand for an array: enough to tell whether another one equals it, too few to tell what is in it.

What a slip of the hand would make of every value that a check compares is recorded so: see `Slip`. A recording that the
check has outgrown says nothing, as it knows its cases by what is right in them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

NUMBERS = 4
COARSE = 1e-6  # relative: they are kept in float32
ROOM = 4.0  # deviations of a random sum
KINDS = "fiubU"  # of dtypes
MOST = 2  # slips that may fit: what any of three explains is nobody's
FEW = 9  # whole numbers or texts: many a slip makes the same shape or count, also such as are not recorded
LARGEST = 50_000  # entries: the weights of a sum are kept, and four times as many


class Slip(NamedTuple):
    """What one slip makes of one value of a check.

    Attributes:
        clause: what the student reads; continues "what you get when".
        name: of the value.
        right, wrong: fingerprints of what it should be, and of what it is.
        first: whether nothing was wrong before.
    """

    clause: str
    name: str
    right: np.ndarray
    wrong: np.ndarray
    first: bool


Slips = Sequence[Slip]


def fingerprint(value: np.ndarray) -> np.ndarray | None:
    """Random sums of all entries, the same ones for each shape; None where they say nothing."""
    numbers = _numbers(value) if value.dtype.kind in KINDS and value.size <= LARGEST else np.zeros(0)
    with np.errstate(all="ignore"):  # a student's numbers may be as large as they like
        if not numbers.size or not np.isfinite(np.square(numbers)).all():
            return None
        return np.asarray(_weights(value.shape) @ numbers, dtype=np.float32)


class _Seen:
    """A value of a student's, and what it should be, as they are compared with fingerprints."""

    def __init__(self, name: str, found: np.ndarray, right: np.ndarray, tolerance: float) -> None:
        self.name, self._tolerance = name, max(tolerance, COARSE)
        self._found, self._right = self._of(found), self._of(right)

    def _of(self, value: np.ndarray) -> tuple[np.ndarray, float] | None:
        own = fingerprint(value)
        return None if own is None else (own, ROOM * self._tolerance * float(np.linalg.norm(_numbers(value))))

    def is_of(self, slip: Slip) -> bool:
        """Whether a slip speaks of this value."""
        return slip.name == self.name and _near(self._right, slip.right)

    def equals(self, slip: Slip) -> bool:
        """Whether the student has what a slip makes of it."""
        return _near(self._found, slip.wrong)

    def is_right(self) -> bool:
        """Whether the student has what it should be."""
        return self._right is not None and _near(self._found, self._right[0])


def fitting(
    slips: Iterable[Slip], name: str, found: np.ndarray, right: np.ndarray, tolerance: float
) -> dict[str, Callable[[], bool]]:
    """The slips that make of a value what a student has; none where too many do."""
    if right.dtype.kind != "f" and right.size < FEW:
        return {}
    value = _Seen(name, found, right, tolerance)
    told = {slip.clause for slip in slips if slip.first and value.is_of(slip) and value.equals(slip)}
    return {clause: lambda: True for clause in sorted(told)} if len(told) <= MOST else {}


def foretold(
    slips: Iterable[Slip], name: str, found: np.ndarray, right: np.ndarray, tolerance: float
) -> dict[str, Callable[[], bool]]:
    """Of each slip, whether it makes of a value what a student has: what it leaves right has to be right."""
    value, known = _Seen(name, found, right, tolerance), dict[str, list[Slip]]()
    for slip in slips:
        own = known.setdefault(slip.clause, [])
        if value.is_of(slip):
            own.append(slip)
    return {clause: partial(_foretold, value, own) for clause, own in known.items()}


def _foretold(value: _Seen, own: Slips) -> bool:
    return any(map(value.equals, own)) if own else value.is_right()


def _near(own: tuple[np.ndarray, float] | None, other: np.ndarray) -> bool:
    return own is not None and bool((np.abs(own[0] - other) <= own[1]).all())


def telling(values: Sequence[np.ndarray], tolerance: float) -> bool:
    """Whether values are enough to know a slip by: a single number is, where it is compared to many digits."""
    entries = sum(one.size for one in values)
    if not values:
        return False
    if values[0].dtype.kind == "f":
        return entries > 1 or tolerance < COARSE
    return len(values) > 1 or entries > 3


def _numbers(value: np.ndarray) -> np.ndarray:
    if value.dtype.kind == "U":
        texts = (hashlib.sha256(str(text).encode(errors="surrogatepass")).digest()[:4] for text in value.ravel())
        return np.array([int.from_bytes(text, "little") / 2**31 - 1 for text in texts])
    return value.ravel().astype(np.float64)


@lru_cache(maxsize=64)
def _weights(shape: tuple[int, ...]) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(repr(shape).encode()).digest()[:8], "little")
    return 2 * np.random.default_rng(seed).random((NUMBERS, math.prod(shape))) - 1
