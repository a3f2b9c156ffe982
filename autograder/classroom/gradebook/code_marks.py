"""What grading has left: a batch's folder with its gradebook.csv, or a folder with `STUDENT/results.json`."""

from __future__ import annotations

import json
from datetime import tzinfo
from fractions import Fraction
from pathlib import Path
from typing import Any

from autograder.classroom.gradebook import marks, roster
from autograder.classroom.gradebook.marks import HUNDREDTHS, Marks
from autograder.classroom.gradebook.roster import EXCUSED, Roster
from autograder.course import tables
from autograder.course.tables import Problems, Row, fold
from autograder.errors import TableError
from autograder.reports.records import State

TABLE = "gradebook.csv"
RESULTS = "results.json"
COLUMNS = ("submission", "state", "points", "of")  # of a batch's table that marks are read from
OURS = {"submission", "graded"}  # in no other table


def read(path: Path, known: Roster, most: int, zone: tzinfo) -> Marks:
    """Read the marks for code, in hundredths.

    Args:
        path: what a batch wrote to, a folder of results, or a CSV file.
        known: students that may be there.
        most: hundredths to be had.
        zone: of times that name none.

    Raises:
        TableError: that names each file or cell that cannot be used.
    """
    for table in (path / TABLE, path.parent / TABLE if path.name == "students" else path):
        if _is_of_batch(table):
            return _of_batch(table, known, most, zone)
    return _of_folder(path, known, most) if path.is_dir() else marks.read_code(path, known, most)


def _is_of_batch(path: Path) -> bool:
    return path.is_file() and not OURS.isdisjoint(tables.read(path, names=roster.NAMES).columns)


def _of_batch(path: Path, known: Roster, most: int, zone: tzinfo) -> Marks:
    problems, found = Problems(), Marks()
    table = tables.read(path, COLUMNS, names=roster.NAMES)
    marks.expect_who(path, table.columns)
    refused = list[str]()
    for student, row in marks.students(table.rows, known, problems):
        with problems.collected():
            if fold(row["points"]) in EXCUSED:
                found.excused.add(student.id)
                continue
            found.points[student.id] = _points(row, most)
            if row["handed in"]:
                found.times[student.id] = marks.time(row, "handed in", zone)
            found.late += [student.id] if row["late"] and not row["handed in"] else []
            refused += [student.id] if row["state"] == State.REFUSED and not found.points[student.id] else []
    problems.finish()
    if refused:
        found.remarks.append(f"refused, which counts 0: {', '.join(refused)}")
    return found


def _points(row: Row, most: int) -> Fraction:
    """The mark of a submission that is final, and of this assignment."""
    name = f"{row.file}, row {row.number}, {row['submission']}"
    if row["state"] == State.BROKEN and not row["points"]:
        raise TableError(f"{name}: to be graded again, as the grader failed; or write a mark into its column points")
    if not marks.NUMBER.fullmatch(row["points"]) or not marks.NUMBER.fullmatch(row["of"]):
        raise TableError(f"{name}: {row['points']!r} of {row['of']!r} is no mark")
    mark, of = (Fraction(row[column].replace(",", ".")) * HUNDREDTHS for column in ("points", "of"))
    if of != most:
        raise TableError(f"{name}: graded for {row['of']} points, the assignment has {most / HUNDREDTHS:g}")
    if not 0 <= mark <= most:
        raise TableError(f"{name}: {row['points']} points, expected 0 to {most / HUNDREDTHS:g}")
    return mark


def _of_folder(folder: Path, known: Roster, most: int) -> Marks:
    problems, found = Problems(), Marks()
    files = sorted(folder.glob(f"*/{RESULTS}"))
    if not files:
        raise TableError(f"{folder}: no {TABLE} of a batch is there, and no STUDENT/{RESULTS}")
    for file in files:
        place = f"{file.parent.name}/{file.name}"
        with problems.collected():
            try:
                student = known.find(file.parent.name)
            except TableError as error:
                raise TableError(f"{place}: {error}") from None
            if student.id in known.students:
                found.points[student.id] = Fraction(_score(file, place, most))
    problems.finish()
    return found


def _score(file: Path, place: str, most: int) -> int:
    """The score of a `results.json` that is final."""
    try:
        results: Any = json.loads(file.read_text(encoding="utf-8"))
        score, details = results["score"], results.get("extra_data", {})
        again = bool(details.get("grade_again"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise TableError(f"{place}: it holds no results") from None
    if again:
        raise TableError(f"{place}: to be graded again, as the grader failed")
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise TableError(f"{place}: the score is {score!r}, expected a number")
    cents = round(Fraction(str(score)) * HUNDREDTHS) if score == score and abs(score) < 1e9 else -1
    if not 0 <= cents <= most:
        raise TableError(f"{place}: the score is {score}, expected 0 to {most / HUNDREDTHS:g}")
    return cents
