"""Marks as they arrive: from `results.json`, and from tables that people fill in; wrong cells are all named at once."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from autograder import tables
from autograder.errors import TableError
from autograder.lateness import parse
from autograder.tables import Problems, Row
from autograder.written.criteria import Criteria

RESULTS = "results.json"
NUMBER = re.compile(r"-?\d{1,9}([.,]\d{1,9})?")
ROSTER = ("student", "name", "email", "sid", "login", "canvas_id", "section")
WORK = ("code", "report")  # handed in apart from each other
HUNDREDTHS = 100


@dataclass(frozen=True)
class Student:
    """One row of the roster.

    Attributes:
        id: stands for the student in all tables.
        email, sid, login, canvas_id: what platforms know the student by.
    """

    id: str
    name: str = ""
    email: str = ""
    sid: str = ""
    login: str = ""
    canvas_id: str = ""
    section: str = ""


def read_roster(path: Path) -> dict[str, Student]:
    """Read the students of the course: a column student, and what there is of the others.

    Raises:
        TableError: that names each cell that cannot be used.
    """
    rows = tables.once(tables.read(path, ("student",), ROSTER).rows, "student")
    return {id: Student(id, **{name: row[name] for name in ROSTER[1:]}) for id, row in rows.items()}


def read_code(path: Path, known: Container[str], most: int) -> dict[str, int]:
    """Read the marks for code, in hundredths.

    Args:
        path: a folder with `STUDENT/results.json`, or a CSV file with the columns student and score.
        known: students that may be there.
        most: hundredths to be had.

    Raises:
        TableError: that names each file or cell that cannot be used.
    """
    return _code_from_folder(path, known, most) if path.is_dir() else _code_from_csv(path, known, most)


def _code_from_folder(folder: Path, known: Container[str], most: int) -> dict[str, int]:
    problems, found = Problems(), dict[str, int]()
    files = sorted(folder.glob(f"*/{RESULTS}"))
    if not files:
        raise TableError(f"{folder}: no STUDENT/{RESULTS} is there")
    for file in files:
        student, place = file.parent.name, f"{file.parent.name}/{file.name}"
        with problems.collected():
            if student not in known:
                raise TableError(f"{place}: there is no student {student!r} in the roster")
            found[student] = _score(file, place, most)
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


def _code_from_csv(path: Path, known: Container[str], most: int) -> dict[str, int]:
    problems, found = Problems(), dict[str, int]()
    for student, row in _students(tables.read(path, ("student", "score"), ("student", "score")).rows, known, problems):
        with problems.collected():
            found[student] = round(_mark(row, "score", Fraction(most, HUNDREDTHS)) * HUNDREDTHS)
    problems.finish()
    return found


def read_report(path: Path, known: Container[str], criteria: Criteria) -> dict[str, Fraction]:
    """Read the marks for the report: a row a student, a column each line of the rubric; return the sum of each.

    Raises:
        TableError: that names each cell that cannot be used: an unknown or repeated student, an unknown line, a mark
            that is missing, no number, or outside of 0 and what the line is worth.
    """
    most = {line.id: Fraction(str(line.points)) for line in criteria.line}
    table = tables.read(path, ("student",))
    problems, found = Problems(), dict[str, Fraction]()
    for column in table.columns:
        if column not in ("student", *most):
            problems.sentences.append(f"{path.name}, row 1, column {column}: the rubric has no such line")
    for line in most:
        if line not in table.columns:
            problems.sentences.append(f"{path.name}, row 1: there is no column {line}, a line of the rubric")
    for student, row in _students(table.rows, known, problems):
        marks = []
        for line in (line for line in most if line in table.columns):
            with problems.collected():
                marks.append(_mark(row, line, most[line]))
        found[student] = sum(marks, Fraction(0))
    problems.finish()
    return found


def read_times(path: Path, known: Container[str]) -> dict[str, dict[str, datetime]]:
    """Read when code and report were handed in: columns student, code, report; what was not handed in stays empty.

    Raises:
        TableError: that names each cell that cannot be used.
    """
    problems, found = Problems(), dict[str, dict[str, datetime]]()
    for student, row in _students(tables.read(path, ("student",), ("student", *WORK)).rows, known, problems):
        times = found.setdefault(student, {})
        for work in WORK:
            if row[work]:
                try:
                    times[work] = parse(row[work])
                except TableError as error:
                    problems.sentences.append(f"{row.at(work)}: {error}")
    problems.finish()
    return found


def _students(rows: Sequence[Row], known: Container[str], problems: Problems) -> list[tuple[str, Row]]:
    """Find the rows of students that are in the roster, each once; what is wrong with the others is a problem."""
    found: dict[str, Row] = {}
    for row in rows:
        student = row["student"]
        if not student:
            problems.sentences.append(f"{row.at('student')}: it is empty")
        elif student not in known:
            problems.sentences.append(f"{row.at('student')}: there is no student {student!r} in the roster")
        elif student in found:
            problems.sentences.append(f"{row.at('student')}: {student!r} is in row {found[student].number} already")
        else:
            found[student] = row
    return list(found.items())


def _mark(row: Row, column: str, most: Fraction) -> Fraction:
    """Read a number of points."""
    text = row[column]
    if not text:
        raise TableError(f"{row.at(column)}: the mark of {row['student']} is missing")
    if not NUMBER.fullmatch(text):
        raise TableError(f"{row.at(column)}: {text!r} is no number")
    mark = Fraction(text.replace(",", "."))
    if not 0 <= mark <= most:
        raise TableError(f"{row.at(column)}: {text} points, expected 0 to {float(most):g}")
    return mark
