"""Oracles: functions that compute expected values and suspects; never shipped to students.

An oracle is a pure function of arrays and plain values that returns arrays. Grading calls it. `make handout` runs every
check once with the public seed, records what each oracle returned, and ships those arrays instead of this package: so
the handout holds no line that solves a TODO, and `make test` needs no torch for layers of arrays.

The cases of a seed are the same for every student, so results are remembered, and kept on disk where a file was named
for them: in a class they are computed once, and whoever finds them there needs no PyTorch.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

import numpy as np

from autograder.checking.kept import Kept
from autograder.checking.recordings import key

P = ParamSpec("P")
R = TypeVar("R")

WHOLE = {type(None), bool, int, str}  # equal where they are the same, as floats are not: 0.0 and -0.0, NaN and NaN
REMEMBERED = 4096  # results; those of the public cases of all parts are fewer

Recorder = Callable[[str, Any], None]
_recorder: Recorder | None = None
_kept: Kept | None = None
_spent = 0.0


def oracle(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function as an oracle: its results, arrays that are read only, are remembered, and can be recorded."""
    consult: Callable[P, R] = _consultant(function.__module__, function.__name__, function, lambda: function)
    return functools.wraps(function)(consult)


def stand_in(module: str, name: str, bring_in: Callable[[], Any]) -> Callable[..., Any]:
    """Make what stands for an oracle of that name until its module, which `bring_in` imports, has to work."""

    def bare() -> Any:
        return vars(bring_in())["__wrapped__"]

    consult: Callable[..., Any] = _consultant(module, name, bare, bare)
    return consult


def _consultant(module: str, name: str, identity: Hashable, find: Callable[[], Callable[..., Any]]) -> Any:
    def consult(*args: Any, **kwargs: Any) -> Any:
        call = _Call((identity, _plain(args), _plain(kwargs)), f"{module}.{name}", lambda: find()(*args, **kwargs))
        result = _remembered(call)
        if _recorder is not None:
            _recorder(key(name, args, kwargs), result)
        return result

    return consult


@dataclass(frozen=True)
class _Call:
    """One call of an oracle; equal where function and arguments are."""

    key: tuple[Hashable, Hashable, Hashable]
    name: str = field(compare=False)
    compute: Callable[[], Any] = field(compare=False)

    @property
    def digest(self) -> bytes:
        """The same in every process that has the same code."""
        return hashlib.sha256(repr((self.name, *self.key[1:])).encode()).digest()


@functools.lru_cache(maxsize=REMEMBERED)
def _remembered(call: _Call) -> Any:
    global _spent
    found = _kept.get(call.digest) if _kept else None
    if found is not None:
        return read_only(found[0])
    began, before = time.monotonic(), _spent
    try:
        result = call.compute()
    finally:
        _spent = before + time.monotonic() - began  # with what the oracles took that it called
    if _kept:
        _kept.put(call.digest, result)
    return read_only(result)


def spent() -> float:
    """Say how many seconds this process has worked out values: no student's time."""
    return _spent


def clock() -> float:
    """Seconds that run for the student: not while an expected value is worked out, nor while PyTorch is imported."""
    return time.monotonic() - _spent


@contextlib.contextmanager
def keeping(kept: Kept | None) -> Iterator[None]:
    """Look there for what is not remembered, and add what has to be worked out."""
    global _kept
    before, _kept = _kept, kept
    try:
        yield
    finally:
        _kept = before


def read_only(value: Any) -> Any:
    """Let nobody write to arrays that are used again, wherever they lie in this; return it."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, dict):
        read_only(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            read_only(item)
    return value


def _plain(value: Any) -> Hashable:
    """Turn an argument into something that is equal only where the argument is."""
    kind = type(value)
    if kind in WHOLE:
        return kind, value
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return kind, *map(_plain, value)
    if isinstance(value, dict):
        return dict, *((name, _plain(item)) for name, item in value.items())
    assert isinstance(value, int | float | str | np.generic), kind
    return kind, repr(value)


def recording() -> bool:
    """Whether every call is recorded: what was found before must be asked for again."""
    return _recorder is not None


def record(recorder: Recorder | None) -> None:
    """Hand every oracle's key and result to `recorder` from now on; None ends it."""
    global _recorder
    _recorder = recorder
