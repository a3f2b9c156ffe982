"""What is left of a student's code and report when lateness is counted, late days spent and excuses granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from autograder.classroom.gradebook.late_days import Bank
from autograder.classroom.gradebook.roster import Student
from autograder.course.assignment import Assignment
from autograder.course.lateness import Deadlines, Extension
from autograder.errors import TableError

NOT_HANDED_IN = "not handed in"
EXCUSED = "excused"


@dataclass(frozen=True)
class Work:
    """What a student has handed in, "code" or "report", and earned: hundredths, or None if there is nothing."""

    student: Student
    name: str
    earned: Fraction | None
    most: int
    excused: bool

    @property
    def without(self) -> str:
        """Why no time counts; empty where one does."""
        if (self.excused or self.student.excused) and self.most:
            return EXCUSED
        return NOT_HANDED_IN if self.earned is None else ""


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
class Lateness:
    """The lateness rule, with the times of all students; without times, nothing is late.

    Attributes:
        times: what a table says of them; None where there is no table.
        known: what the export said of when the code was handed in.
        bank: of late days, if there is one.
    """

    assignment: Assignment
    times: Mapping[str, Mapping[str, datetime]] | None
    known: Mapping[str, datetime]
    extensions: Mapping[str, Extension]
    bank: Bank | None = None

    def pieces(self, code: Work, report: Work) -> tuple[Piece, Piece]:
        """Apply the rule to a student's code and report; late days count for both.

        Raises:
            TableError: if there is a mark and no time, or an extension contradicts the other dates.
        """
        id, both = code.student.id, (code, report)
        times = {work.name: self._when(id, work.name) for work in both if not work.without}
        try:
            rule = self.assignment.deadlines.extended(self.extensions.get(id) if any(times.values()) else None)
        except TableError as error:
            raise TableError(f"the extension of {id}: {error}") from None
        if not self.bank:
            return _piece(code, times, rule), _piece(report, times, rule)
        bank, unit = self.bank, self.bank.unit
        late = max((rule.days(time, unit) for time in times.values() if time), default=0)
        spent = bank.spend(id, late, lambda units: sum(_piece(work, times, rule, units * unit).kept for work in both))
        made = (_piece(work, times, rule, spent * unit, bank.said(spent)) for work in both)
        return next(made), next(made)

    def _when(self, id: str, work: str) -> datetime | None:
        known = self.known.get(id) if work == "code" else None
        if self.times is None:
            return known
        handed_in = self.times.get(id, {}).get(work, known)
        if handed_in is None and any(work in mine for mine in self.times.values()):
            raise TableError(f"{id}: there is a mark for the {work} and no time at which it was handed in")
        return handed_in


def _piece(
    work: Work,
    times: Mapping[str, datetime | None],
    rule: Deadlines,
    later: timedelta = timedelta(0),
    spent: str = "",
) -> Piece:
    """Count what is left of a piece.

    Args:
        later: by which grace ends later.
        spent: the late days that this takes, for people.
    """
    if work.without or work.earned is None:
        return Piece(None, 0, work.most, work.without if work.most else "")
    earned, handed_in = int(work.earned), times[work.name]
    if handed_in is None:
        return Piece(earned, earned, work.most)
    mine = rule.later(later) if rule.days(handed_in) else rule
    said = mine.sentence(handed_in, spent if rule.days(handed_in) else "")
    return Piece(earned, mine.kept(earned, handed_in), work.most, said)
