"""Code, report and lateness become one mark a student."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from autograder.classroom.gradebook import code_marks as results
from autograder.classroom.gradebook import late_days, marks, roster
from autograder.classroom.gradebook.late_days import Bank
from autograder.classroom.gradebook.marks import HUNDREDTHS, Marks
from autograder.classroom.gradebook.pieces import EXCUSED, NOT_HANDED_IN, Lateness, Piece, Work
from autograder.classroom.gradebook.roster import Roster, Student
from autograder.course.assignment import Assignment
from autograder.course.lateness import Extension, load_extensions
from autograder.course.report_rubric import Criteria
from autograder.course.tables import Problems
from autograder.errors import TableError


@dataclass(frozen=True)
class Inputs:
    """The files of a course.

    Attributes:
        code: what a batch wrote to, a folder of results, or a CSV file.
        report, times, extensions, dropped: None where there are none.
        late_days: the table of the bank, which need not be there yet; None where the assignment has no bank.
        column: by which the assignment goes in that table; its title if empty.
    """

    roster: Path
    code: Path
    report: Path | None = None
    times: Path | None = None
    extensions: Path | None = None
    dropped: Path | None = None
    late_days: Path | None = None
    column: str = ""


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
    bank: Bank | None = None


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
    bank = None
    with problems.collected():
        bank = _bank(inputs, assignment, known)
    problems.finish()
    scale = Fraction(report_most) / Fraction(str(criteria.points or 1))
    sums = {id: Fraction(_rounded(value * scale)) for id, value in report.points.items()}
    late = Lateness(assignment, times, code.times, extensions, bank)
    grades = []
    for id, student in known.students.items():
        with problems.collected():
            pieces = late.pieces(
                Work(student, "code", code.points.get(id), code_most, id in code.excused),
                Work(student, "report", sums.get(id), report_most, id in report.excused),
            )
            nothing = all(piece.said == NOT_HANDED_IN or not piece.most for piece in pieces)
            blank = nothing and assignment.not_handed_in == "blank"
            grades.append(Grade(student, *pieces, code_most + report_most, blank))
    problems.finish()
    if late_without := [id for id in code.late if not (times or {}).get(id, {}).get("code")]:
        said = f"late, as Canvas says; it does not say when, so that nothing is lost: {', '.join(late_without)}"
        code.remarks.append(said)
    if inputs.times and times is not None:
        timed = {*(("code",) if code.times else ()), *(work for mine in times.values() for work in mine)}
        for work, there in (("code", code), ("report", report)):
            if there.points and work not in timed:
                code.remarks.append(f"{inputs.times.name} has no time for a {work}: nobody is late with it")
    if not inputs.report and assignment.report.points:
        code.remarks.append("only the code is counted: there is no table of marks for the report")
    remarks = [*_remarks(grades, known, code.remarks), *(bank.remarks() if bank else ())]
    return Merged(grades, known, remarks, bank)


def _bank(inputs: Inputs, assignment: Assignment, known: Roster) -> Bank | None:
    """Read the bank of late days, if the assignment has one.

    Raises:
        TableError: if there is a table and no rule, or a rule and no table, or that names each cell that is wrong.
    """
    if not assignment.late_days and not inputs.late_days:
        return None
    if not assignment.late_days:
        raise TableError(f"--late-days {inputs.late_days}: assignment.toml has no [late_days], expected per_term there")
    if not inputs.late_days:
        raise TableError("assignment.toml has [late_days], expected --late-days FILE.csv, the table of what is left")
    return late_days.read(inputs.late_days, assignment.late_days, inputs.column or assignment.title, known)


def _extensions(path: Path, known: Roster, assignment: Assignment) -> dict[str, Extension]:
    problems, found, names = Problems(), dict[str, Extension](), dict[str, str]()
    who = {name: "student" for name, column in roster.NAMES.items() if column in roster.WHO}
    for name, extension in load_extensions(path, assignment.clock, who).items():
        with problems.collected():
            try:
                id = known.find(name).id
                if id in names:
                    raise TableError(f"{name!r} and {names[id]!r} are both {id}")
                names[id], found[id] = name, extension
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
