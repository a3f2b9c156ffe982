"""What is written of a class: the gradebook and the class page, and the pages of each student."""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from autograder.classroom import origin
from autograder.classroom.copies import identical_files
from autograder.classroom.exports import Found
from autograder.classroom.gradebook import marks
from autograder.classroom.gradebook.roster import EXCUSED
from autograder.classroom.store import Store
from autograder.course import tables
from autograder.course.assignment import Assignment
from autograder.course.definition import PACKAGE
from autograder.course.tables import Row
from autograder.errors import TableError
from autograder.grading.expected import digest
from autograder.reports import class_csv, class_page, html, results_json
from autograder.reports.records import Alike, Record

GRADEBOOK, CHANGES = "gradebook.csv", "changes.csv"
PAGES = (".py", ".j2", ".css", ".js")


@functools.cache
def writers() -> str:
    """Digest of the code that writes pages."""
    return digest(PACKAGE, [path for path in (PACKAGE / "reports").rglob("*") if path.suffix in PAGES])


@dataclass(frozen=True)
class Aside:
    """What there is to say of a class beside its marks: what is the same in several zips, and marks set by hand.

    Attributes:
        absent: rows of the gradebook with such a mark, of submissions that are not in this class.
        unfit: a sentence on each that is no mark of this assignment, perhaps since points have changed.
        elsewhere: results of submissions that are not in this class, and have no row in the gradebook.
    """

    alike: Sequence[Alike] = ()
    by_hand: Sequence[tuple[Record, str]] = ()
    absent: Sequence[Mapping[str, str]] = ()
    unfit: Sequence[str] = ()
    elsewhere: Sequence[str] = ()


def write(store: Store, found: Found, assignment: Assignment, records: Sequence[Record]) -> Aside:
    """Write what is about the class as a whole; a mark that somebody has written into the gradebook stays.

    Args:
        records: in the order of the page.

    Raises:
        TableError: if the gradebook that is there cannot be read; it is left as it is.
    """
    table = store.out / GRADEBOOK
    by_hand = dict(_by_hand(table)) if table.exists() else {}
    class_csv.write(table, records, tuple(assignment.course.models), by_hand)
    alike = _alike(store, found, assignment, records)
    class_page.write(store.out / "class.html", records, found.left_out, alike)
    kept = [
        (one, by_hand[key]["points"])
        for one in records
        for key in (class_csv.who(one, person) for person in one.people)
        if key in by_hand
    ]
    absent = class_csv.absent(records, by_hand)
    elsewhere = store.others([*(one.key for one in found.handed), *(row["submission"] for row in absent)])
    return Aside(alike, kept, absent, list(_unfit(kept)), elsewhere)


def _unfit(kept: Iterable[tuple[Record, str]]) -> Iterator[str]:
    for record, mark in kept:
        try:
            if tables.fold(mark) not in EXCUSED:
                marks.points(mark, Fraction(record.sums[1], marks.HUNDREDTHS))
        except TableError as error:
            yield f"{record.name}: {error}"


def _by_hand(table: Path) -> Iterator[tuple[tuple[str, str], Mapping[str, str]]]:
    """Find rows whose mark is not what grading gave when the table was written."""
    try:
        rows = tables.read(table, ("submission", "id", "email", "points", "graded")).rows
        _expect_once(rows)
    except TableError as error:
        raise TableError(f"{error}; marks set by hand may stand there: mend it, or move it away") from None
    groups = Counter(row["submission"] for row in rows)
    for row in rows:
        mark, graded = row["points"], row["graded"]
        if mark and _number(mark) != _number(graded):
            person = (row["email"] or row["id"]) if groups[row["submission"]] > 1 else ""
            yield (row["submission"], person), row.cells


def _expect_once(rows: Iterable[Row]) -> None:
    """Refuse a table where two marks may be meant.

    Raises:
        TableError: that names the second one.
    """
    seen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        who = tuple(row[column] for column in ("submission", "name", "id", "email"))
        if seen.setdefault(who, row) is not row:
            raise TableError(f"{row.at('submission')}: {who[0]!r} is in row {seen[who].number} already")


def _number(text: str) -> Fraction | str:
    """What a cell says, however a spreadsheet has written it: 16, 16.00 or 16,00."""
    try:
        return Fraction(text.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        return text


def pages(record: Record) -> dict[str, str]:
    """What is kept for one student, beside the record."""
    results = results_json.text(record.card, execution_seconds=record.seconds)
    return {"results.json": results, "report.html": html.render(record.card, execution_seconds=record.seconds)}


def _alike(store: Store, found: Found, assignment: Assignment, records: Sequence[Record]) -> list[Alike]:
    """Compare the zips, unless they are those that were compared last time."""
    zips = [f"{record.key} {record.name} {record.origin.get(origin.ZIP, '')}" for record in records]
    code = [digest(PACKAGE, [Path(identical_files.__file__)]), origin.code(assignment.course)[origin.CHECKS]]
    key = hashlib.sha256("\n".join([*code, *zips]).encode()).hexdigest()
    return store.remember(key, lambda: identical_files.find(found.handed, assignment.course))
