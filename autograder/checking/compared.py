"""Whoever wants to see what a check compares, looks on here: staff, who answers a regrade request."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

Look = Callable[[str, object, object], None]
_look: Look | None = None


def tell(name: str, found: object, expected: object) -> None:
    """Show a value beside the expected one, before they are compared, to whoever looks on."""
    if _look is not None:
        _look(name, found, expected)


@contextlib.contextmanager
def watched(look: Look) -> Iterator[None]:
    """Hand every comparison of a block to `look`: the value's name, what was found, what was expected."""
    global _look
    before, _look = _look, look
    try:
        yield
    finally:
        _look = before
