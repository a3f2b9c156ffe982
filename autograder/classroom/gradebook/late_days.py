"""The bank of late days: a table that says how many each student has spent on which assignment, and has left.

    student,granted,Homework 1,Homework 2,of,left
    ada,,2,,5,3
    bob,1,0,1.5,5,4.5

It goes through the term: each assignment has a column, which is written anew whenever its marks are. So it makes no
difference how often, or in which order, marks are entered again. Staff writes into `granted` what a student is given
beside, or with a minus what is taken, and empties `left`. `of` is what all have, and `left` follows from the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from autograder.classroom.gradebook.roster import Roster
from autograder.course import tables
from autograder.course.assignment import LateDays
from autograder.course.tables import Problems, Row, fold
from autograder.errors import TableError
from autograder.reports import sheets

UNITS = {"day": 1, "half day": 2, "hour": 24}  # in a day
NUMBER = re.compile(r"-?\d{1,4}([.,]\d{1,9})?")
OURS = ("student", "granted", "of", "left")
NEAR = Fraction(1, 100)  # of a unit: an hour is 0.0417 days in the table


@dataclass
class Bank:
    """What all have spent so far, by the student's id as the table has it; counted in units of the rule.

    Attributes:
        column: of this assignment.
        others: the columns of others, in order, with what was spent on each.
        granted: beside what all have.
        names: ids as the table writes them, by those of the roster.
        now: what is spent on this one.
    """

    rule: LateDays
    column: str
    others: dict[str, dict[str, int]] = field(default_factory=dict)
    granted: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    now: dict[str, int] = field(default_factory=dict)

    @property
    def unit(self) -> timedelta:
        """The span that is counted."""
        return timedelta(days=1) / UNITS[self.rule.unit]

    def spend(self, student: str, late: int, kept: Callable[[int], int]) -> int:
        """Spend as few as save the most points, and remember how many.

        Args:
            late: units begun after grace.
            kept: points that are left when so many are spent.
        """
        id = self.names.setdefault(student, student)
        most = max(0, min(late, self._units(self.rule.per_assignment), self._left(id)))
        self.now[id] = max(range(most + 1), key=lambda units: (kept(units), -units))
        return self.now[id]

    def said(self, units: int) -> str:
        """Write a number of units for people: "2 late days", "1.5 late days", "5 hours of late days"."""
        if self.rule.unit == "hour" and units:
            return f"{units} hour{'s' * (units != 1)} of late days"
        days = self._shown(units)
        return f"{days} late day{'s' * (days != '1')}" if units else ""

    def remarks(self) -> list[str]:
        """Say who has spent some."""
        spent = [f"{id} {self._shown(units)}" for id, units in self.now.items() if units]
        return [f"late days spent on {self.column}: {', '.join(spent)}"] if spent else []

    def write(self, path: Path) -> None:
        """Replace the table in one step."""
        rows = [["student", "granted", *self.others, self.column, "of", "left"]]
        of = self._units(self.rule.per_term)
        for id in dict.fromkeys([*self.granted, *self.now]):
            given = self.granted.get(id, 0)
            spent = [self._shown(column[id]) if id in column else "" for column in self.others.values()]
            now = self._shown(self.now[id]) if id in self.now else ""
            left = self._shown(self._left(id) - self.now.get(id, 0))
            rows.append([id, self._shown(given) if given else "", *spent, now, self._shown(of), left])
        sheets.write(path, rows)

    def _left(self, id: str) -> int:
        """What is there for this assignment."""
        spent = sum(column.get(id, 0) for column in self.others.values())
        return self._units(self.rule.per_term) + self.granted.get(id, 0) - spent

    def _units(self, days: float) -> int:
        return int(Fraction(str(days)) * UNITS[self.rule.unit])

    def _shown(self, units: int) -> str:
        return f"{units / UNITS[self.rule.unit]:.4f}".rstrip("0").rstrip(".")


def read(path: Path, rule: LateDays, column: str, known: Roster) -> Bank:
    """Read the table; where there is none yet, nobody has spent any.

    Args:
        column: of this assignment; what stands there is counted anew.

    Raises:
        TableError: that names each cell that cannot be used.
    """
    bank = Bank(rule, column)
    if not path.exists():
        return bank
    table = tables.read(path, OURS, names={fold(column): column})  # every other column is an assignment's
    problems = Problems()
    bank.others = {name: {} for name in table.columns if name and name not in (*OURS, column)}
    for id, row in tables.once(table.rows, "student").items():
        with problems.collected():
            meant = _meant(row, known)
            if meant in bank.names:
                raise TableError(f"{row.at('student')}: {id!r} is {bank.names[meant]!r}, who has a row already")
            bank.names[meant] = id
            bank.granted[id] = _cell(row, "granted", rule)
            spent = {name: _cell(row, name, rule) for name in (*bank.others, column) if row[name]}
            _expect_sum(row, bank.granted[id], spent, rule)
            for name in bank.others.keys() & spent.keys():
                bank.others[name][id] = spent[name]
            if column in spent and meant not in known.students:
                bank.now[id] = spent[column]  # who has left the course keeps their row
    problems.finish()
    return bank


def _meant(row: Row, known: Roster) -> str:
    """The id in the roster, or what is written where that is nobody's there."""
    if not known.knows(row["student"]):
        return row["student"]
    try:
        return known.find(row["student"]).id
    except TableError as error:
        raise TableError(f"{row.at('student')}: {error}") from None


def _cell(row: Row, column: str, rule: LateDays) -> int:
    """Read a number of days, as units."""
    text = row[column]
    if not text:
        return 0
    if not NUMBER.fullmatch(text):
        raise TableError(f"{row.at(column)}: {text!r} is no number of days")
    exact = Fraction(text.replace(",", ".")) * UNITS[rule.unit]
    if abs(exact - round(exact)) > NEAR:
        raise TableError(f"{row.at(column)}: {text} days, expected whole {rule.unit}s")
    if exact < 0 and column != "granted":
        raise TableError(f"{row.at(column)}: {text} days, expected 0 or more")
    return round(exact)


def _expect_sum(row: Row, granted: int, spent: Mapping[str, int], rule: LateDays) -> None:
    """Refuse a row whose numbers contradict each other: somebody has changed one, and means another.

    Raises:
        TableError: that says which one.
    """
    if not row["of"] or not row["left"]:
        return
    of, left = (_cell(row, name, rule) for name in ("of", "left"))
    expected = of + granted - sum(spent.values())
    if left != expected:
        said = f"{row.at('left')}: {row['left']}, expected {expected / UNITS[rule.unit]:.4g} by the other columns"
        raise TableError(f"{said}: days that are given or taken stand in granted, beside a left that is emptied")
