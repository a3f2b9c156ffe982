"""What a student's code raises: what it must, and what is added to the sentence of whatever else it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autograder.errors import CheckFailed, StudentRaised, Unfinished


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Add to what the student's code raises what this case has that earlier ones had not."""
    try:
        yield
    except Unfinished:
        raise
    except StudentRaised as error:
        error.args = (f"{error}: {what}",)
        raise


def expect_raises(ask: Callable[[], object], error: str, what: str) -> None:
    """Pass a call that raises an error of this name, "ValueError"."""
    try:
        ask()
    except Unfinished:
        raise
    except StudentRaised as raised:
        if not str(raised).startswith(error):
            raise CheckFailed(f"{what} raises {raised}, expected a {error}") from raised
    else:
        raise CheckFailed(f"{what} raises nothing, expected a {error}")
