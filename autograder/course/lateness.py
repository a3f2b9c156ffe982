"""What a late submission loses: nothing until the end of the grace period, then a share for each day begun.

A day is 24 hours, whatever the clocks do; times carry their zone and are compared as points in time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from pathlib import Path

from autograder.course import tables, times
from autograder.errors import TableError

DAY = timedelta(days=1)
NOTHING_LOST = "no points are lost"


@dataclass(frozen=True)
class Extension:
    """The dates of one student. With `due` alone, the grace period is as long as everyone's."""

    due: datetime | None = None
    grace: datetime | None = None


@dataclass(frozen=True)
class Deadlines:
    """When a submission is due, and what it loses after that.

    Attributes:
        due: after this it is late.
        grace: until then that costs nothing.
        late_per_day: the share of the points that is lost with each day begun after grace; 1: nothing counts.
    """

    due: datetime
    grace: datetime
    late_per_day: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        """Refuse what has no order.

        Raises:
            TableError: if a time has no zone, grace ends before due, or the rate is no share.
        """
        for name, time in (("due", self.due), ("grace", self.grace)):
            if time.utcoffset() is None:
                raise TableError(f"{name} is {time}, which has no zone")
        if _between(self.due, self.grace) < timedelta(0):
            raise TableError(f"grace ends at {shown(self.grace)}, which is before {shown(self.due)}, when it is due")
        if not 0 <= self.late_per_day <= 1:
            raise TableError(f"late_per_day is {float(self.late_per_day):g}, expected a share from 0 to 1")

    def extended(self, own: Extension | None) -> Deadlines:
        """Put the dates of one student in the place of everyone's.

        A later `due` moves the end of the grace period too; `grace` alone never makes anything due later.

        Raises:
            TableError: as the constructor does.
        """
        if own is None:
            return self
        due = own.due or self.due
        return replace(self, due=due, grace=own.grace or due + _between(self.due, self.grace))

    def later(self, span: timedelta) -> Deadlines:
        """Let the grace period end later, by late days that are spent."""
        return replace(self, grace=self.grace + span)

    def days(self, handed_in: datetime, unit: timedelta = DAY) -> int:
        """Count the days, or other spans, begun after grace; 0 until then.

        >>> rule = Deadlines(datetime(2027, 2, 19, tzinfo=UTC), datetime(2027, 2, 21, tzinfo=UTC))
        >>> rule.days(datetime(2027, 2, 21, tzinfo=UTC)), rule.days(datetime(2027, 2, 21, 0, 1, tzinfo=UTC))
        (0, 1)
        """
        return max(0, -(_between(handed_in, self.grace) // unit))

    def share(self, handed_in: datetime) -> Fraction:
        """Return the share of the points that is kept, from 0 to 1."""
        return max(Fraction(0), 1 - self.days(handed_in) * self.late_per_day)

    def kept(self, cents: int, handed_in: datetime) -> int:
        """Return what is left of points, both in hundredths; half of one is given to the student."""
        return int(cents * self.share(handed_in) + Fraction(1, 2))

    def sentence(self, handed_in: datetime, spent: str = "") -> str:
        """Tell the student what the time of the submission means.

        Args:
            spent: late days, "2 late days", by which grace ends later; empty if none.
        """
        late = _between(self.due, handed_in)
        if late <= timedelta(0):
            return "handed in on time"
        when = f"handed in {duration(late)} after it was due"
        if not self.days(handed_in):
            return f"{when}, {f'{spent} spent' if spent else 'within the grace period'}: {NOTHING_LOST}"
        lost = 1 - self.share(handed_in)
        what = "nothing counts" if lost == 1 else f"{float(100 * lost):.4g} % of the points are lost"
        after = f"{spent} spent, {{}} after these" if spent else "{} after the grace period"
        return f"{when}, {after.format(duration(_between(self.grace, handed_in)))}: {what if lost else NOTHING_LOST}"


def _between(first: datetime, second: datetime) -> timedelta:
    """The time that passes; Python counts by the hands of the clock where both have one zone."""
    return second.astimezone(UTC) - first.astimezone(UTC)


def duration(time: timedelta) -> str:
    """Write a span of time in its largest unit, begun ones counted: "2 days", "5 hours", "1 minute"."""
    for unit, size in (("day", DAY), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if time > size or unit == "minute":
            count = -(-time // size)
            return f"{count} {unit}{'s' * (count != 1)}"
    raise AssertionError("the loop ends with minutes")


def shown(time: datetime) -> str:
    """Write a time for people, with its zone."""
    return time.isoformat(" ", "minutes")


def load_extensions(
    path: Path, zone: tzinfo | None = None, names: Mapping[str, str] | None = None
) -> dict[str, Extension]:
    """Read the dates of single students, from CSV with the columns student, due, grace, or from TOML.

        ["ann@example.edu"]
        due = 2027-02-26T23:59:00-05:00

    Args:
        zone: of times that name none.
        names: other names of columns, folded.

    Raises:
        TableError: that names every cell that cannot be used.
    """
    rows = _from_toml(path) if path.suffix == ".toml" else _from_csv(path, names)
    problems, found = tables.Problems(), dict[str, Extension]()
    for student, where, values in rows:
        dates: dict[str, datetime] = {}
        for name, value in values.items():
            with problems.collected():
                dates[name] = _time(value, f"{where}{name}", zone)
        if not values:
            problems.sentences.append(f"{where}due: neither due nor grace is given")
        found[student] = Extension(**dates)
    problems.finish()
    return found


def _time(value: object, where: str, zone: tzinfo | None) -> datetime:
    try:
        return times.parse(value.isoformat() if isinstance(value, datetime) else str(value), zone)
    except TableError as error:
        raise TableError(f"{where}: {error}") from None


def _from_csv(path: Path, other: Mapping[str, str] | None) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Yield each student, where their row is, and what it gives."""
    names = ("student", "due", "grace")
    for student, row in tables.once(tables.read(path, ("student",), names, other).rows, "student").items():
        yield student, row.at(""), {name: row[name] for name in names[1:] if row[name]}


def _from_toml(path: Path) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TableError(f"{path.name}: {reason}") from None
    for student, dates in values.items():
        if not isinstance(dates, dict):
            raise TableError(f'{path.name}: {student} is no table, expected ["{student}"] with due or grace below it')
        if unknown := dates.keys() - {"due", "grace"}:
            raise TableError(f"{path.name}, {student}: {min(unknown)} is no setting, expected due or grace")
        yield student, f"{path.name}, {student}, ", dates
