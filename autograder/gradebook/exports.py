"""CSV for course platforms, and a plain one with everything.

grades.csv      for people: what was earned, what lateness cost, and why
canvas.csv      Gradebook, Import: a row of points possible, then Student, ID, SIS User ID, SIS Login ID, Section
moodle.csv      Grades, Import, CSV file: map "Email address" to the user's email, or "ID number" to theirs
gradescope.csv  the columns of Gradescope's own export of a course's grades
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.errors import SetupError
from autograder.gradebook.merge import Grade, Piece
from autograder.reports import files
from autograder.scores import points

Rows = list[list[str]]


def write(grades: Sequence[Grade], title: str, folder: Path) -> list[Path]:
    """Write all of them; return where they are.

    Raises:
        SetupError: if the folder cannot be written to.
    """
    makers: dict[str, Callable[[Sequence[Grade], str], Rows]] = {
        "grades.csv": plain,
        "canvas.csv": canvas,
        "moodle.csv": moodle,
        "gradescope.csv": gradescope,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in makers.items():
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(make(grades, title))
            files.replace(folder / name, text.getvalue())
    except OSError as error:
        raise SetupError(f"{error.filename or folder}: {error.strerror}") from None
    return [folder / name for name in makers]


def plain(grades: Sequence[Grade], title: str) -> Rows:
    """Everything, one row a student."""
    header = ["student", "name", "email"]
    for work in ("code", "report"):
        header += [f"{work} earned", f"{work} counted", f"{work} maximum", f"{work} handed in"]
    rows = [[*header, "total", "maximum"]]
    for grade in grades:
        student = grade.student
        cells = [student.id, student.name, student.email, *_piece(grade.code), *_piece(grade.report)]
        rows.append([*cells, points(grade.total), points(grade.most)])
    return rows


def _piece(piece: Piece) -> list[str]:
    earned = "" if piece.earned is None else points(piece.earned)
    return [earned, points(piece.kept), points(piece.most), piece.said]


def canvas(grades: Sequence[Grade], title: str) -> Rows:
    """Canvas finds students by ID, else by SIS User ID, else by SIS Login ID, and the assignment by its name."""
    most = points(max((grade.most for grade in grades), default=0))
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]]
    rows.append(["    Points Possible", "", "", "", "", most])
    for grade in grades:
        one = grade.student
        rows.append(
            [one.name or one.id, one.canvas_id, one.sid, one.login or one.email, one.section, points(grade.total)]
        )
    return rows


def moodle(grades: Sequence[Grade], title: str) -> Rows:
    """Moodle asks which column names the student; feedback goes along: an import without it deletes grades."""
    rows = [["ID number", "Username", "Email address", title, f"{title} (Feedback)"]]
    for grade in grades:
        one = grade.student
        rows.append([one.sid, one.login or one.id, one.email, points(grade.total), _feedback(grade)])
    return rows


def _feedback(grade: Grade) -> str:
    said = []
    for name, piece in (("code", grade.code), ("report", grade.report)):
        if piece.most:
            said.append(
                f"{name} {points(piece.kept)} of {points(piece.most)}" + (f", {piece.said}" if piece.said else "")
            )
    return "; ".join(said)


def gradescope(grades: Sequence[Grade], title: str) -> Rows:
    """Gradescope knows students by email, and by SID where they have one."""
    rows = [["First Name", "Last Name", "SID", "Email", "Sections", title, f"{title} - Max Points"]]
    for grade in grades:
        one = grade.student
        first, _, last = one.name.rpartition(" ")
        rows.append([first, last, one.sid, one.email, one.section, points(grade.total), points(grade.most)])
    return rows
