"""The student's code in this process: as `make test` asks it, and as fast as possible."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checking.adaptation import Adaptation
from autograder.checking.raising import raised
from autograder.checking.student import Prompt
from autograder.inside import wire
from autograder.inside.host import Host, describe
from autograder.inside.targets import Mismatch
from autograder.inside.wire import Reference

MAX_COPIED = 1 << 30  # bytes of arrays that a check and a student in one process hand each other


class LocalStudent(Prompt):
    """The student's modules imported into this process, as `make test` does; no protection of any kind.

    Args:
        folder: holds the parts; goes to the front of `sys.path`.

    Attributes:
        surroundings: entered around each call of the student's code; `as_graded` makes them.
    """

    def __init__(self, folder: Path, adaptation: Adaptation | None = None) -> None:
        super().__init__(self._perform, adaptation)
        self.surroundings: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
        self.folder = folder.resolve()
        self._host = Host(self.folder)
        if str(self.folder) not in sys.path:
            sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        self._greeting = [adaptation.request] if adaptation is not None else []

    def _perform(self, request: dict[str, Any]) -> tuple[Any, list[str]]:
        try:
            while self._greeting:
                self._host.perform(self._greeting.pop())
            with self.surroundings():
                value = self._host.perform(_copied(request))
        except Mismatch as error:  # it says all that there is to see
            raise raised(describe(error, self.folder)) from None
        except Exception as error:
            raise raised(describe(error, self.folder)) from error
        return _copied({"value": value})["value"], self._host.warnings


class Direct(Prompt):
    """The student's modules as they are in this process, asked as often and as fast as possible.

    Args:
        folder: holds the parts, and is on `sys.path`.
    """

    def __init__(self, folder: Path, adaptation: Adaptation | None = None) -> None:
        super().__init__(self._perform, adaptation)
        self._folder, self._host = folder, Host(folder)
        if adaptation is not None:
            self._host.perform(adaptation.request)

    def _perform(self, request: dict[str, Any]) -> tuple[Any, list[str]]:
        try:
            value = self._host.perform(_own_arrays(request))
        except Exception as error:
            raise raised(describe(error.with_traceback(None), self._folder)) from None  # nobody reads where
        return _own_arrays(value), self._host.warnings


def _own_arrays(value: Any) -> Any:
    """Copy a value as sending it would."""
    kind = type(value)
    if kind is np.ndarray and value.dtype.kind in "fiub":
        return value.copy(order="C")
    if kind in (list, tuple):
        return kind(map(_own_arrays, value))
    if kind is dict:
        return {key: _own_arrays(item) for key, item in value.items()}
    if value is None or kind in (bool, int, float, str, Reference, wire.Seed):
        return value
    return _copied({"value": value})["value"]


def _copied(message: dict[str, Any]) -> dict[str, Any]:
    """Send a message through the wire format, as the box does, so that both see the same values."""
    stream = memoryview(b"".join(wire.encode(message)))
    position = 0

    def read(size: int) -> bytearray:
        nonlocal position
        position += size
        return bytearray(stream[position - size : position])

    return wire.decode(read, max_bytes=MAX_COPIED)
