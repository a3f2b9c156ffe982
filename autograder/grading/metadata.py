"""`submission_metadata.json`, as Gradescope writes it beside a submission: who handed in, when, and until when.

https://gradescope-autograders.readthedocs.io/en/latest/submission_metadata/. Read leniently: what is missing, null or
of another form counts as not said, since a mark must never hang on a field that Gradescope has renamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import lateness, times
from autograder.course.lateness import Deadlines, Extension
from autograder.errors import TableError

MAX_BYTES = 64 * 2**20  # the results of all earlier submissions are in it
Dates = tuple[datetime | None, datetime | None]  # due, and until when it is accepted late


@dataclass(frozen=True)
class Metadata:
    """What is known of one submission.

    Attributes:
        created_at: when it was handed in; None where that is not said.
        dates: everyone's.
        own: those of each of its authors.
        earlier: points of the submissions before it, None for one that has none.
        trouble: why the file tells nothing, or empty.
    """

    created_at: datetime | None = None
    dates: Dates = (None, None)
    own: tuple[Dates, ...] = ()
    earlier: tuple[float | None, ...] = ()
    trouble: str = ""

    def deadlines(self, everyone: Deadlines) -> Deadlines:
        """Return the dates that hold for this submission: those of the author who has the most time.

        Gradescope's dates hold, as students see them there: its due date in the place of the one of `assignment.toml`.
        Its late due date is until when it accepts a submission; where nothing would count any more, it ends the grace
        period too. Dates of one author that differ from everyone's at Gradescope are an extension.
        """
        rule = self._shown(everyone)
        return max(self._each(rule), key=lambda rule: (rule.grace, rule.due), default=rule)

    def differences(self, everyone: Deadlines) -> list[str]:
        """Tell staff, and not students, where Gradescope's dates for everyone are not those of `assignment.toml`."""
        rule, found = self._shown(everyone), []
        pairs = {"due": (everyone.due, rule.due), "the end of grace": (everyone.grace, rule.grace)}
        for name, (ours, theirs) in pairs.items():
            if ours != theirs:
                there = lateness.shown(theirs.astimezone(ours.tzinfo))
                here = lateness.shown(ours)
                found.append(f"{name} is {there} at Gradescope, which holds; assignment.toml has {here}")
        return found

    def _shown(self, everyone: Deadlines) -> Deadlines:
        """The dates that Gradescope shows to everyone."""
        due, late = self.dates
        rule = everyone.extended(Extension(due)) if due and due != everyone.due else everyone
        if late and late > rule.grace and rule.late_per_day == 1:
            return replace(rule, grace=late)
        return rule

    def _each(self, everyone: Deadlines) -> Iterator[Deadlines]:
        for own in self.own:
            due, grace = (date if date != usual else None for date, usual in zip(own, self.dates, strict=True))
            try:
                yield everyone.extended(Extension(due, grace) if due or grace else None)
            except TableError:  # accepted late until before it is due
                yield everyone.extended(Extension(due)) if due and due > everyone.due else everyone

    def notes(self, rule: Deadlines, *, show_scores: bool) -> list[str]:
        """Say what the time of the submission means, and how many came before it."""
        if self.trouble:
            return [f"{self.trouble}: nothing is lost for lateness"]
        if self.created_at is None:
            notes = ["submission_metadata.json does not say when this was handed in: nothing is lost for lateness"]
        else:
            notes = [f"{rule.sentence(self.created_at)} (due {lateness.shown(rule.due)})"]
        if self.earlier:
            best = max((score for score in self.earlier if score is not None), default=None)
            with_best = f"; the best before it has {best:.2f} points" if show_scores and best is not None else ""
            notes.append(f"submission number {1 + len(self.earlier)}{with_best}")
        return notes


def read(path: Path) -> Metadata:
    """Read the file; never raises, as a submission is graded without it as well."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return Metadata(trouble=f"{path.name} is too large to be read")
        values = json.loads(path.read_bytes())
    except OSError:
        return Metadata(trouble=f"{path.name} is not there")
    except (ValueError, RecursionError):
        return Metadata(trouble=f"{path.name} is no JSON")
    if not isinstance(values, dict):
        return Metadata(trouble=f"{path.name} holds no object")
    return Metadata(
        created_at=_time(values.get("created_at")),
        dates=_dates(values.get("assignment")),
        own=tuple(_dates(user.get("assignment")) for user in _objects(values.get("users"))),
        earlier=tuple(_number(one.get("score")) for one in _objects(values.get("previous_submissions"))),
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _dates(value: Any) -> Dates:
    table = value if isinstance(value, dict) else {}
    return _time(table.get("due_date")), _time(table.get("late_due_date"))


def _time(value: Any) -> datetime | None:
    """Read a time with its zone, with microseconds or without."""
    try:
        return times.parse(value) if isinstance(value, str) else None
    except TableError:
        return None


def _number(value: Any) -> float | None:
    """Read a number, which Gradescope writes as text at times."""
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < 1e9 else None
