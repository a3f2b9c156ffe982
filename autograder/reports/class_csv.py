"""gradebook.csv: one row a student, the marks of the code by part; the same marks give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.reports import sheets
from autograder.reports.records import Person, Record, State
from autograder.reports.scores import earned, points


def write(path: Path, records: Sequence[Record], models: Sequence[str]) -> None:
    """Replace the file in one step; `models` have a column each, whether or not anyone has one."""
    parts = sorted({part for record in records for part in record.card.parts()})
    header = ["submission", "name", "id", "email", "state", "handed in", "late", *(f"part {part}" for part in parts)]
    header += ["points", "of", "before", *(f"accuracy {model}" for model in models), "why"]
    sheets.write(
        path, [header, *(_row(record, person, parts, models) for record in records for person in record.people)]
    )


def _row(record: Record, person: Person, parts: Sequence[int], models: Sequence[str]) -> Iterator[str]:
    """A submission with a fault of ours has no marks here: an empty cell is no zero."""
    card, counts = record.card, record.state is not State.BROKEN
    yield from (record.key, person.name, person.id, person.email, record.state.value, record.handed_in)
    yield "late" if record.late else ""
    by_part = card.parts()
    for part in parts:
        cents, _ = earned(mark for marks in by_part.get(part, {}).values() for mark in marks)
        yield points(cents) if counts else ""
    yield points(card.cents) if counts else ""
    yield points(card.max_cents)
    yield points(sum(record.before.values())) if record.before else ""
    for model in models:
        yield f"{card.models[model].accuracy:.4f}" if model in card.models else ""
    yield card.refusal or card.fault
