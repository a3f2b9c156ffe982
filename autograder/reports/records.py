"""What is kept of one submission of a class: who handed it in, its score card, and what that came from.

Kept as JSON, `card.json`, so that every page can be written again without grading. Each mark has a line of its own:
most of them stand in many records of a class, and a line is made, and read, once for all of these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, lru_cache

from pydantic import TypeAdapter, ValidationError

from autograder.reports.scores import KEPT, Mark, Scorecard, earned


@dataclass(frozen=True)
class Person:
    """A student, as the export of a course system names them."""

    name: str
    id: str = ""
    email: str = ""


@dataclass(frozen=True)
class LeftOut:
    """Something in a class's folder that is not graded, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Alike:
    """What is byte by byte the same in the submissions of different students."""

    what: str
    who: tuple[str, ...]


class State(StrEnum):
    """What became of a submission as a whole."""

    GRADED = "graded"
    REFUSED = "refused"
    BROKEN = "to grade again"


@dataclass(frozen=True)
class Record:
    """One submission of a class.

    Attributes:
        key: names its folder of results.
        people: one; several where a group handed in together.
        handed_in: when, as the export says it; empty where it does not.
        late: what the course system says.
        origin: what its marks came from: the zip, checks, libraries, assignment and so on, by digest or version.
        seen: what tells without reading the zip that it is the same; empty where nothing does.
        seconds: wall-clock time of its grading.
        before: hundredths of a point by check, of the marks that these replace; empty where there were none.
        replaced: what those came from.
        run: the regrading in which it was made, or empty.
        pages: digest of the code that wrote its pages.
    """

    key: str
    people: tuple[Person, ...]
    card: Scorecard
    handed_in: str = ""
    late: bool = False
    origin: Mapping[str, str] = field(default_factory=dict)
    seen: str = ""
    seconds: float = 0.0
    before: Mapping[str, int] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    run: str = ""
    pages: str = ""

    @property
    def name(self) -> str:
        """Who, on one line."""
        return ", ".join(person.name for person in self.people)

    @cached_property
    def sums(self) -> tuple[int, int]:
        """Points earned and to be had, in hundredths; pages of a class ask again and again, of a card that stays."""
        return earned(self.card.marks.values())

    @cached_property
    def state(self) -> State:
        """What became of it."""
        if self.card.broken:
            return State.BROKEN
        return State.REFUSED if self.card.refusal else State.GRADED

    @property
    def causes(self) -> str:
        """What changed since the marks that these replace: "zip, libraries"."""
        found = [name for name, value in self.origin.items() if self.replaced.get(name) != value]
        return ", ".join(found) or "nothing: it does not answer the same each time"

    @property
    def points(self) -> dict[str, int]:
        """What each check earned, in hundredths of a point."""
        return {check: mark.cents for check, mark in self.card.marks.items()}


_RECORD = TypeAdapter(Record)
_CARD = TypeAdapter(Scorecard)
_MARK = TypeAdapter(Mark)
_MARKS = TypeAdapter(dict[str, Mark])
NO_MARKS, OPENING, CLOSING = '"marks": {}', '"marks": {', "}"


def dump(record: Record) -> str:
    """Write a record as JSON."""
    # In JSON no string holds a bare quote: what is found is no text of a student's.
    head, _, tail = _json(_RECORD.dump_python(replace(record, card=replace(record.card, marks={})))).partition(NO_MARKS)
    marks = ",\n".join(f"{json.dumps(check)}: {_written(mark)}" for check, mark in record.card.marks.items())
    return f"{head}{OPENING}\n{marks}\n{CLOSING}{tail}"


def load(text: str) -> Record | None:
    """Read a record; None where the text is no record, or one of another version of the grader."""
    head, *lines = text.split("\n")
    try:
        if not lines or not head.endswith(OPENING):
            return _RECORD.validate_json(text)
        record = _RECORD.validate_json(head + lines.pop())
        for line in lines:
            record.card.marks.update(_read(line.removesuffix(",")))
        return record
    except ValidationError:
        return None


@lru_cache(KEPT)
def _written(mark: Mark) -> str:
    """Write what a mark says; most have no finding, help or blocker."""
    return _json(_MARK.dump_python(mark, exclude_defaults=True))


@lru_cache(KEPT)
def _read(line: str) -> Mapping[str, Mark]:
    return _MARKS.validate_json(f"{{{line}}}")


def dump_card(card: Scorecard) -> bytes:
    """Write a score card alone, to send it from one machine to another."""
    return _json(_CARD.dump_python(card)).encode()


def load_card(content: bytes) -> Scorecard:
    """Read what `dump_card` wrote."""
    return _CARD.validate_json(content)


def _json(value: object) -> str:
    """Write JSON that every reader takes: no NaN; half of a surrogate pair, which a student may print, becomes "?"."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode()
