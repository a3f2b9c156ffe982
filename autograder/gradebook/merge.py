"""Code, report and lateness become one mark a student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from autograder.assignment import Assignment
from autograder.errors import TableError
from autograder.gradebook import marks
from autograder.gradebook.marks import HUNDREDTHS, Student
from autograder.lateness import Extension, load_extensions
from autograder.tables import Problems
from autograder.written.criteria import Criteria

NOT_HANDED_IN = "not handed in"


@dataclass(frozen=True)
class Inputs:
    """The files of a course.

    Attributes:
        code: a folder of results, or a CSV file.
        report, times, extensions: None where there are none.
    """

    roster: Path
    code: Path
    report: Path | None = None
    times: Path | None = None
    extensions: Path | None = None


@dataclass(frozen=True)
class Piece:
    """What a student gets for the code, or for the report, in hundredths of a point.

    Attributes:
        earned: before lateness; None if nothing was handed in.
        kept: after it.
        said: about the time it was handed in.
    """

    earned: int | None
    kept: int
    most: int
    said: str = ""


@dataclass(frozen=True)
class Grade:
    """The mark of one student, in hundredths of a point."""

    student: Student
    code: Piece
    report: Piece

    @property
    def total(self) -> int:
        """What counts."""
        return self.code.kept + self.report.kept

    @property
    def most(self) -> int:
        """What can be had."""
        return self.code.most + self.report.most


def merge(inputs: Inputs, assignment: Assignment, criteria: Criteria) -> list[Grade]:
    """Make the mark of every student of the roster, in its order.

    Raises:
        TableError: that names each row and column that cannot be used; nothing is merged then.
    """
    problems = Problems()
    students = marks.read_roster(inputs.roster)
    code_most = round(sum(part.points for part in assignment.parts.values()) * HUNDREDTHS)
    report_most = round(assignment.report.points * HUNDREDTHS)
    code, sums = dict[str, int](), dict[str, Fraction]()
    times: dict[str, dict[str, datetime]] | None = None
    extensions: dict[str, Extension] = {}
    with problems.collected():
        code = marks.read_code(inputs.code, students, code_most)
    if inputs.report:
        with problems.collected():
            sums = marks.read_report(inputs.report, students, criteria)
    if inputs.times:
        with problems.collected():
            times = marks.read_times(inputs.times, students)
    if inputs.extensions:
        with problems.collected():
            extensions = load_extensions(inputs.extensions)
            if stray := [id for id in extensions if id not in students]:
                raise TableError(f"{inputs.extensions.name}: there is no student {stray[0]!r} in the roster")
    problems.finish()
    report = {id: _rounded(value * report_most / Fraction(str(criteria.points))) for id, value in sums.items()}
    late = Lateness(assignment, times, extensions)
    grades = []
    for id, student in students.items():
        with problems.collected():
            pieces = (
                late.piece(id, "code", code.get(id), code_most),
                late.piece(id, "report", report.get(id), report_most),
            )
            grades.append(Grade(student, *pieces))
    problems.finish()
    return grades


def remarks(grades: Sequence[Grade]) -> list[str]:
    """Say who has handed in nothing, and who loses points by being late."""
    lines = []
    for work in ("code", "report"):
        pieces = [(grade.student.id, getattr(grade, work)) for grade in grades]
        missing = [id for id, piece in pieces if piece.earned is None and piece.most]
        late = [id for id, piece in pieces if piece.earned is not None and piece.kept < piece.earned]
        lines += [f"no {work} of {_students(missing)}, which counts 0: {', '.join(missing)}"] if missing else []
        lines += [f"late with the {work}, {_students(late)}: {', '.join(late)}"] if late else []
    return lines


def _students(ids: Sequence[str]) -> str:
    return f"{len(ids)} student{'s' * (len(ids) != 1)}"


def _rounded(cents: Fraction) -> int:
    """To the nearest hundredth; half of one is given to the student."""
    return int(cents + Fraction(1, 2))


@dataclass(frozen=True)
class Lateness:
    """The lateness rule, with the times of all students; without times, nothing is late."""

    assignment: Assignment
    times: Mapping[str, Mapping[str, datetime]] | None
    extensions: Mapping[str, Extension]

    def piece(self, id: str, work: str, earned: int | None, most: int) -> Piece:
        """Apply the rule to one student's code or report.

        Raises:
            TableError: if there is a mark and no time, or an extension contradicts the other dates.
        """
        if earned is None:
            return Piece(None, 0, most, NOT_HANDED_IN if most else "")
        if self.times is None:
            return Piece(earned, earned, most)
        handed_in = self.times.get(id, {}).get(work)
        if handed_in is None:
            raise TableError(f"{id}: there is a mark for the {work} and no time at which it was handed in")
        try:
            deadlines = self.assignment.deadlines.extended(self.extensions.get(id))
        except TableError as error:
            raise TableError(f"the extension of {id}: {error}") from None
        return Piece(earned, deadlines.kept(earned, handed_in), most, deadlines.sentence(handed_in))
