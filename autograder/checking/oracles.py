"""Oracles: functions that compute expected values and suspects; never shipped to students.

An oracle is a pure function of arrays and plain values that returns arrays. Grading calls it. `make handout` runs every
check once with the public seed, records what each oracle returned, and ships those arrays instead of this package: so
the handout holds no line that solves a TODO, and `make test PART=1` needs no torch.

The cases of a seed are the same for every student, so results are remembered: in a class they are computed once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

import numpy as np

from autograder.checking.recordings import key

P = ParamSpec("P")
R = TypeVar("R")

REMEMBERED = 4096  # results; those of the public cases of all parts are fewer

Recorder = Callable[[str, Any], None]
_recorder: Recorder | None = None


def oracle(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function as an oracle: its results, arrays that are read only, are remembered, and can be recorded."""

    @functools.wraps(function)
    def consult(*args: P.args, **kwargs: P.kwargs) -> R:
        compute = functools.partial(function, *args, **kwargs)
        result: R = _remembered(_Call((function, _plain(args), _plain(kwargs)), compute))
        if _recorder is not None:
            _recorder(key(function.__name__, args, kwargs), result)
        return result

    return consult


@dataclass(frozen=True)
class _Call:
    """One call of an oracle; equal where function and arguments are."""

    key: Hashable
    compute: Callable[[], Any] = field(compare=False)


@functools.lru_cache(maxsize=REMEMBERED)
def _remembered(call: _Call) -> Any:
    return _read_only(call.compute())


def _read_only(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, dict):
        _read_only(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            _read_only(item)
    return value


def _plain(value: Any) -> Hashable:
    """Turn an argument into something that is equal only where the argument is."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return type(value), *map(_plain, value)
    if isinstance(value, dict):
        return dict, *((name, _plain(item)) for name, item in value.items())
    assert value is None or isinstance(value, bool | int | float | str | np.generic), type(value)
    return type(value), repr(value)


def record(recorder: Recorder | None) -> None:
    """Hand every oracle's key and result to `recorder` from now on; None ends it."""
    global _recorder
    _recorder = recorder
