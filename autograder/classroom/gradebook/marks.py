"""Marks as people and platforms write them into tables; wrong cells are all named at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from fractions import Fraction
from pathlib import Path

from autograder.classroom.gradebook import roster
from autograder.classroom.gradebook.roster import EXCUSED, Roster, Student
from autograder.course import tables, times
from autograder.course.report_rubric import Criteria
from autograder.course.tables import Problems, Row, fold
from autograder.errors import TableError

NUMBER = re.compile(r"-?\d{1,9}([.,]\d{1,9})?")
WORK = ("code", "report")  # handed in apart from each other
HUNDREDTHS = 100
NOTHING = ("", "-")  # as Moodle writes what is not there
MISSING = ("missing", "no submission")  # as Gradescope says of a student without a mark
SCORES = {"total score": "score", "points": "score", "grade": "score", "mark": "score", "status": "status"}
HANDED_IN = {"submission time": "code", "submitted at": "code", "submitted_at": "code", "handed in": "code",
             "last modified (submission)": "code", "zuletzt geändert (abgabe)": "code",
             "dernière modification (travail remis)": "code", "última modificación (entrega)": "code"}  # fmt: skip


@dataclass
class Marks:
    """What one table says of the class.

    Attributes:
        points: hundredths for the code, points of the rubric for the report; by the student's id.
        excused: those whose mark is EX.
        times: when it was handed in, where that is said.
        late: those of whom it is only said that they were late, not when.
        remarks: what else there is to say to staff.
    """

    points: dict[str, Fraction] = field(default_factory=dict)
    excused: set[str] = field(default_factory=set)
    times: dict[str, datetime] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_code(path: Path, known: Roster, most: int) -> Marks:
    """Read the marks for code, in hundredths, from a table with a column for the student, and score.

    Raises:
        TableError: that names each cell that cannot be used.
    """
    problems, found = Problems(), Marks()
    table = tables.read(path, ("score",), names=roster.who(SCORES))
    expect_who(path, table.columns)
    for student, row in students(table.rows, known, problems):
        if fold(row["score"]) in EXCUSED:
            found.excused.add(student.id)
        elif row["score"] not in NOTHING or not fold(row["status"]).startswith(MISSING):
            with problems.collected():
                mark = _mark(row, "score", Fraction(most, HUNDREDTHS), student)
                found.points[student.id] = Fraction(round(mark * HUNDREDTHS))
    problems.finish()
    return found


def read_report(path: Path, known: Roster, criteria: Criteria) -> Marks:
    """Read the marks for the report: a row a student, a column each line of the rubric; the points are their sum.

    Raises:
        TableError: that names each cell that cannot be used: an unknown or repeated student, an unknown line, a mark
            that is missing, no number, or outside of 0 and what the line is worth.
    """
    most = {line.id: Fraction(str(line.points)) for line in criteria.line}
    table = tables.read(path, names=roster.who({fold(line): line for line in most}))
    problems, found = Problems(), Marks()
    expect_who(path, table.columns)
    for column in table.columns:
        if column not in (*roster.MEANINGS, *most, ""):
            problems.sentences.append(f"{path.name}, row 1, column {column}: the rubric has no such line")
    there = [line for line in most if line in table.columns]
    for line in most:
        if line not in there:
            problems.sentences.append(f"{path.name}, row 1: there is no column {line}, a line of the rubric")
    for student, row in students(table.rows, known, problems):
        excused = [fold(row[line]) in EXCUSED for line in there]
        if any(excused) and all(one or row[line] in NOTHING for one, line in zip(excused, there, strict=True)):
            found.excused.add(student.id)
            continue
        if any(excused):
            problems.sentences.append(f"{row.at(there[excused.index(True)])}: EX beside marks, expected it alone")
            continue
        marks = []
        for line in there:
            with problems.collected():
                marks.append(_mark(row, line, most[line], student))
        found.points[student.id] = sum(marks, Fraction(0))
    problems.finish()
    return found


def read_times(path: Path, known: Roster, zone: tzinfo) -> dict[str, dict[str, datetime]]:
    """Read when code and report were handed in: columns code, report; what was not handed in stays empty.

    Args:
        zone: of times that name none.

    Raises:
        TableError: that names each cell that cannot be used.
    """
    problems, found = Problems(), dict[str, dict[str, datetime]]()
    table = tables.read(path, names=roster.who({**HANDED_IN, **dict(zip(WORK, WORK, strict=True))}))
    expect_who(path, table.columns)
    if not {*WORK} & {*table.columns}:
        raise TableError(f"{path.name}, row 1: there is no column code and none report, expected a time in one of them")
    for student, row in students(table.rows, known, problems):
        mine = found.setdefault(student.id, {})
        for work in WORK:
            if row[work] not in NOTHING:
                with problems.collected():
                    mine[work] = time(row, work, zone)
    problems.finish()
    return found


def drop(path: Path, known: Roster) -> None:
    """Take out who has left the course: a table with a column for the student, or one name a line.

    Whoever is no longer in the roster is passed over in the other tables.

    Raises:
        TableError: if a name is nobody's and close to that of a student.
    """
    table = tables.read(path, names=roster.NAMES)
    rows = list(table.rows)
    if not any(column in table.columns for column in roster.WHO):
        cells = [*table.columns[:1], *(next(iter(row.cells.values())) for row in rows)]
        rows = [Row(path.name, number, {"student": cell}) for number, cell in enumerate(cells, start=1) if cell]
    problems = Problems()
    for row in rows:
        if texts := roster.texts(row):
            with problems.collected():
                if any(map(known.knows, texts)):
                    gone = _find(row, known)
                    known.said.append(f"{gone.id} has left the course, and is left out")
                else:
                    gone = Student(texts[0])
                    known.said.append(f"{gone.id} is not in the roster, and is passed over in other tables")
                known.drop(gone)
    problems.finish()


def time(row: Row, column: str, zone: tzinfo) -> datetime:
    """Read a time in a cell.

    Raises:
        TableError: that names the cell.
    """
    try:
        return times.parse(row[column], zone)
    except TableError as error:
        raise TableError(f"{row.at(column)}: {error}") from None


def students(rows: Sequence[Row], known: Roster, problems: Problems) -> Iterator[tuple[Student, Row]]:
    """Find the rows of students that are in the roster, each once; what is wrong with the others is a problem.

    A row of a group is one of each of its students. Whoever has left the course is passed over.
    """
    seen: dict[str, Row] = {}
    for row in rows:
        with problems.collected():
            for student in known.group(row["name"]) or [_find(row, known)]:
                if student.id in seen:
                    text = roster.texts(row)[0]
                    raise TableError(f"{row.at(_column(row))}: {text!r} is in row {seen[student.id].number} already")
                seen[student.id] = row
                if student.id in known.students:
                    yield student, row


def _find(row: Row, known: Roster) -> Student:
    texts = roster.texts(row)
    if not texts:
        raise TableError(f"{row.at('student')}: it is empty")
    try:
        return known.find(*texts)
    except TableError as error:
        raise TableError(f"{row.at(_column(row))}: {error}") from None


def _column(row: Row) -> str:
    return next((column for column in (*roster.WHO, "first", "last") if row[column]), "student")


def expect_who(path: Path, columns: Sequence[str]) -> None:
    """Pass a table with a column that names students.

    Raises:
        TableError: if it has none.
    """
    if not any(column in columns for column in (*roster.WHO, "last")):
        raise TableError(f"{path.name}, row 1: there is no column student, nor email, nor another that names one")


def _mark(row: Row, column: str, most: Fraction, student: Student) -> Fraction:
    """Read a number of points."""
    text = row[column]
    if text in NOTHING:
        raise TableError(f"{row.at(column)}: the mark of {student.id} is missing")
    try:
        return points(text, most)
    except TableError as error:
        raise TableError(f"{row.at(column)}: {error}") from None


def points(text: str, most: Fraction) -> Fraction:
    """Read a mark as people write it.

    Raises:
        TableError: if it is no number from 0 to what there is to be had.
    """
    if not NUMBER.fullmatch(text):
        raise TableError(f"{text!r} is no number")
    mark = Fraction(text.replace(",", "."))
    if not 0 <= mark <= most:
        raise TableError(f"{text} points, expected 0 to {float(most):g}")
    return mark
