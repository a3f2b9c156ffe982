"""Failures that wait: right values of another dtype are told only where nothing else is wrong.

So what a student mends in a minute does not hide what takes an hour.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from autograder.errors import CheckFailed

_waiting: list[CheckFailed] | None = None


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
