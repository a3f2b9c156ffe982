"""Code, report and lateness become one mark a student."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from autograder.classroom.gradebook import code_marks as results
from autograder.classroom.gradebook import marks, roster
from autograder.classroom.gradebook.marks import HUNDREDTHS, Marks
from autograder.classroom.gradebook.roster import Roster, Student
from autograder.course.assignment import Assignment
from autograder.course.lateness import Extension, load_extensions
from autograder.course.report_rubric import Criteria
from autograder.course.tables import Problems
from autograder.errors import TableError

NOT_HANDED_IN = "not handed in"
EXCUSED = "excused"


@dataclass(frozen=True)
class Inputs:
    """The files of a course.

    Attributes:
        code: what a batch wrote to, a folder of results, or a CSV file.
        report, times, extensions, dropped: None where there are none.
    """

    roster: Path
    code: Path
    report: Path | None = None
    times: Path | None = None
    extensions: Path | None = None
    dropped: Path | None = None


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
    """The mark of one student, in hundredths of a point.

    Attributes:
        blank: whether there is none, as nothing was handed in.
        by_hand: what the platform has that we did not give it, and which stays; empty where there is no such thing.
    """

    student: Student
    code: Piece
    report: Piece
    most: int
    blank: bool = False
    by_hand: str = ""

    @property
    def excused(self) -> bool:
        """Whether nothing of it counts."""
        return all(piece.said == EXCUSED or not piece.most for piece in (self.code, self.report))

    @property
    def total(self) -> int:
        """What counts, of `most`; where one piece is excused, the other one stands for both."""
        counted = [piece for piece in (self.code, self.report) if piece.said != EXCUSED]
        kept, most = sum(piece.kept for piece in counted), sum(piece.most for piece in counted)
        return _rounded(Fraction(kept * self.most, most)) if most else 0


@dataclass
class Merged:
    """The grades of a class, in the order of the roster, and what there is to say to staff."""

    grades: list[Grade]
    roster: Roster
    remarks: list[str] = field(default_factory=list)


def merge(inputs: Inputs, assignment: Assignment, criteria: Criteria) -> Merged:
    """Make the mark of every student of the roster.

    Raises:
        TableError: that names each row and column that cannot be used; nothing is merged then.
    """
    problems = Problems()
    known = roster.read(inputs.roster)
    code_most = round(sum(part.points for part in assignment.parts.values()) * HUNDREDTHS)
    report_most = round(assignment.report.points * HUNDREDTHS) if inputs.report else 0
    code, report = Marks(), Marks()
    times: dict[str, dict[str, datetime]] | None = None
    extensions: dict[str, Extension] = {}
    if inputs.dropped:
        with problems.collected():
            marks.drop(inputs.dropped, known)
    with problems.collected():
        code = results.read(inputs.code, known, code_most, assignment.clock)
    if inputs.report:
        with problems.collected():
            report = marks.read_report(inputs.report, known, criteria)
    if inputs.times:
        with problems.collected():
            times = marks.read_times(inputs.times, known, assignment.clock)
    if inputs.extensions:
        with problems.collected():
            extensions = _extensions(inputs.extensions, known, assignment)
    problems.finish()
    scale = Fraction(report_most) / Fraction(str(criteria.points))
    sums = {id: Fraction(_rounded(value * scale)) for id, value in report.points.items()}
    late = Lateness(assignment, times, code.times, extensions)
    grades = []
    for id, student in known.students.items():
        with problems.collected():
            pieces = (
                late.piece(student, "code", code.points.get(id), code_most, excused=id in code.excused),
                late.piece(student, "report", sums.get(id), report_most, excused=id in report.excused),
            )
            nothing = all(piece.said == NOT_HANDED_IN or not piece.most for piece in pieces)
            blank = nothing and assignment.not_handed_in == "blank"
            grades.append(Grade(student, *pieces, code_most + report_most, blank))
    problems.finish()
    if not inputs.report and assignment.report.points:
        code.remarks.append("only the code is counted: there is no table of marks for the report")
    return Merged(grades, known, list(_remarks(grades, known, code.remarks)))


def _extensions(path: Path, known: Roster, assignment: Assignment) -> dict[str, Extension]:
    problems, found = Problems(), dict[str, Extension]()
    who = {name: "student" for name, column in roster.NAMES.items() if column in roster.WHO}
    for name, extension in load_extensions(path, assignment.clock, who).items():
        with problems.collected():
            try:
                found[known.find(name).id] = extension
            except TableError as error:
                raise TableError(f"{path.name}: {error}") from None
    problems.finish()
    return found


def _remarks(grades: Sequence[Grade], known: Roster, others: Iterable[str]) -> Iterable[str]:
    """Say who has handed in nothing, who loses points by being late, and who is left out."""
    yield from known.said
    if excused := [grade.student.id for grade in grades if grade.excused]:
        yield f"excused, {_students(excused)}"
    if blank := [grade.student.id for grade in grades if grade.blank]:
        yield f"nothing was handed in, and the mark stays blank, {_students(blank)}"
    for work in ("code", "report"):
        pieces = [(grade.student.id, getattr(grade, work)) for grade in grades if not grade.excused and not grade.blank]
        missing = [id for id, piece in pieces if piece.earned is None and piece.most and piece.said != EXCUSED]
        late = [id for id, piece in pieces if piece.earned is not None and piece.kept < piece.earned]
        excused = [id for id, piece in pieces if piece.said == EXCUSED]
        if missing:
            yield f"no {work} of {_count(missing)}, which counts 0: {', '.join(missing)}"
        if late:
            yield f"late with the {work}, {_students(late)}"
        if excused:
            yield f"excused from the {work}, the rest counts for all, {_students(excused)}"
    yield from others


def _students(ids: Iterable[str]) -> str:
    ids = list(ids)
    return f"{_count(ids)}: {', '.join(ids)}"


def _count(ids: Sequence[str]) -> str:
    return f"{len(ids)} student{'s' * (len(ids) != 1)}"


def _rounded(cents: Fraction) -> int:
    """To the nearest hundredth; half of one is given to the student."""
    return int(cents + Fraction(1, 2))


@dataclass(frozen=True)
class Lateness:
    """The lateness rule, with the times of all students; without times, nothing is late.

    Attributes:
        times: what a table says of them; None where there is no table.
        known: what the export said of when the code was handed in.
    """

    assignment: Assignment
    times: Mapping[str, Mapping[str, datetime]] | None
    known: Mapping[str, datetime]
    extensions: Mapping[str, Extension]

    def piece(self, student: Student, work: str, earned: Fraction | None, most: int, *, excused: bool) -> Piece:
        """Apply the rule to one student's code or report.

        Raises:
            TableError: if there is a mark and no time, or an extension contradicts the other dates.
        """
        if (excused or student.excused) and most:
            return Piece(None, 0, most, EXCUSED)
        if earned is None:
            return Piece(None, 0, most, NOT_HANDED_IN if most else "")
        handed_in = self._when(student.id, work)
        if handed_in is None:
            return Piece(int(earned), int(earned), most)
        try:
            deadlines = self.assignment.deadlines.extended(self.extensions.get(student.id))
        except TableError as error:
            raise TableError(f"the extension of {student.id}: {error}") from None
        return Piece(int(earned), deadlines.kept(int(earned), handed_in), most, deadlines.sentence(handed_in))

    def _when(self, id: str, work: str) -> datetime | None:
        known = self.known.get(id) if work == "code" else None
        if self.times is None:
            return known
        handed_in = self.times.get(id, {}).get(work, known)
        if handed_in is None and any(work in mine for mine in self.times.values()):
            raise TableError(f"{id}: there is a mark for the {work} and no time at which it was handed in")
        return handed_in
