"""What known mistakes would return, and which of them is told: one that explains all that a check has seen.

A suspect fits where a wrong value equals its own. That may be by chance, or for one case only, so before it is told
the check is asked again, to the end, and compares every value of that name with it: one that does not equal the
suspect's, right values included, refutes it. Several that are left are told together.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Suspects = Mapping[str, Callable[[], Any]]
MOST = 3  # told together
WORKED_OUT = "it is worked out as "  # begins a formula that was searched for: told where nothing else is


class Later(Mapping[str, Callable[[], Any]]):
    """Suspects that are listed only when somebody asks for them: nobody does where a value is right."""

    def __init__(self, suspects: Callable[[], Suspects]) -> None:
        self._list = suspects

    @functools.cached_property
    def _listed(self) -> Suspects:
        return self._list()

    def __getitem__(self, clause: str) -> Callable[[], Any]:
        return self._listed[clause]

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


@dataclass
class Review:
    """What a second run of a check says of the suspects that fitted in the first one.

    Attributes:
        clauses: theirs; the others are of no interest.
        refuted: those that do not equal some value of the name for which they fitted.
    """

    name: Hashable
    clauses: frozenset[str]
    refuted: set[str] = field(default_factory=set)

    def weigh(self, name: Hashable, suspects: Suspects, equals: Callable[[Any], bool]) -> None:
        """Compare one value with the suspects that are in question."""
        if name == self.name:
            self.refuted |= {clause for clause in self.clauses.intersection(suspects) if not equals(suspects[clause]())}


_computed = "of what is wrong"  # which suspects are: these, "all", "none", or none while values are "only compared"
_clauses: set[str] = set()  # of all suspects, as far as all are computed
_left_out: frozenset[str] = frozenset()
_review: Review | None = None


@contextlib.contextmanager
def every_suspect_computed() -> Iterator[set[str]]:
    """Compute all suspects of every value, right ones too: so all that their oracles return can be recorded.

    Yields the clauses of those that were.
    """
    _clauses.clear()
    with _computing("all"):
        yield _clauses


@contextlib.contextmanager
def no_suspects() -> Iterator[None]:
    """Compute no suspects, where it matters only whether a value is right."""
    with _computing("only compared"):
        yield


@contextlib.contextmanager
def unexplained() -> Iterator[None]:
    """Compute no suspects, and say of a wrong value what it is, as otherwise, and for which case, but not why."""
    with _computing("none"):
        yield


def explained() -> bool:
    """Whether it is asked why a value is wrong."""
    return _computed not in ("none", "only compared")


def silent() -> bool:
    """Whether it matters only whether a value is right."""
    return _computed == "only compared"


def rehearsing() -> bool:
    """Whether all that a check may ever ask of the oracles is asked now, to be recorded."""
    return _computed == "all"


@contextlib.contextmanager
def _computing(which: str) -> Iterator[None]:
    global _computed
    before, _computed = _computed, which
    try:
        yield
    finally:
        _computed = before


@contextlib.contextmanager
def reviewing(name: Hashable, clauses: Sequence[str]) -> Iterator[Review]:
    """Weigh suspects of a value: meanwhile no value is found wrong, and the right one stands in for it."""
    global _review
    before, _review = _review, Review(name, frozenset(clauses))
    try:
        yield _review
    finally:
        _review = before


def review() -> Review | None:
    """The review that goes on, if one does."""
    return _review


@contextlib.contextmanager
def leaving_out(clauses: Iterator[str] | set[str]) -> Iterator[None]:
    """Do as if there were no such suspects."""
    global _left_out
    _left_out = frozenset(clauses)
    try:
        yield
    finally:
        _left_out = frozenset()


def wanted(suspects: Suspects | None) -> Suspects:
    """The suspects that a wrong value is compared with; all are computed at once where they are to be recorded."""
    if suspects is None:
        return {}
    for clause, compute in suspects.items() if rehearsing() else ():
        _clauses.add(clause)
        compute()
    if not explained():
        return {}
    return Later(lambda: {clause: compute for clause, compute in suspects.items() if clause not in _left_out})


def subject(name: str, rank: int) -> Hashable:
    """What a mistake can be told from: values of one name, but for its numbers, and of one rank, as of one layer."""
    return re.sub(r"(?<!\w)[\d.]+", "", name), rank


def sentence(name: str, clauses: Sequence[str]) -> str:
    """Say which suspects fit; nothing where none does."""
    return f"{name} equals what you get when {', or when '.join(clauses[:MOST])}" if clauses else ""


def leading(clauses: Sequence[str]) -> Sequence[str]:
    """Leave of the suspects that fit those that name a mistake; where none does, the first formula alone."""
    return [clause for clause in clauses if not clause.startswith(WORKED_OUT)] or clauses[:1]
