"""Failures that wait: right values of another dtype are told only where nothing else is wrong.

So what a student mends in a minute does not hide what takes an hour. Where a homework says nothing of dtypes, nothing
is told of these, and values may be as coarse as those of float32.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from autograder.errors import CheckFailed

FLOATS = ("float64", "float32")  # that are free where nothing is said of dtypes
COARSE = 1e-5  # what sums of float32 are off by, wherever in a student's code they were made

_waiting: list[CheckFailed] | None = None
_free = False


@contextlib.contextmanager
def free_dtypes(free: bool) -> Iterator[None]:
    """Take values of any dtype of a block, where `free` says so."""
    global _free
    before, _free = _free, free
    try:
        yield
    finally:
        _free = before


def tolerance(found: float) -> float:
    """By how much values may differ, relatively, whose own dtype allows for `found`."""
    return max(found, COARSE) if _free else 0.0


def of_dtype(name: str, error: CheckFailed) -> None:
    """Report right values of the dtype `name`, where dtypes are not free."""
    if not _free or name not in FLOATS:
        report(error)


@contextlib.contextmanager
def waiting() -> Iterator[list[CheckFailed]]:
    """Collect the minor failures of a block instead of ending it."""
    global _waiting
    before, _waiting = _waiting, []
    try:
        yield _waiting
    finally:
        _waiting = before


def report(error: CheckFailed) -> None:
    """Let a failure wait, or raise it where nobody collects them."""
    if _waiting is None:
        raise error
    _waiting.append(error)
