"""A catalogued mistake is its own suspect: what a check sees of it is compared with what it sees of a student.

The mistaken reference is asked by the same check, with the same cases, and is wrong at one place at first: a name, and
how many values were judged before. A student who is wrong there too, with an equal value, has made that mistake, unless
another value of that name, seen later, is not equal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograder.diagnosis import fingerprints
from autograder.diagnosis.closeness import close
from autograder.diagnosis.fingerprints import Slips
from autograder.diagnosis.suspects import subject

MOST, LONGEST = 1000, 60  # of a row of numbers or texts, and of a text, that are noted
LARGEST = 20_000  # entries of an array that is noted: a handout holds all that is seen of all mistakes


class Trace(NamedTuple):
    """One value that a check sees of one mistake.

    Attributes:
        clause: what the student reads; continues "what you get when".
        step: how many values were judged, with this one.
        name, value: of this one.
        first: whether nothing was wrong before.
    """

    clause: str
    step: int
    name: str
    value: np.ndarray
    first: bool


class Seen(NamedTuple):
    """One value that was judged, and what it should be."""

    step: int
    name: str
    value: np.ndarray
    right: np.ndarray
    tolerance: float

    @property
    def wrong(self) -> bool:
        """Whether it is not what it should be."""
        if {"U", "b"} & {self.value.dtype.kind, self.right.dtype.kind}:
            return not np.array_equal(self.value, self.right)
        return not close(self.value, self.right, self.tolerance)


@dataclass
class _Run:
    """One run of a check."""

    known: Callable[[], Sequence[Trace]] | None = None
    slips: Callable[[], Slips] | None = None
    steps: int = 0
    adrift: bool = False  # a case ended early: what follows is not counted alike in every run
    seen: list[Seen] = field(default_factory=list)


_run = _Run()


@contextlib.contextmanager
def following(known: Callable[[], Sequence[Trace]] | None, slips: Callable[[], Slips] | None = None) -> Iterator[None]:
    """Count the values that a check judges; `known` and `slips` are asked for mistakes once one of them is wrong."""
    global _run
    before, _run = _run, _Run(known, slips)
    try:
        yield
    finally:
        _run = before


def judged() -> None:
    """Note that another value is judged."""
    _run.steps += 1


def saw(name: str, value: np.ndarray, right: np.ndarray, tolerance: float) -> None:
    """Note which."""
    if not _run.adrift:
        _run.seen.append(Seen(_run.steps, name, value, right, tolerance))


def adrift() -> None:
    """Note that a case ended early, and the check goes on."""
    _run.adrift = True


def clauses(name: str, first: bool = True) -> dict[str, Callable[[], list[np.ndarray]]]:
    """The mistakes that are seen at this place, as suspects: of one clause, what each of its mistakes gives here.

    Args:
        first: those alone of which nothing was wrong before.
    """
    known = _run.known() if _run.known and not _run.adrift else ()
    here: dict[str, list[np.ndarray]] = {}
    for one in known:
        if (one.step, one.name) == (_run.steps, name) and one.first >= first:
            here.setdefault(one.clause, []).append(np.asarray(one.value))
    return {clause: partial(list, values) for clause, values in here.items()}


def slipped(
    name: str, found: np.ndarray | None, right: np.ndarray | None, tolerance: float = 0.0
) -> dict[str, Callable[[], bool]]:
    """The slips that make of a value what it is."""
    known = _run.slips() if _run.slips and found is not None and right is not None else ()
    return fingerprints.fitting(known, name, found, right, tolerance) if known else {}  # type: ignore[arg-type]


def foretold(
    name: str, found: np.ndarray | None, right: np.ndarray | None, tolerance: float = 0.0
) -> dict[str, Callable[[], bool]]:
    """Of each slip, whether it makes of a value what it is."""
    known = _run.slips() if _run.slips and found is not None and right is not None else ()
    return fingerprints.foretold(known, name, found, right, tolerance) if known else {}  # type: ignore[arg-type]


def first_wrong() -> list[Seen]:
    """What is wrong at first, and then all that has the same name."""
    wrong = next((one for one in _run.seen if one.wrong), None)
    if wrong is None:
        return []
    place = subject(wrong.name, wrong.right.ndim)
    return [wrong, *(one for one in _run.seen if one is not wrong and subject(one.name, one.right.ndim) == place)]


def traces(clause: str) -> list[Trace]:
    """What was seen of a mistake."""
    seen = first_wrong()
    return [Trace(clause, one.step, one.name, one.value, one is seen[0]) for one in seen if one.value.size <= LARGEST]


def entries(found: Any) -> np.ndarray | None:
    """A value as an array, where it is a number, a short text, or a plain row of these, or of shapes."""
    if isinstance(found, np.ndarray):
        return found if found.dtype.kind in "biuf" else None
    row = tuple(map(_shape, found)) if isinstance(found, tuple) else (found,)
    kinds = {type(one) for one in row}
    if not 0 < len(row) <= MOST or len(kinds) != 1 or not kinds <= {bool, int, str}:
        return None
    if kinds == {str} and max(map(len, row)) > LONGEST:
        return None
    array = np.asarray(row if isinstance(found, tuple) else found)
    return array if array.dtype.kind in "biufU" else None


def _shape(found: Any) -> Any:
    """A short row of sizes as a text: rows of them differ in length."""
    plain = type(found) is tuple and len(found) <= LONGEST and all(type(one) is int for one in found)
    return str(found) if plain and all(0 <= one < 1 << 63 for one in found) else found


def alike(seen: np.ndarray | None, wrong: np.ndarray) -> bool:
    """Whether a value equals what was seen of a mistake."""
    return seen is not None and (seen.dtype.kind == "U") == (wrong.dtype.kind == "U") and np.array_equal(seen, wrong)
