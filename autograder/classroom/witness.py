"""Looks on while a check asks a student's code: every request with what came of it, and every comparison.

For staff alone: what is seen here is what students must not see.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.checking.student import Prompt, Student
from autograder.errors import GraderError


@dataclass(frozen=True)
class Asked:
    """One request of `inside.host`, as the check made it.

    Attributes:
        value: what came back; None where it stayed on the student's side.
        raised: what was raised instead, or empty.
    """

    request: dict[str, Any]
    value: object
    raised: str = ""


class WatchedStudent(Prompt):
    """Hands every request on to another student, and remembers it.

    Args:
        inner: whose code is asked, in the box.

    Attributes:
        asked: in order.
    """

    def __init__(self, inner: Student) -> None:
        super().__init__(self._hand_on)
        self._inner = inner
        self.asked: list[Asked] = []

    def _hand_on(self, request: dict[str, Any]) -> tuple[object, list[str]]:
        seen = copy.deepcopy(request)  # a check may change its arrays afterwards
        try:
            value = self._inner.ask(request)
        except GraderError as error:
            self.asked.append(Asked(seen, None, str(error)))
            raise
        self.asked.append(Asked(seen, value))
        return value, self._inner.warned

    def finish(self) -> None:
        """Make sure that all that was asked for has been done."""
        self._inner.finish()

    def left(self) -> float:
        """Say how many seconds the check has left."""
        return self._inner.left()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give the requests of a block less time."""
        with self._inner.within(seconds):
            yield

    def renew(self) -> None:
        """Let the next request go to a fresh process."""
        self._inner.renew()
