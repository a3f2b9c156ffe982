"""A catalogued mistake is its own suspect: what a check sees of it is compared with what it sees of a student.

The mistaken reference is asked by the same check, with the same cases, and is wrong at one place: a name, and how many
values were judged before. A student who is wrong at that place too, with an equal value, has made that mistake.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np


class Trace(NamedTuple):
    """What one check sees of one mistake.

    Attributes:
        clause: what the student reads; continues "what you get when".
        step: how many values were judged, with the one that is wrong.
        name, value: of that one.
    """

    clause: str
    step: int
    name: str
    value: np.ndarray


@dataclass
class _Run:
    """One run of a check."""

    known: Callable[[], Sequence[Trace]] | None = None
    steps: int = 0
    seen: tuple[int, str, np.ndarray] | None = None


_run = _Run()


@contextlib.contextmanager
def following(known: Callable[[], Sequence[Trace]] | None) -> Iterator[None]:
    """Count the values that a check judges; `known` is asked for mistakes once one of them is wrong."""
    global _run
    before, _run = _run, _Run(known)
    try:
        yield
    finally:
        _run = before


def judged() -> None:
    """Note that another value is judged."""
    _run.steps += 1


def saw(name: str, value: np.ndarray) -> None:
    """Note which."""
    _run.seen = _run.steps, name, value


def clauses(name: str) -> dict[str, Callable[[], np.ndarray]]:
    """The mistakes that are wrong at this place, as suspects."""
    step, known = _run.steps, _run.known
    traces = known() if known else ()
    return {one.clause: partial(np.asarray, one.value) for one in traces if (one.step, one.name) == (step, name)}


def latest(clause: str) -> Trace | None:
    """What was seen last, as the trace of a mistake; nothing where it was no array."""
    if _run.seen is None or _run.seen[0] != _run.steps:
        return None
    return Trace(clause, *_run.seen)
