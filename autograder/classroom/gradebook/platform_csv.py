"""CSV for course platforms, and a plain one with everything.

grades.csv            for people: what was earned, what lateness cost, and why
canvas.csv            Gradebook, Import. A student is found by ID, SIS User ID and SIS Login ID; Section and a row of
                      points possible go along as in Canvas's export. A mark replaces the one that is there; EX excuses.
                      Instructor guide, "How do I import grades in the Gradebook?"
moodle.csv            Grades, Import, CSV file: map "Email address" to useremail, or "ID number" to useridnumber. Emails
                      are compared by case; mark and feedback must both be mapped, or all marks of the column are lost.
                      docs.moodle.org, "Grade import", notes 1 and 3
moodle_worksheet.csv  Assignment, Upload grading worksheet; where the roster is such a worksheet. Marks stay editable
                      in the assignment, which those of an import into the gradebook do not
blackboard.csv        Grade Center, Work Offline, Upload. A student is found by Username, without which an upload
                      fails; a column by the number behind its name, as downloaded: one without becomes a new column
                      of text, worth no points. Every cell is quoted. Help, "Upload or download grades", format of files
gradescope.csv        the columns of Gradescope's own export of a course's grades; it imports none
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from autograder.classroom.gradebook.marks import NOTHING
from autograder.classroom.gradebook.merge import Grade, Merged
from autograder.classroom.gradebook.pieces import NOT_HANDED_IN, Piece
from autograder.course import tables
from autograder.errors import SetupError, TableError
from autograder.reports import sheets
from autograder.reports.scores import points

Rows = list[list[str]]
PLAIN, BLACKBOARD, WORKSHEET = "grades.csv", "blackboard.csv", "Grade"
CANVAS = r".+ \(\d+\)"  # an assignment's column in Canvas's export: its number stands behind its name
EXCUSED = "EX"  # Canvas's word; the others know none, and get no mark


def write(merged: Merged, title: str, folder: Path, read: Collection[Path] = ()) -> list[Path]:
    """Write all of them; return where they are.

    Args:
        title: of the column with the marks; where Canvas's roster has one of that name, with Canvas's number behind it.
        read: tables that were read, and which nothing is written over.

    Raises:
        SetupError: if the folder cannot be written to, or one of them is there under the same name.
        TableError: if what was written there last time cannot be read.
    """
    makers: dict[str, Callable[[Sequence[Grade], str], Rows]] = {
        PLAIN: plain,
        "canvas.csv": canvas,
        "moodle.csv": moodle,
        "gradescope.csv": gradescope,
    }
    if merged.grades and all(grade.student.login for grade in merged.grades):
        makers[BLACKBOARD] = blackboard
    if any(grade.student.participant for grade in merged.grades):
        makers["moodle_worksheet.csv"] = worksheet
    kept = {path.resolve() for path in read}
    if over := [folder / name for name in makers if (folder / name).resolve() in kept]:
        raise SetupError(f"{over[0]} was read, and would be written over: choose another folder for --out")
    column = _numbered(rf"{re.escape(title)} \(\d+\)", merged) or title
    if column == title and (other := _numbered(CANVAS, merged)):
        name = other.rpartition(" ")[0]
        told = f"the roster has no column {title!r}, and Canvas makes a new one: --column {name!r} is one that it has"
        merged.remarks.append(told)
    there = _numbered(rf"{re.escape(title)} \[Total Pts: [^\]]*\] \|\d+", merged)
    grades = _with_marks_by_hand(merged, there or column, folder / PLAIN)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in makers.items():
            rows = make(grades, {"canvas.csv": column, BLACKBOARD: there or title}.get(name, title))
            sheets.write(folder / name, rows, quoted=name == BLACKBOARD)
    except OSError as error:
        raise SetupError(f"{error.filename or folder}: {error.strerror}") from None
    return [folder / name for name in makers]


def _numbered(pattern: str, merged: Merged) -> str:
    """Find the column that a platform's list has for the assignment, with the platform's number behind its name."""
    return next((name for name in merged.roster.columns if re.fullmatch(pattern, name)), "")


def _with_marks_by_hand(merged: Merged, column: str, before: Path) -> list[Grade]:
    """Keep what a platform's own list has in the column of marks, where that is not what we wrote last time.

    Args:
        before: what we wrote last time, if at all.

    Raises:
        TableError: if that cannot be read: what we gave would be taken for set by hand.
    """
    try:
        rows = tables.read(before, ("student", "total")).rows if before.exists() else ()
    except TableError as error:
        raise TableError(f"{error}; it has the marks that we gave last time: mend it, or move it away") from None
    ours = {row["student"]: row["total"] for row in rows}
    grades, kept = [], []
    for grade in merged.grades:
        id, row = grade.student.id, merged.roster.cells.get(grade.student.id)
        there = (row[column] or (row[WORKSHEET] if grade.student.participant else "")) if row else ""
        if there not in NOTHING and not any(_equal(there, mark) for mark in (ours.get(id, ""), _total(grade, EXCUSED))):
            kept.append(f"{id} {there}, ours is {_total(grade, EXCUSED) or 'blank'}")
            grade = replace(grade, by_hand=there)
        grades.append(grade)
    if kept:
        merged.remarks.append(f"set by hand on the platform, and kept: {'; '.join(kept)}")
    return grades


def _equal(one: str, other: str) -> bool:
    """Whether two cells say the same, however a platform writes it: 16, 16.0 or 16,00."""
    try:
        return Fraction(one.replace(",", ".")) == Fraction(other.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        return one.casefold() == other.casefold()


def plain(grades: Sequence[Grade], title: str) -> Rows:
    """Everything, one row a student."""
    header = ["student", "name", "email"]
    for work in ("code", "report"):
        header += [f"{work} earned", f"{work} counted", f"{work} maximum", f"{work} handed in"]
    rows = [[*header, "by hand", "total", "maximum"]]
    for grade in grades:
        student = grade.student
        cells = [student.id, student.name, student.email, *_piece(grade, grade.code), *_piece(grade, grade.report)]
        rows.append([*cells, grade.by_hand, _total(replace(grade, by_hand=""), EXCUSED), points(grade.most)])
    return rows


def _piece(grade: Grade, piece: Piece) -> list[str]:
    earned = "" if piece.earned is None else points(piece.earned)
    return [earned, "" if grade.blank else points(piece.kept), points(piece.most), piece.said]


def _total(grade: Grade, excused: str) -> str:
    if grade.by_hand:
        return grade.by_hand
    return excused if grade.excused else "" if grade.blank else points(grade.total)


def canvas(grades: Sequence[Grade], title: str) -> Rows:
    """Canvas finds students by ID, else by SIS User ID, else by SIS Login ID, and the assignment by its name."""
    most = points(max((grade.most for grade in grades), default=0))
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]]
    rows.append(["    Points Possible", "", "", "", "", most])
    for grade in grades:
        one = grade.student
        login = one.login or one.email
        rows.append([one.name or one.id, one.canvas_id, one.sid, login, one.section, _total(grade, EXCUSED)])
    return rows


def moodle(grades: Sequence[Grade], title: str) -> Rows:
    """Moodle asks which column names the student; feedback goes along: an import without it deletes grades."""
    rows = [["ID number", "Username", "Email address", title, f"{title} (Feedback)"]]
    for grade in grades:
        one = grade.student
        rows.append([one.sid, one.login or one.id, one.email, _total(grade, "-"), _feedback(grade)])
    return rows


def worksheet(grades: Sequence[Grade], title: str) -> Rows:
    """What an assignment of Moodle takes back; it finds students by Identifier, also anonymous ones."""
    rows = [["Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Last modified (grade)"]]
    rows[0].append("Feedback comments")
    for grade in grades:
        one, most = grade.student, points(grade.most)
        mark = _total(grade, "")
        rows.append([one.participant, one.name, one.email, mark, most, "-", _feedback(grade)])
    return rows


def blackboard(grades: Sequence[Grade], title: str) -> Rows:
    """Blackboard finds students by Username, and knows no word for an excuse."""
    rows = [["Last Name", "First Name", "Username", "Student ID", title]]
    for grade in grades:
        one = grade.student
        first, last = (one.first, one.last) if one.last else _split(one.name)
        rows.append([last, first, one.login, one.sid, _total(grade, "")])
    return rows


def _feedback(grade: Grade) -> str:
    if grade.excused:
        return "excused"
    if grade.blank:
        return NOT_HANDED_IN
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
        first, last = (one.first, one.last) if one.last else _split(one.name)
        rows.append([first, last, one.sid, one.email, one.section, _total(grade, ""), points(grade.most)])
    return rows


def _split(name: str) -> tuple[str, str]:
    """First and last name of "Ada King Lovelace", or "Lovelace, Ada King"."""
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.rpartition(" ")
    return first.strip(), last.strip()
