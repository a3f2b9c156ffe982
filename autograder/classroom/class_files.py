"""What is written of a class: the gradebook and the class page, and the pages of each student."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from autograder.classroom import identical_files, origin
from autograder.classroom.exports import Found
from autograder.classroom.store import Store
from autograder.course.assignment import Assignment
from autograder.course.definition import PACKAGE
from autograder.reports import class_csv, class_page, html, results_json
from autograder.reports.records import Alike, Record

PAGES = (".py", ".j2", ".css", ".js")


@functools.cache
def writers() -> str:
    """Digest of the code that writes pages."""
    return origin.digest(PACKAGE, [path for path in (PACKAGE / "reports").rglob("*") if path.suffix in PAGES])


def write(store: Store, found: Found, assignment: Assignment, records: Sequence[Record]) -> list[Alike]:
    """Write what is about the class as a whole; return what is the same in several submissions.

    Args:
        records: in the order of the page.
    """
    class_csv.write(store.out / "gradebook.csv", records, tuple(assignment.course.models))
    alike = _alike(store, found, assignment, records)
    class_page.write(store.out / "class.html", records, found.left_out, alike)
    return alike


def pages(record: Record) -> dict[str, str]:
    """What is kept for one student, beside the record."""
    results = results_json.results(record.card, execution_seconds=record.seconds)
    page = html.render(record.card, execution_seconds=record.seconds)
    return {"results.json": json.dumps(results, allow_nan=False) + "\n", "report.html": page}


def _alike(store: Store, found: Found, assignment: Assignment, records: Sequence[Record]) -> list[Alike]:
    """Compare the zips, unless they are those that were compared last time."""
    zips = [f"{record.key} {record.name} {record.origin[origin.ZIP]}" for record in records]
    code = [origin.digest(PACKAGE, [Path(identical_files.__file__)]), origin.code(assignment.course)[origin.CHECKS]]
    key = hashlib.sha256("\n".join([*code, *zips]).encode()).hexdigest()
    return store.remember(key, lambda: identical_files.find(found.handed, assignment.course))
