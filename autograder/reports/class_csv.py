"""gradebook.csv: one row a student, the marks of the code by part; the same marks give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder.reports import sheets
from autograder.reports.records import Person, Record, State
from autograder.reports.scores import earned, parts_of, points

ByHand = Mapping[tuple[str, str], Mapping[str, str]]  # rows by the submission's key, and who of a group
CHANGES = ("submission", "name", "check", "before", "now", "what changed")


def write(path: Path, records: Sequence[Record], models: Sequence[str], by_hand: ByHand) -> None:
    """Replace the file in one step.

    Args:
        models: have a column each, whether or not anyone has one.
        by_hand: what the file says where somebody has set the mark: `points` stays, and so does the whole row of a
            submission that is not among the records.
    """
    parts = parts_of(record.card for record in records)
    header = ["submission", "name", "id", "email", "state", "handed in", "late", *(f"part {part}" for part in parts)]
    header += ["points", "graded", "of", "before", *(f"accuracy {model}" for model in models), "why"]
    rows = [_row(record, person, parts, models, by_hand) for record in records for person in record.people]
    rest = [[cells.get(column, "") for column in header] for cells in absent(records, by_hand)]
    sheets.write(path, [header, *rows, *rest])


def absent(records: Sequence[Record], by_hand: ByHand) -> list[Mapping[str, str]]:
    """Name the rows whose mark is somebody's, and whose submission is not among the records."""
    there = {who(record, person) for record in records for person in record.people}
    return [cells for key, cells in by_hand.items() if key not in there]


def write_changes(path: Path, changed: Sequence[Record]) -> None:
    """Write each check that earns something else than before, a row each, and what changed."""
    rows: list[Sequence[str]] = [CHANGES]
    for record in changed:
        before, now = record.before, record.points
        for check in {**before, **now}:
            if before.get(check) != now.get(check):
                cells = [points(marks[check]) if check in marks else "" for marks in (before, now)]
                rows.append((record.key, record.name, check, *cells, record.causes))
    sheets.write(path, rows)


def who(record: Record, person: Person) -> tuple[str, str]:
    """What names a row: the submission, and of a group the email or number too."""
    return record.key, (person.email or person.id) if len(record.people) > 1 else ""


def _row(record: Record, person: Person, parts: Sequence[int], models: Sequence[str], by_hand: ByHand) -> Iterator[str]:
    """A submission with a fault of ours has no marks here: an empty cell is no zero."""
    card, counts = record.card, record.state is not State.BROKEN
    yield from (record.key, person.name, person.id, person.email, record.state.value, record.handed_in)
    yield "late" if record.late else ""
    by_part = card.parts()
    for part in parts:
        cents, _ = earned(mark for marks in by_part.get(part, {}).values() for mark in marks)
        yield points(cents) if counts else ""
    graded = points(record.sums[0]) if counts else ""
    yield by_hand.get(who(record, person), {}).get("points", graded)
    yield graded
    yield points(record.sums[1])
    yield points(sum(record.before.values())) if record.before else ""
    for model in models:
        yield f"{card.models[model].accuracy:.4f}" if model in card.models else ""
    yield card.refusal or card.fault
